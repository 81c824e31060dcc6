"""Ask the web server of this container whether it lives: status 0 if so. Uses the standard library only.

Asked under the site's own name, since any other host is refused; ``/api/health/live`` needs no https and no database.
"""

import http.client
import os
import sys
from urllib.parse import urlsplit

host = urlsplit(os.environ.get("SITE_URL", "")).netloc or "localhost"
connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT", "8000")), timeout=4)
try:
    connection.request("GET", "/api/health/live", headers={"Host": host})
    status = connection.getresponse().status
except (OSError, http.client.HTTPException) as exc:
    sys.exit(f"no answer: {exc}")
sys.exit(0 if status == 200 else f"answered {status}")
