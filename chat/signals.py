"""What chat announces, inside the transaction that made it true.

message_posted   message
message_changed  message        edited or deleted
thread_read      thread, reader
"""

from django.dispatch import Signal

message_posted = Signal()
message_changed = Signal()
thread_read = Signal()
