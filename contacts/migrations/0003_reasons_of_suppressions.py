"""An address may be suppressed for several reasons at once, each of which is lifted on its own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contacts", "0002_storage")]

    operations = [
        # The new rule first: never a moment without one.
        migrations.AddConstraint(
            model_name="suppression",
            constraint=models.UniqueConstraint(
                fields=("organization", "channel", "address", "reason"), name="one_suppression_per_address_and_reason"
            ),
        ),
        migrations.RemoveConstraint(model_name="suppression", name="one_suppression_per_address_and_channel"),
    ]
