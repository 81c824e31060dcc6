"""What accounts announces to the apps above it, and asks them. All but the first go out inside the transaction that made it true.

sign_in_finished   request, user: someone signed in or has just filled in the welcome page, in a POST, and the account is
                   ready to be used (role and name are set). A receiver may return the address to go on to (a string):
                   the first one wins over the page that was asked for. Bookings holds the slot that waits in
                   ``request.session["picked_slot"]`` here, ``{"mentor": handle, "name": first name, "minutes": 45,
                   "starts_at": iso}``.
                   Not sent for JSON sign-ins, which go nowhere.
role_chosen        user: the account has become a student or a mentor, for good
account_locked     user, by, keep_sessions: support has locked the account; it can't sign in, its holds must be let go, and its
                   coming sessions cancelled unless they are kept
account_unlocked   user, by
hindrances_wanted  user, at: a question; receivers return ``list[Hindrance]``, what has to end before the account can be closed
                   (no write)
account_closing    user, at: its owner closes it. Receivers forget what is theirs alone; the account's row is locked, it still
                   has its name and address, and nothing stands in the way any more
"""

from django.dispatch import Signal

sign_in_finished = Signal()
role_chosen = Signal()
account_locked = Signal()
account_unlocked = Signal()
hindrances_wanted = Signal()
account_closing = Signal()
