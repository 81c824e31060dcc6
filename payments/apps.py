from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "payments"

    def ready(self) -> None:
        from payments import receivers  # noqa: PLC0415  # models are loaded only now

        receivers.connect()
