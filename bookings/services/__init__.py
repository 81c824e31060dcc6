"""Everything that changes a booking."""

from bookings.services.attendance import beat
from bookings.services.cancellations import cancel_booking, check_cancellable
from bookings.services.claims import expire_hold, lock_booking, lock_people
from bookings.services.confirmations import confirm_booking
from bookings.services.departures import forget_person, let_person_go
from bookings.services.feeds import close_feed, renew_feed
from bookings.services.holds import (
    check_upcoming,
    extend_for_bank_step,
    extend_hold,
    hold_slot,
    let_hold_go,
    lock_with_people,
    save_note,
)
from bookings.services.lapses import free_lapsed
from bookings.services.moves import (
    accept_proposal,
    check_may_move,
    check_may_propose,
    close_lapsed_proposals,
    decline_proposal,
    move_booking,
    propose_move,
)
from bookings.services.notes import save_notes
from bookings.services.outcomes import report_problem, say_outcome
from bookings.services.outside_hours import keep_outside_hours
from bookings.services.problems import answer_report, check_decision, decide_report
from bookings.services.reviews import answer_review, write_review
from bookings.services.rooms import set_meeting_link
from bookings.services.search_index import recount_reviews, refresh_mentors, refresh_search_index
from bookings.services.session_files import issue_session_file, share_session_file
from bookings.services.strikes import appeal_strike, count_cancellation, decide_appeal

__all__ = [
    "accept_proposal",
    "answer_report",
    "answer_review",
    "appeal_strike",
    "beat",
    "cancel_booking",
    "check_cancellable",
    "check_decision",
    "check_may_move",
    "check_may_propose",
    "check_upcoming",
    "close_feed",
    "close_lapsed_proposals",
    "confirm_booking",
    "count_cancellation",
    "decide_appeal",
    "decide_report",
    "decline_proposal",
    "expire_hold",
    "extend_for_bank_step",
    "extend_hold",
    "forget_person",
    "free_lapsed",
    "hold_slot",
    "issue_session_file",
    "keep_outside_hours",
    "let_hold_go",
    "let_person_go",
    "lock_booking",
    "lock_people",
    "lock_with_people",
    "move_booking",
    "propose_move",
    "recount_reviews",
    "refresh_mentors",
    "refresh_search_index",
    "renew_feed",
    "report_problem",
    "save_note",
    "save_notes",
    "say_outcome",
    "set_meeting_link",
    "share_session_file",
    "write_review",
]
