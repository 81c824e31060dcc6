"""What this app announces to the apps above, inside the transaction that records it, each with ``upload``; and what it asks.

data_wanted   user: a question; receivers return ``list[Chapter]``, what their app keeps about somebody (no write)
"""

from django.dispatch import Signal

# The owner says that the file is in storage, and something is: its check begins.
upload_completed = Signal()
# The checked bytes are kept.
upload_ready = Signal()
# Nothing is kept; ``upload.refusal`` says why.
upload_refused = Signal()
# An export of somebody's data is made.
data_wanted = Signal()
