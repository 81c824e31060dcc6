from importlib import import_module

from django.apps import AppConfig


class UploadsConfig(AppConfig):
    name = "uploads"

    def ready(self) -> None:
        import_module("uploads.receivers")
