"""Everything that changes a conversation."""

from chat.services.changes import delete_message, edit_message
from chat.services.files import issue_file, release_unsent_files
from chat.services.messages import mark_read, post_message
from chat.services.reports import close_report, report_thread
from chat.services.threads import block_thread, leave_threads, open_thread, unblock_thread

__all__ = [
    "block_thread",
    "close_report",
    "delete_message",
    "edit_message",
    "issue_file",
    "leave_threads",
    "mark_read",
    "open_thread",
    "post_message",
    "release_unsent_files",
    "report_thread",
    "unblock_thread",
]
