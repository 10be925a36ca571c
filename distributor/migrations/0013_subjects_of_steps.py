"""A subject that holds for one distribution, instead of the template's."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("distributor", "0012_lists_and_links")]

    operations = [
        migrations.AddField(
            "step",
            "subject",
            models.CharField(
                blank=True, help_text="E-mail only, with placeholders. Empty: the template's.", max_length=255
            ),
        ),
    ]
