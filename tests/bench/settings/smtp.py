"""The benchmark's settings, with django-post-office sending by SMTP to EMAIL_PORT on this machine."""

import os

from tests.bench.settings import *  # noqa: F403
from tests.bench.settings import POST_OFFICE

EMAIL_HOST, EMAIL_PORT = "127.0.0.1", int(os.environ["EMAIL_PORT"])
POST_OFFICE = {**POST_OFFICE, "BACKENDS": {"default": "django.core.mail.backends.smtp.EmailBackend"}}
