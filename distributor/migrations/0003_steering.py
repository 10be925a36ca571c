"""Pausing, cancelling and a last moment; a paused batch may still be held by the worker that is sending from it."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("distributor", "0002_storage")]

    operations = [
        migrations.AddField("distribution", "paused_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("distribution", "cancelled_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            "distribution",
            "not_after",
            models.DateTimeField(blank=True, null=True, help_text="Who is not sent to by then is not sent to."),
        ),
        migrations.AlterField(
            "batch",
            "state",
            models.CharField(
                choices=[("waiting", "Waiting"), ("paused", "Paused"), ("done", "Done")],
                default="waiting",
                max_length=7,
            ),
        ),
        migrations.RemoveConstraint("batch", "a_done_batch_is_not_held"),
        migrations.AddConstraint(
            "batch",
            models.CheckConstraint(
                condition=~Q(state="done") | Q(lease_expires_at=None), name="a_done_batch_is_not_held"
            ),
        ),
    ]
