"""`celery --app tests.chaos.product.worker worker`: the product's Celery app, patched in the processes that work."""

from typing import Any

from celery.signals import beat_init, worker_process_init

from config.celery import app
from tests.chaos.product.patches import apply_patches

__all__ = ["app"]


@worker_process_init.connect
def patch_worker(**_: Any) -> None:
    apply_patches()


@beat_init.connect
def patch_beat(**_: Any) -> None:
    apply_patches()
