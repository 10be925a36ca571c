"""The WSGI entry point of the web process."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from config.garbage_collection import collect_rarely
from config.statement_limits import limit_statements
from config.tracing import start_tracing

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
limit_statements("web")
start_tracing("web")

# Import all views now, before the first request.
get_resolver().url_patterns  # noqa: B018  reading it imports it
collect_rarely()
