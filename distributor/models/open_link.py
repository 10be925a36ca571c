"""Links that are nobody's."""

from django.db import models

from distributor.models.distribution import Distribution


class OpenLink(models.Model):
    """The one link of a distribution to nobody: whoever has it may respond, any number of times, anonymously."""

    distribution = models.OneToOneField(Distribution, models.CASCADE, primary_key=True, related_name="open_link")
    code = models.CharField(max_length=12, help_text="The code of the link, /p/{code}.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=("code",), name="one_open_link_per_code")]

    def __str__(self) -> str:
        return self.code
