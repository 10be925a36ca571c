"""What an operator sets for an Anymail account, how it is checked, and the settings that it becomes."""

import re
from collections.abc import Mapping
from typing import Any

from channels.providers.anymail.services import SERVICES, Service
from channels.providers.base import Account
from channels.providers.configuration import (
    ConfigurationFault,
    Input,
    Setting,
    base_url_faults,
    check_settings,
    is_base_url,
    is_integer,
    matches,
    optional,
)

MAX_CONCURRENCY = 32

_KEY = re.compile(r"[!-~]+")
DEFAULT_CONCURRENCY = 8
_COMMON = {
    "baseUrl": Setting(
        "Base URL",
        "Another URL of the service's API, for regions and proxies. Required for Postal and Unisender Go.",
        optional(is_base_url),
        "“baseUrl” must be the URL of the service's API, for example https://api.eu.mailgun.net/v3.",
    ),
    "concurrency": Setting(
        "Requests at a time",
        f"Of each worker process, 1 to {MAX_CONCURRENCY}; empty: {DEFAULT_CONCURRENCY}.",
        optional(is_integer(1, MAX_CONCURRENCY)),
        f"“concurrency” must be a whole number from 1 to {MAX_CONCURRENCY}.",
        input=Input.WHOLE_NUMBER,
    ),
}
_LABELS = {
    "messageStream": "Message stream",
    "senderDomain": "Sender domain",
    "sandboxId": "Sandbox id",
    "projectId": "Project id",
    "region": "Region",
    "subaccount": "Subaccount",
}
_is_word = optional(matches(r"[A-Za-z0-9._-]{1,255}"))


def _option(name: str, service: Service) -> Setting:
    """Return a setting of one service alone."""
    need = "Required." if name in service.required else "Optional."
    return Setting(
        _LABELS[name], f"For {service.name} only. {need}", _is_word, f"“{name}” must be a word without spaces."
    )


def _options(service: Service) -> dict[str, Setting]:
    return {name: _option(name, service) for name in service.options or {}}


SETTINGS = {
    "esp": Setting(
        "Service",
        "The e-mail service.",
        lambda value: isinstance(value, str) and value in SERVICES,
        f"“esp” is required: the e-mail service, one of {', '.join(SERVICES)}.",
        is_required=True,
        input=Input.CHOICE,
        choices=tuple(SERVICES),
    ),
    **_COMMON,
    **{name: setting for service in SERVICES.values() for name, setting in _options(service).items()},
}


def service_of(configuration: Mapping[str, Any]) -> Service | None:
    """Return the service that `esp` names, or None."""
    name = configuration.get("esp")
    return SERVICES.get(name) if isinstance(name, str) else None


def known_fields(configuration: Mapping[str, Any]) -> frozenset[str]:
    """Return the fields that this configuration may have, which depend on its service."""
    service = service_of(configuration)
    return frozenset({"esp", *_COMMON, *((service.options if service else None) or {})})


def find_faults(configuration: Mapping[str, Any]) -> list[ConfigurationFault]:
    """Return all faults of known fields. Only `esp` is checked while it names no known service."""
    service = service_of(configuration)
    if service is None:
        return [ConfigurationFault("esp", SETTINGS["esp"].message)]
    faults = [
        ConfigurationFault(name, f"“{name}” is required for {service.name}.")
        for name in service.required
        if name not in configuration
    ]
    known = _COMMON | _options(service)
    return faults + check_settings(known, configuration) + base_url_faults(configuration, ("baseUrl",))


def credential_faults(account: Account) -> list[str]:
    """Return what is wrong with the account's credentials, in sentences."""
    required = ["api_key"] + ["secret_key"] * (account.configuration.get("esp") == "mailjet")
    return [f"The {name} is missing." for name in required if not account.credentials.get(name)] + [
        f"The {name} contains spaces or special characters."
        for name in required
        if not _KEY.fullmatch(account.credentials.get(name) or "-")
    ]


def backend_settings(service: Service, account: Account) -> dict[str, Any]:
    """Return all settings of the service's backend, so that Anymail reads none from Django's settings."""
    known = account.configuration
    settings: dict[str, Any] = {service.key: account.credentials["api_key"]}
    if known["esp"] == "mailjet":
        settings["secret_key"] = account.credentials["secret_key"]
    if known.get("baseUrl"):
        settings["api_url"] = known["baseUrl"]
    return settings | {
        setting: known[name] for name, setting in (service.options or {}).items() if known.get(name) is not None
    }
