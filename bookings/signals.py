"""What bookings announces to the apps above it, always inside the transaction that made it true, and what it asks them.

The booking is locked, its people before it, and carries the state it has from now on.

holds_freed         bookings, reason ("expired" or "let_go"): their payments must not be taken any more. Where many lapse at
                    once their people are not locked, only the bookings
booking_confirmed   booking
booking_cancelled   booking: ``refund_percent`` of the price goes back
booking_moved       booking, old_starts_at
problem_reported    booking: its money waits until ``booking_settled``
booking_settled     booking: completed, somebody absent, or refunded; ``refund_percent`` goes back, the rest is the mentor's
given_back_wanted   booking: a question; receivers return how much of its price went back already, in minor units (no write)
confirming_wanted   booking: a question; receivers return why its payment counts as on its way though nothing is settled: "told" by
                    the provider, "waited" for by its student, else "" (no write)
"""

from django.dispatch import Signal

holds_freed = Signal()
booking_confirmed = Signal()
booking_cancelled = Signal()
booking_moved = Signal()
problem_reported = Signal()
booking_settled = Signal()
given_back_wanted = Signal()
confirming_wanted = Signal()
