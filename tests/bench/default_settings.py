"""The rivals as they come: what Django, Celery and django-post-office do when nobody sets anything."""

from tests.bench.settings import *  # noqa: F403
from tests.bench.settings import DATABASES, POST_OFFICE

# A connection a task, where the product keeps its one.
DATABASES["default"].pop("CONN_HEALTH_CHECKS")
DATABASES["default"]["CONN_MAX_AGE"] = 0
for tuned in ("server_side_binding", "prepare_threshold"):
    DATABASES["default"]["OPTIONS"].pop(tuned)
CELERY_DB_REUSE_MAX = 0
CELERY_WORKER_PREFETCH_MULTIPLIER = 4
# 100 messages at a time, with processes that are forked anew for each hundred.
POST_OFFICE = {name: value for name, value in POST_OFFICE.items() if name != "BATCH_SIZE"}
