"""What bookings announces to the apps above it, always inside the transaction that made it true.

hold_freed          booking, reason ("expired" or "let_go"): its payment must not be taken any more
booking_confirmed   booking
"""

from django.dispatch import Signal

hold_freed = Signal()
booking_confirmed = Signal()
