"""The product's settings, with its rivals' routes, tables and tasks and a provider that sends nothing."""

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS, LOGGING

INSTALLED_APPS = [*INSTALLED_APPS, "post_office", "tests.bench.apps.BenchConfig"]
ROOT_URLCONF = "tests.bench.urls"
CELERY_IMPORTS = ["tests.bench.peers.naive_tasks", "tests.bench.peers.sdk_tasks"]
POST_OFFICE = {
    "BACKENDS": {"default": "django.core.mail.backends.dummy.EmailBackend"},
    "BATCH_SIZE": 1_000,  # As large as the product's. settings/default.py has its default.
}
# Without a handler it logs several lines per batch at INFO, twice.
LOGGING["loggers"]["post_office"] = {"level": "WARNING", "handlers": ["console"], "propagate": False}  # type: ignore[index]
