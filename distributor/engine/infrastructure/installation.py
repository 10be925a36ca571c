"""The code of this installation, random once per database."""

from functools import cache
from secrets import token_hex

from distributor.models import Installation


@cache  # one query per process instead of one per batch
def read_installation_id() -> str:
    """Return the installation's code, made when the database was."""
    return Installation.objects.get_or_create(pk=1, defaults={"code": token_hex(5)})[0].code
