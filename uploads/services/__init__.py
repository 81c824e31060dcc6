"""Operations on stored files."""

from uploads.services.checking import check_upload, requeue_lost_checks
from uploads.services.grants import grant_view, revoke_view
from uploads.services.purging import purge_uploads, release_upload
from uploads.services.reading import open_upload, page_link, photo_bytes, preview_link
from uploads.services.sending import Ticket, complete_upload, issue_upload, sign_again

__all__ = [
    "Ticket",
    "check_upload",
    "complete_upload",
    "grant_view",
    "issue_upload",
    "open_upload",
    "page_link",
    "photo_bytes",
    "preview_link",
    "purge_uploads",
    "release_upload",
    "requeue_lost_checks",
    "revoke_view",
    "sign_again",
]
