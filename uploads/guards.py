"""Who may ask for files at all; which ones is a matter of ownership and grants."""

from marketplace.common.guards import Who

# Everyone who is signed in. Naming the roles makes the guard ask staff for their second factor.
FILE_READERS = Who(roles=frozenset({"", "student", "mentor", "admin"}))
