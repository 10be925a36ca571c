"""The product's settings, with its rivals' routes, tables and tasks and a provider that sends nothing."""

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS, LOGGING

INSTALLED_APPS = [*INSTALLED_APPS, "post_office", "procrastinate.contrib.django", "tests.bench.apps.BenchConfig"]
ROOT_URLCONF = "tests.bench.urls"
CELERY_IMPORTS = ["tests.bench.peers.naive_tasks", "tests.bench.peers.sdk_tasks"]
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = ""  # It would take the product's modules named `tasks` for its own.
PROCRASTINATE_IMPORT_PATHS = ["tests.bench.peers.procrastinate_tasks"]
POST_OFFICE = {
    "BACKENDS": {"default": "django.core.mail.backends.dummy.EmailBackend"},
    "BATCH_SIZE": 1_000,  # As large as the product's. settings/default.py has its default.
}
# Both would log several lines per batch or job at INFO.
for _logger in ("post_office", "procrastinate"):
    LOGGING["loggers"][_logger] = {"level": "WARNING", "handlers": ["console"], "propagate": False}  # type: ignore[index]
