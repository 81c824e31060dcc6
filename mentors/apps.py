from importlib import import_module

from django.apps import AppConfig


class MentorsConfig(AppConfig):
    name = "mentors"

    def ready(self) -> None:
        import_module("mentors.receivers")
