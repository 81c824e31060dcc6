"""What gunicorn runs in place of the product."""

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
