"""What a change of a provider account does to its configuration and credentials: one rule for API and admin."""

from collections.abc import Mapping
from typing import Any

from channels.providers.registry import provider_class


def merged(stored: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Merge key by key; None removes a key."""
    return {name: value for name, value in {**stored, **given}.items() if value is not None}


def changes_address(kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Return whether two configurations of an account differ in a field that chooses the server it talks to."""
    return any(before.get(name) != after.get(name) for name in provider_class(kind).address_fields)


def credentials_after(
    kind: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    stored: dict[str, str],
    given: Mapping[str, str | None],
) -> dict[str, str]:
    """Return the credentials of an account whose configuration changes from `before` to `after`.

    `given` are the credentials of the same call or form; None removes one. Stored credentials were entered for the
    old address and never follow to another: whoever may change an account must not be able to read them that way.
    """
    if changes_address(kind, before, after):
        return merged({}, given)
    return merged(stored, given) if given else stored
