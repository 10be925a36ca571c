"""What a command needs in its environment, and what is said if it is not there."""

from collections.abc import Mapping, MutableMapping
from typing import Final

REMEDY: Final = 'Beside `make run`, run eval "$(make env)" first. On a server, use the environment of the web process.'
_NEEDED: Final = ("SECRET_KEY", "CREDENTIAL_KEYS", "DATABASE_URL")
_BROKERS: Final = ("REDIS_URL", "BROKER_URL")
# Help is shown without an installation. Nothing connects to these.
_STAND_INS: Final = {
    "SECRET_KEY": "help",
    "CREDENTIAL_KEYS": "",
    "DATABASE_URL": "postgresql:///help",
    "REDIS_URL": "redis://help",
}


def missing_settings(environment: Mapping[str, str]) -> list[str]:
    """Return a line for each setting that is missing, and one that says what to do. Empty: nothing is missing."""
    missing = [f"{name} is not set." for name in _NEEDED if not _has(environment, name)]
    if not any(_has(environment, name) for name in _BROKERS):
        missing.append("REDIS_URL is not set, and no BROKER_URL.")
    return [*missing, REMEDY] if missing else []


def stand_in_for_missing(environment: MutableMapping[str, str]) -> None:
    """Set what is missing to values with which the help can be shown."""
    for name, value in _STAND_INS.items():
        if not _has(environment, name):
            environment[name] = value


def _has(environment: Mapping[str, str], name: str) -> bool:
    return name in environment or f"{name}_FILE" in environment
