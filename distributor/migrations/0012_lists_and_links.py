"""Links for several responses, distributions that a caller deleted, and the tries that went wrong, to be counted."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("distributor", "0011_single_send"), ("contacts", "0007_changed_lists")]

    operations = [
        migrations.AlterField(
            "distribution",
            "link_type",
            models.CharField(
                choices=[("one_time", "one-time"), ("multiple", "multiple"), ("anonymous", "anonymous")],
                default="one_time",
                max_length=9,
            ),
        ),
        migrations.AddField(
            "response",
            "ordinal",
            models.PositiveIntegerField(db_default=1, help_text="Of the recipient's responses: 1 is the first."),
        ),
        migrations.RemoveConstraint("response", "one_response_per_recipient"),
        migrations.AddConstraint(
            "response",
            models.UniqueConstraint(fields=("recipient", "ordinal"), name="one_response_per_recipient_and_ordinal"),
        ),
        migrations.AddField(
            "distribution",
            "deleted_at",
            models.DateTimeField(
                blank=True, help_text="Over the API: it is cancelled and not shown there any more.", null=True
            ),
        ),
        migrations.AddConstraint(
            "distribution",
            models.CheckConstraint(
                condition=Q(deleted_at=None) | Q(cancelled_at__isnull=False), name="what_is_deleted_is_cancelled"
            ),
        ),
        migrations.AddIndex(
            "attempt", models.Index(fields=["recipient_id"], name="troubled_attempts", condition=Q(trouble__gt=0))
        ),
    ]
