"""What is missing in the environment is said at once, and help needs nothing."""

import subprocess

import pytest

from distributor.command_line.environment import missing_settings
from tests.stack.running import PROJECT, clean_environment

COMPLETE = {"SECRET_KEY": "x", "CREDENTIAL_KEYS": "", "DATABASE_URL": "postgresql:///x", "REDIS_URL": "redis://x"}


def start(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(PROJECT / "bin/distributor"), *arguments]
    return subprocess.run(command, env=clean_environment(), cwd="/", capture_output=True, text=True, timeout=60)


def test_a_broker_of_another_kind_and_secrets_in_files_are_enough() -> None:
    assert missing_settings(COMPLETE) == []
    assert missing_settings({"SECRET_KEY_FILE": "x", **dict(list(COMPLETE.items())[1:3]), "BROKER_URL": "x"}) == []


def test_all_that_is_missing_is_named_with_the_remedy() -> None:
    answer = start("status")
    assert answer.returncode == 2
    for part in ("SECRET_KEY", "CREDENTIAL_KEYS", "DATABASE_URL", "REDIS_URL", 'eval "$(make env)"'):
        assert part in answer.stderr
    assert answer.stdout == ""


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_is_shown_without_an_installation(option: str) -> None:
    answer = start("send", option)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "--channel CHANNEL[:ACCOUNT[:TEMPLATE]]" in answer.stdout
