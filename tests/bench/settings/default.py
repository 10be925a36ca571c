"""The rivals with the defaults of Django, Celery and django-post-office."""

from tests.bench.settings import *  # noqa: F403
from tests.bench.settings import DATABASES, POST_OFFICE

# A new connection for each task; the product keeps its connection.
DATABASES["default"].pop("CONN_HEALTH_CHECKS")
DATABASES["default"]["CONN_MAX_AGE"] = 0
for tuned in ("server_side_binding", "prepare_threshold"):
    DATABASES["default"]["OPTIONS"].pop(tuned)
CELERY_DB_REUSE_MAX = 0
CELERY_WORKER_PREFETCH_MULTIPLIER = 4
# 100 messages at a time, with new processes forked for each hundred.
POST_OFFICE = {name: value for name, value in POST_OFFICE.items() if name != "BATCH_SIZE"}
