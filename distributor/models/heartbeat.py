"""Signs of life."""

from django.db import models


class Heartbeat(models.Model):
    """When a periodic task last ran: beat sent it and a worker did it, so both are alive."""

    name = models.CharField(max_length=31, primary_key=True)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.beat_at:%Y-%m-%d %H:%M:%S}"
