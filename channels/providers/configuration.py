"""What an operator sets for an account: the settings, their faults, and the checks that repeat."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any
from urllib.parse import urlsplit

from channels.providers.egress import address_fault

# Anything but printable ASCII, and characters after which no path could be appended.
_NOT_IN_BASE_URL = re.compile(r"[^!-~]|[?#@\\{}]")


@dataclass(frozen=True, slots=True)
class ConfigurationFault:
    """One fault. `field` is a key of the configuration, or "" if the fault is about the account as a whole."""

    field: str
    message: str


class Input(Enum):
    """How a form asks for a setting."""

    LINE = auto()
    TEXT = auto()
    WHOLE_NUMBER = auto()
    NUMBER = auto()
    CHOICE = auto()
    MAPPING = auto()  # texts by name, one “name = text” on each line


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of an account: how a form asks for it, what makes its value valid, and the message if it is not.

    A required setting is checked if absent. `choices` are the values of a CHOICE.
    """

    label: str
    help_text: str
    is_valid: Callable[[Any], bool]
    message: str
    is_required: bool = False
    input: Input = Input.LINE
    choices: tuple[str, ...] = ()


def check_settings(settings: Mapping[str, Setting], configuration: Mapping[str, Any]) -> list[ConfigurationFault]:
    """Return the faults of these settings, in their order. Other fields are ignored."""
    return [
        ConfigurationFault(name, setting.message)
        for name, setting in settings.items()
        if (setting.is_required or name in configuration) and not setting.is_valid(configuration.get(name))
    ]


def unknown_fields(configuration: Mapping[str, Any], known: Collection[str], label: str) -> list[ConfigurationFault]:
    """Return a fault for each field that is not in `known`. `label` names the provider."""
    return [
        ConfigurationFault(name, f"“{name}” is not a setting of {label}.")
        for name in configuration
        if name not in known
    ]


def is_base_url(value: Any) -> bool:
    """Whether this is an http(s) URL with a host, perhaps a port and a path, and nothing else."""
    if not isinstance(value, str) or _NOT_IN_BASE_URL.search(value):
        return False
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def base_url_faults(configuration: Mapping[str, Any], names: Iterable[str]) -> list[ConfigurationFault]:
    """Return a fault for each of these URLs that no connection may be made to. Other faults of them are ignored."""
    faults = []
    for name in names:
        if is_base_url(configuration.get(name)):
            parts = urlsplit(configuration[name])
            is_encrypted = parts.scheme == "https"
            port = parts.port or (443 if is_encrypted else 80)
            message = address_fault(parts.hostname or "", port, is_encrypted=is_encrypted)
            faults += [ConfigurationFault(name, f"“{name}”: {message}")] if message else []
    return faults


def is_integer(lowest: int, highest: int) -> Callable[[Any], bool]:
    """Return a check for a whole number in a range. True and False are not numbers."""
    return lambda value: type(value) is int and lowest <= value <= highest


def matches(pattern: str) -> Callable[[Any], bool]:
    """Return a check for a text that matches the pattern from its first to its last character."""
    compiled = re.compile(pattern)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def optional(is_valid: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Return a check that also accepts None."""
    return lambda value: value is None or is_valid(value)
