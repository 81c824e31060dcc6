"""How jobs are written: through Django's own connection, so that a job commits or vanishes with the row it is about.

Procrastinate does so in web servers. Its worker, though, swaps the app's connector for a pool of its own, and what a job
defers then would be written by that pool at once: before anybody can see the row it is about, and even where the
transaction around it is undone. So the worker's connector hands what jobs ask for, which is never asynchronous, back to
Django's.
"""

from procrastinate import App
from procrastinate.connector import BaseAsyncConnector, BaseConnector
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.contrib.django.utils import connector_params
from procrastinate.psycopg_connector import PsycopgConnector


class WorkerConnector(PsycopgConnector):
    """Fetches and finishes jobs by a pool; writes those that a job defers by the connection of that job's thread."""

    def get_sync_connector(self) -> BaseConnector:
        return DjangoConnector()


class WebConnector(DjangoConnector):
    def get_worker_connector(self) -> BaseAsyncConnector:
        return WorkerConnector(kwargs=connector_params(self.alias))


def connect(app: App) -> None:
    """Give the app its connector. Named in ``PROCRASTINATE_ON_APP_READY``."""
    app.connector = app.job_manager.connector = WebConnector()
