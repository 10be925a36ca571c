"""Audiences that are named by a list, by ids or by a filter, and turned into recipients chunk by chunk."""

import django.db.models.deletion
from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models
from django.db.models import Q

import contacts.selection


class Migration(migrations.Migration):
    dependencies = [("contacts", "0005_memberships"), ("distributor", "0008_step_kinds")]

    operations = [
        migrations.AddField(
            "distribution",
            "is_preparing",
            models.BooleanField(db_default=False, help_text="Its audience is still being read."),
        ),
        migrations.AddIndex(
            "distribution",
            models.Index(fields=["id"], name="preparing_distributions", condition=Q(is_preparing=True)),
        ),
        migrations.CreateModel(
            name="Expansion",
            fields=[
                (
                    "distribution",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="expansion",
                        serialize=False,
                        to="distributor.distribution",
                    ),
                ),
                ("mailing_list_id", models.UUIDField(null=True)),
                ("contact_ids", ArrayField(base_field=models.UUIDField(), null=True, size=None)),
                ("embedded_data", models.JSONField(null=True)),
                ("is_sent", models.BooleanField(help_text="Otherwise its people are registered: they get links.")),
                ("after_id", models.UUIDField(default=contacts.selection.BEFORE_ALL)),
                ("due_at", models.DateTimeField()),
                ("failures", models.PositiveIntegerField(default=0, help_text="Since it last got on.")),
                ("last_error", models.CharField(blank=True, max_length=500)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(mailing_list_id__isnull=False, contact_ids=None, embedded_data__isnull=True)
                        | Q(mailing_list_id=None, contact_ids__isnull=False, embedded_data__isnull=True)
                        | Q(mailing_list_id=None, contact_ids=None, embedded_data__isnull=False),
                        name="an_audience_is_of_one_kind",
                    )
                ]
            },
        ),
    ]
