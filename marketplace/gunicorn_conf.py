"""How gunicorn serves the site, in production as in the demo. The address comes by ``--bind``.

The number of processes is gunicorn's own ``WEB_CONCURRENCY`` (here: 2 when unset).
"""

import gc
import os
from typing import Any

from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.checks import Tags, run_checks
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections

from marketplace.common.static import StaticStorage

wsgi_app = "marketplace.asgi:application"
worker_class = "marketplace.web_worker.WebWorker"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))  # gunicorn's variable, not the product's
preload_app = True  # loaded once and shared, which starts faster and needs less memory
timeout = 30
graceful_timeout = 20
keepalive = 5
accesslog = None  # the product logs each request itself, with its ids and without personal data
# Who the client is and whether it came by https is decided by TRUSTED_PROXY_COUNT alone: no proxy is believed here.
forwarded_allow_ips = ""
control_socket_disable = True


def on_starting(server: Any) -> None:  # Any: gunicorn's arbiter has no types
    """Refuse to serve a database that these settings do not fit, or pages without the names of their style sheets.

    A database that is silent is waited for: pages answer 503.
    """
    if isinstance(staticfiles_storage, StaticStorage) and staticfiles_storage.read_manifest() is None:
        raise SystemExit("No static files were collected. Run: python manage.py collectstatic --noinput")
    try:
        faults = run_checks(tags=[Tags.database], databases=[DEFAULT_DB_ALIAS])
    except OperationalError:
        server.log.warning("The database does not answer; its checks were left out.")
        return
    finally:
        connections.close_all()  # this process only starts others, which must not share its connection
    if faults:
        raise SystemExit("\n".join(map(str, faults)))


def pre_fork(server: Any, worker: Any) -> None:  # Any: gunicorn's own
    """Keep what is loaded out of the collector's sight: it neither looks through it again nor writes to shared memory."""
    gc.collect()
    gc.freeze()
