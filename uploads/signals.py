"""What this app announces to the apps above, inside the transaction that records it. Each carries ``upload``."""

from django.dispatch import Signal

# The owner says that the file is in storage, and something is: its check begins.
upload_completed = Signal()
# The checked bytes are kept.
upload_ready = Signal()
# Nothing is kept; ``upload.refusal`` says why.
upload_refused = Signal()
