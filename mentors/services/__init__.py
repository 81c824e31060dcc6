"""Everything that changes a mentor, one operation each."""

from mentors.services.applications import SENDABLE as SENDABLE
from mentors.services.applications import start_application as start_application
from mentors.services.applications import submit_application as submit_application
from mentors.services.availability import add_exceptions as add_exceptions
from mentors.services.availability import remove_exceptions as remove_exceptions
from mentors.services.availability import save_availability as save_availability
from mentors.services.documents import issue_document as issue_document
from mentors.services.documents import purge as purge
from mentors.services.documents import withdraw_document as withdraw_document
from mentors.services.profiles import set_photo as set_photo
from mentors.services.profiles import show_checked_photo as show_checked_photo
from mentors.services.profiles import update_profile as update_profile
from mentors.services.review import approve_document as approve_document
from mentors.services.review import approve_mentor as approve_mentor
from mentors.services.review import refuse_document as refuse_document
from mentors.services.review import reject_mentor as reject_mentor
from mentors.services.review import request_changes as request_changes
from mentors.services.review import take_document as take_document
from mentors.services.review import undo_decision as undo_decision
