"""Operations on stored files."""

from uploads.services.checking import check_upload, requeue_lost_checks
from uploads.services.exports import (
    give_up_exports,
    make_export,
    may_ask_at,
    open_export,
    purge_exports,
    request_export,
)
from uploads.services.grants import grant_view, revoke_all, revoke_view
from uploads.services.purging import purge_uploads, release_upload
from uploads.services.reading import open_upload, page_link, photo_bytes, preview_link
from uploads.services.sending import Ticket, complete_upload, issue_upload, sign_again

__all__ = [
    "Ticket",
    "check_upload",
    "complete_upload",
    "give_up_exports",
    "grant_view",
    "issue_upload",
    "make_export",
    "may_ask_at",
    "open_export",
    "open_upload",
    "page_link",
    "photo_bytes",
    "preview_link",
    "purge_exports",
    "purge_uploads",
    "release_upload",
    "request_export",
    "requeue_lost_checks",
    "revoke_all",
    "revoke_view",
    "sign_again",
]
