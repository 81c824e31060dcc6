"""What mentors announces to the apps above it, always inside the transaction that made it true, and what it asks them.

hours_changed      mentor: hours, dates, lengths, booking rules or the pause changed; windows must be expanded anew
profile_changed    mentor: texts, price, subjects or the mark on one changed; what search knows of them is behind
busy_times_changed mentor: what they import from calendars elsewhere tells of other times than before
status_changed     mentor, before: approved, suspended, …; whether the mentor is listed may have changed
mentor_suspended   mentor, by, keep_sessions: their holds must be let go, and coming sessions cancelled unless kept
sessions_wanted    mentor, starts_at, ends_at: a question; receivers return ``list[queries.Session]`` (no write)
payouts_wanted     mentor: a question; a receiver returns ``queries.Payouts`` (no write)
todos_wanted       mentor, at: a question; receivers return ``list[overview.Todo]`` (no write)
earnings_wanted    mentor, at: a question; a receiver returns ``overview.Glimpse`` or None (no write)
"""

from django.dispatch import Signal

hours_changed = Signal()
profile_changed = Signal()
busy_times_changed = Signal()
status_changed = Signal()
mentor_suspended = Signal()
sessions_wanted = Signal()
payouts_wanted = Signal()
todos_wanted = Signal()
earnings_wanted = Signal()
