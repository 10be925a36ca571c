"""The WSGI entry point of the web process."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from config.statement_limits import limit_statements
from config.tracing import start_tracing

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
limit_statements("web")
start_tracing("web")

# Import all views now, before the first request.
get_resolver().url_patterns  # noqa: B018  reading it imports it
# A call with 1,000 contacts makes some 20,000 objects. By default Python's collector would run after every 700 of them,
# sometimes over everything that Django has loaded: 14 of 50 ms of CPU per call. Loaded modules are never freed anyway.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 50)
