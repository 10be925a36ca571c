"""docs/command-line.md has every command with its options, and no other."""

import re
from collections.abc import Iterator

import click

from distributor.command_line.program import program
from tests.docs.test_paths import ROOT

COMMON = {"--organization", "--json"}
_CHAPTER = re.compile(r"^## distributor ([a-z ]+)$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_OPTION = re.compile(r"^\| `(--[a-z-]+)` \|", re.MULTILINE)


def commands_of(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands_of(command, f"{path}{name} ")
        else:
            yield f"{path}{name}", command


def test_every_command_and_option_is_documented_and_no_other() -> None:
    page = (ROOT / "docs/command-line.md").read_text()
    documented = {name: set(_OPTION.findall(text)) for name, text in _CHAPTER.findall(page)}
    options = {
        name: {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
        for name, command in commands_of(program)
    }
    assert all(found >= COMMON for found in options.values())
    assert documented == {name: found - COMMON for name, found in options.items()}


def test_every_command_and_option_has_a_help_text() -> None:
    for name, command in commands_of(program):
        assert command.help, name
        for parameter in command.params:
            assert not isinstance(parameter, click.Option) or parameter.help, (name, parameter.name)
