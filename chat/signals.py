"""What chat announces, inside the transaction that made it true.

message_posted   message
thread_read      thread, reader
"""

from django.dispatch import Signal

message_posted = Signal()
thread_read = Signal()
