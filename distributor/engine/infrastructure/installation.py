"""The code of this installation, random once per database."""

from datetime import datetime
from functools import cache
from secrets import token_hex

from distributor.models import Installation


@cache  # one query per process instead of one per batch
def read_installation_id() -> str:
    """Return the installation's code, made when the database was."""
    return find_installation().code


@cache  # it never changes
def read_plain_ids_below() -> int:
    """Return the id of the first recipient whose attempts have sealed ids (engine/journey/sealed_ids.py)."""
    return find_installation().plain_ids_below


def find_installation() -> Installation:
    """Return the installation's row; the first call makes it."""
    return Installation.objects.get_or_create(pk=1, defaults={"code": token_hex(5)})[0]


def read_gap_found_at() -> datetime | None:
    """Return when a gap in the database's memory was last found; None if never."""
    return Installation.objects.values_list("gap_found_at", flat=True).first()
