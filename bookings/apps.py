from importlib import import_module

from django.apps import AppConfig


class BookingsConfig(AppConfig):
    name = "bookings"

    def ready(self) -> None:
        import_module("bookings.checks")
        import_module("bookings.receivers")
