"""The product's numbers, by name. ``settings.py`` takes them all in, so read them as ``settings.NAME``.

Those that a deployment may change come from the environment (``env.py``) and are named there. Each is printed on the
public page "How it works". Money is in minor units, shares in basis points.
"""

from datetime import timedelta

SESSION_MINUTES = (15, 45, 90)
GRID_MINUTES = 15

HOURLY_RATE_MIN_MINOR = 1_200
HOURLY_RATE_MAX_MINOR = 100_000

HOLD_EXTENSION_SECONDS = 600
HOLD_EXTENSIONS_MAX = 1
BANK_STEP_EXTENSION_SECONDS = 300
BANK_STEP_EXTENSIONS_MAX = 1
HOLDS_PER_STUDENT = 3
HOLDS_PER_MENTOR = 1  # of one student
HOLD_LAPSE_SECONDS = 1  # until a lapsed hold's time can be booked again
ALTERNATIVES = 3

BREAK_CHOICES = (0, 5, 10, 15, 30)
NOTICE_HOURS_MIN, NOTICE_HOURS_DEFAULT, NOTICE_HOURS_MAX = 1, 4, 72
HORIZON_DAYS_DEFAULT, HORIZON_DAYS_MAX = 60, 80
LATE_PAYMENT_NOTICE_SECONDS = 900
LATE_PAYMENT_REFUND_SECONDS = 60

MINIMUM_AGE = 18
FRESH_SIGN_IN_SECONDS = 600

UPLOAD_MAX_BYTES = 10 * 1024 * 1024
UPLOAD_TYPES = ("application/pdf", "image/jpeg", "image/png")
UPLOAD_COMPLETE_HOURS = 24
UPLOAD_IMAGE_PIXELS_MAX = 50_000_000
UPLOAD_PREVIEW_PAGES_MAX = 20
UNDECIDED_RETENTION_DAYS = 90

# A copy of one's data: how long it can be fetched, and how often it may be asked for.
EXPORT_DAYS = 7
EXPORT_EVERY_HOURS = 24

REVIEW_TAKEN_SECONDS = 600
REVIEW_UNDO_SECONDS = 10

WEBHOOK_MAX_BYTES = 256 * 1024
WEBHOOK_TOLERANCE_SECONDS = 300
RETURN_PAGE_READ_SECONDS = 10
RECONCILE_AFTER_SECONDS = 120
RECONCILE_PASSES_MAX = 3  # until everything has settled with every webhook lost
EXPIRY_SECONDS = 30

MESSAGE_MAX_CHARACTERS = 4_000
THREADS_PER_PAIR = 1  # of one student and one mentor
MESSAGE_EDIT_MINUTES = 5
MESSAGE_UPLOADS_MAX = 5
MESSAGE_FILE_UNSENT_DAYS = 7

RATING_SHOWN_FROM = 3
JOIN_MINUTES_BEFORE = 10

# Cancellation tiers: (hours before the start, per cent back), the most generous first.
CANCELLATION_TIERS = {
    "flexible": ((12, 100), (2, 50), (0, 0)),
    "standard": ((24, 100), (2, 50), (0, 0)),
    "strict": ((24, 100), (0, 0)),
}
CANCEL_GRACE_MIN_HOURS = 2

# Moving a session
MOVES_MAX = 2  # by the student
MOVE_WITHIN_DAYS = 80  # of the payment
MOVE_PROPOSAL_HOURS = 24  # a mentor's proposal stands
MOVE_PROPOSAL_MIN_HOURS = 2  # and ends before the old start

# The join page tells every BEAT_SECONDS that somebody is there. Beats at most BEAT_GAP_SECONDS apart are one stretch: a page
# in the background is let run only once a minute.
JOIN_MINUTES_AFTER = 15  # the end
BEAT_SECONDS = 30
BEAT_GAP_SECONDS = 90
SESSION_NOTES_MAX_CHARACTERS = 4_000

CLOCK_NOTICE_DAYS = 7  # before clocks change, those whom it moves are told

# After the session
ATTENDANCE_MIN_MINUTES = 15
ATTENDANCE_PARTS = 3  # or one part of that many of the length, whichever is less
TRANSFER_AFTER_HOURS = 48
REPORT_DAYS = 14
REPORT_ANSWER_HOURS = 72
OUTCOME_ASK_HOURS = 48
OUTCOME_SUPPORT_DAYS = 7
REVIEW_DAYS = 14  # from its completion
REVIEW_EDIT_HOURS = 48

# Mail that comes by the clock
REMINDER_HOURS = (24, 1)  # before the start
DIGEST_AFTER_MINUTES = 10  # a message has not been read
DOCUMENT_EXPIRES_DAYS = (30, 7)  # before a certificate expires
QUEUE_LATE_HOURS = 24  # reviewers are told
NOTIFICATION_DAYS = 365  # kept in the feed

# Strikes of mentors. ``STRIKE_HIDDEN_DAYS``: from how many on, and for how long nobody finds them.
STRIKE_DAYS = 90
STRIKES_LATE_CANCELLATION = 1
STRIKES_ABSENCE = 3
STRIKE_LATE_HOURS = 24
STRIKES_WARNING = 3
STRIKE_HIDDEN_DAYS = {5: 7, 8: 30}
STRIKE_APPEAL_HOURS = 48

# Workers: a claim older than this was left by one that died; the call it made is repeated under the same key.
REFUND_CLAIM_TIMEOUT = timedelta(minutes=2)
UPLOAD_CHECK_TIMEOUT = timedelta(minutes=5)

# Calendars: those that a mentor imports, and everyone's own feed.
CALENDARS_MAX = 5
CALENDAR_READ_SECONDS = 900  # from one reading to the next
CALENDAR_FRESH_SECONDS = 60  # asked longer ago, it is asked again before a time is held
CALENDAR_HOLD_SECONDS = 2  # and has that long for an answer
CALENDAR_PARSE_HOURS = 24  # until a calendar that has not changed is read whole all the same
FEED_PAST_DAYS = 30
