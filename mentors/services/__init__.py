"""Everything that changes a mentor, one operation each."""

from mentors.services.applications import SENDABLE as SENDABLE
from mentors.services.applications import start_application as start_application
from mentors.services.applications import submit_application as submit_application
from mentors.services.availability import add_exceptions as add_exceptions
from mentors.services.availability import remove_exceptions as remove_exceptions
from mentors.services.availability import save_availability as save_availability
from mentors.services.profiles import set_photo as set_photo
from mentors.services.profiles import show_checked_photo as show_checked_photo
from mentors.services.profiles import update_profile as update_profile
