"""Which account and which template a channel uses where a call names neither."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("channels", "0002_paces")]

    operations = [
        migrations.AddField(
            "provideraccount",
            "is_default",
            models.BooleanField(
                default=False, help_text="Used where a call names a channel and no provider. One for each channel."
            ),
        ),
        migrations.AddConstraint(
            "provideraccount",
            models.UniqueConstraint(
                fields=("organization", "channel"),
                name="one_default_account_per_channel",
                condition=Q(is_default=True),
            ),
        ),
        migrations.AddField(
            "template",
            "is_default",
            models.BooleanField(
                default=False, help_text="Used where a call names a channel and no template. One for each channel."
            ),
        ),
        migrations.AddConstraint(
            "template",
            models.UniqueConstraint(
                fields=("organization", "channel"),
                name="one_default_template_per_channel",
                condition=Q(is_default=True),
            ),
        ),
    ]
