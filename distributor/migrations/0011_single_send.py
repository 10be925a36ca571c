"""Words of a recipient's own, responses that are tied to nobody, and what finds responses by their attributes."""

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q
from django.db.models.functions import Extract, Mod
from django.db.models.lookups import Exact


class Migration(migrations.Migration):
    dependencies = [("distributor", "0010_recurring_distributions")]

    operations = [
        migrations.AddField(
            "recipient",
            "wording",
            models.JSONField(blank=True, help_text="Texts of its own: subject, intro and thanks.", null=True),
        ),
        migrations.AlterField(
            "response",
            "recipient",
            models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="responses",
                to="distributor.recipient",
            ),
        ),
        migrations.AddConstraint(
            "response",
            models.CheckConstraint(
                condition=Q(recipient__isnull=False)
                | Q(Exact(Mod(Extract("submitted_at", "epoch"), 86_400), 0), locale="", attributes={}),
                name="an_anonymous_response_tells_nothing_of_its_giver",
            ),
        ),
        migrations.AddIndex("response", models.Index(fields=["survey", "-id"], name="responses_of_a_survey")),
        migrations.AlterField(
            "response",
            "survey",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="responses",
                to="distributor.survey",
            ),
        ),
        migrations.AddIndex(
            "response",
            django.contrib.postgres.indexes.GinIndex(
                fields=["attributes"], name="responses_by_attribute", opclasses=["jsonb_path_ops"]
            ),
        ),
    ]
