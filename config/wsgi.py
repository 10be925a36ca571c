"""The WSGI entry point of the web process."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

# Every view is imported now, before the first request asks for one.
get_resolver().url_patterns  # noqa: B018  reading it imports it
# A call of 1,000 contacts makes some 20,000 objects. Python's collector would stop for every 700 of them to look for
# cycles, now and then through everything that Django has loaded: 14 of 50 ms CPU a call. What is loaded stays for good.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 50)
