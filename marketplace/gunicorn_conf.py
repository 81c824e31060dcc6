"""How gunicorn serves the site, in production as in the demo. The address comes by ``--bind``.

The number of processes is gunicorn's own ``WEB_CONCURRENCY`` (here: 2 when unset).
"""

import os

wsgi_app = "marketplace.wsgi:application"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))  # gunicorn's variable, not the product's
threads = 8
preload_app = True  # loaded once and shared, which starts faster and needs less memory
timeout = 30
graceful_timeout = 20
keepalive = 5
accesslog = None  # the product logs each request itself, with its ids and without personal data
# Who the client is and whether it came by https is decided by TRUSTED_PROXY_COUNT alone: no proxy is believed here.
forwarded_allow_ips = ""
control_socket_disable = True
