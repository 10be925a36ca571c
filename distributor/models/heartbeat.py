"""Heartbeats of periodic tasks."""

from django.db import models


class Heartbeat(models.Model):
    """When a periodic task last ran, which shows that both beat and a worker were alive."""

    name = models.CharField(max_length=31, primary_key=True)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.beat_at:%Y-%m-%d %H:%M:%S}"
