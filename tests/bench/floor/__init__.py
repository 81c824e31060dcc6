"""The floor: the same four requests as a plain Django app would answer them, on the same tables, server and logs."""
