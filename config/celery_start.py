"""Loads the Celery application with Django, so that every process of the product sends its tasks by it."""

from django.apps import AppConfig


class CeleryConfig(AppConfig):
    """Not in `config/__init__.py`, as is usual: the supervisor of `make run` would have Celery and Django in memory."""

    name = "config"

    def ready(self) -> None:
        from config import celery  # noqa: F401  importing it makes it the process's application
