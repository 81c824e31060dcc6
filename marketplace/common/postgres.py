"""What PostgreSQL knows of its own transactions, as model fields."""

from django.db import models


class TransactionIdField(models.Field[str, str]):
    """PostgreSQL's ``xid8``: a transaction's number."""

    def db_type(self, connection: object) -> str:
        return "xid8"


class SnapshotField(models.Field[str, str]):
    """PostgreSQL's ``pg_snapshot``: which transactions another one could see."""

    def db_type(self, connection: object) -> str:
        return "pg_snapshot"


class CurrentTransaction(models.Func):
    template = "pg_current_xact_id()"
    output_field = TransactionIdField()


class CurrentSnapshot(models.Func):
    template = "pg_current_snapshot()"
    output_field = SnapshotField()
