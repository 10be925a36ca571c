"""Beat's own Celery application: `celery --app config.beat beat`.

Beat sends tasks by their names. So it loads neither them nor Django, which takes half of the memory of the application
in config/celery.py: 50 MB instead of 110.
"""

import logging.config
import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging
from django.conf import settings

from config.schedule import SCHEDULE

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("distributor", fixups=[])  # the usual one starts Django
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.imports = app.conf.include = ()  # settings may name modules of tasks
app.conf.beat_schedule = SCHEDULE


@setup_logging.connect
def log_as_django_does(**_: Any) -> None:
    logging.config.dictConfig(settings.LOGGING)
