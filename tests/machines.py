"""The machines of docs/product.md, "Booking and money", as tables; and a look at every step that rows take under a test.

The database itself notes the steps, so that none is missed whoever takes it and however.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection

BEGIN = ""  # where a row comes from that was not there before

BOOKING = {
    BEGIN: {"held"},
    "held": {"confirmed", "expired", "abandoned"},
    "expired": {"confirmed"},  # money that came late
    "confirmed": {"ended", "cancelled"},
    "ended": {"completed", "problem", "no_show_student", "no_show_mentor"},
    "completed": {"problem"},
    "no_show_student": {"problem"},
    "no_show_mentor": {"problem"},
    "no_show_both": {"problem"},
    "problem": {"completed", "refunded", "no_show_both"},
}
PAYMENT = {
    BEGIN: {"creating"},
    "creating": {"pending", "failed"},
    "pending": {"processing", "succeeded", "cancelled", "rejected"},
    "processing": {"pending", "succeeded", "cancelled", "rejected"},  # back where the bank declines after all
    "succeeded": {"part_refunded", "refunded"},
    "part_refunded": {"refunded", "succeeded"},  # back where the bank returns what was sent
    "refunded": {"part_refunded", "succeeded"},
}
REFUND = {
    BEGIN: {"requested"},
    # Straight to its end where the provider was faster than our own call, or somebody sent it by hand.
    "requested": {"sending", "sent", "succeeded", "failed"},
    "sending": {"requested", "sent", "succeeded", "failed"},
    "sent": {"succeeded", "failed"},
    "succeeded": {"failed"},  # the bank returns it
    "failed": {"requested", "succeeded"},  # finance sends it again; or a lost dispute has paid it
}
DISPUTE = {
    BEGIN: {"inquiry", "open", "won", "lost"},
    "inquiry": {"open", "won", "lost"},
    "open": {"won", "lost"},
    "won": {"lost"},  # where the bank takes it up again
}
EARNING = {
    BEGIN: {"pending"},
    # Released and asked for in one transaction, so ``releasable`` is seen only of what had been held up.
    "pending": {"releasable", "transferring", "blocked", "frozen", "void"},
    "releasable": {"transferring", "blocked", "frozen", "void"},
    "blocked": {"transferring", "frozen", "void"},
    "transferring": {"transferred", "blocked", "frozen"},
    "frozen": {"pending", "releasable", "void"},
    "transferred": {"reversed"},
}
SENT = {BEGIN: {"requested"}, "requested": {"sending"}, "sending": {"requested", "sent", "failed"}}
TRANSFER = SENT | {
    "requested": {"sending", "sent"},  # at once where nothing is due any more
    "failed": {"requested"},  # a refusal says that nothing was sent
}

MACHINES = {
    "bookings_booking": BOOKING,
    "payments_payment": PAYMENT,
    "payments_refund": REFUND,
    "payments_dispute": DISPUTE,
    "payments_earning": EARNING,
    "payments_transfer": TRANSFER,
    "payments_reversal": SENT,
}

NOTE = """
    CREATE TABLE steps_taken (machine text, left_state text, went_to text);
    CREATE FUNCTION note_step() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP = 'INSERT' THEN
            INSERT INTO steps_taken VALUES (TG_TABLE_NAME, '', NEW.status);
        ELSIF OLD.status <> NEW.status THEN
            INSERT INTO steps_taken VALUES (TG_TABLE_NAME, OLD.status, NEW.status);
        END IF;
        RETURN NULL;
    END $$;
"""

type Step = tuple[str, str, str]  # machine, from, to


def is_a_step(step: Step) -> bool:
    machine, left, to = step
    return to in MACHINES[machine].get(left, set())


@contextmanager
def watched_machines() -> Iterator[Callable[[], set[Step]]]:
    """Note each step that any row takes from here on; yields what tells all kinds of them."""
    with connection.cursor() as cursor:
        cursor.execute(NOTE)
        for table in MACHINES:
            cursor.execute(
                f"CREATE TRIGGER note_step AFTER INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION note_step()"
            )
    try:
        yield steps_taken
    finally:
        if not connection.in_atomic_block:  # else the test's own rollback takes it away
            with connection.cursor() as cursor:
                cursor.execute("DROP FUNCTION note_step() CASCADE; DROP TABLE steps_taken")


def steps_taken() -> set[Step]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT machine, left_state, went_to FROM steps_taken")
        return set(cursor.fetchall())


def forget_steps() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE steps_taken")
