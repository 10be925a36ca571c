"""`manage.py setup` makes what a new installation needs, once."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from channels.models import Template, TemplateVariant
from contacts.api_keys import find_api_key
from contacts.models import Organization
from contacts.models.api_key import ApiKey
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Survey

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    password = tmp_path / "password"
    password.write_text(f"{PASSWORD}\n")
    monkeypatch.setenv("SETUP_ORGANIZATION", "Jasna Klinika & Co.")
    monkeypatch.setenv("SETUP_TIME_ZONE", "Europe/Warsaw")
    monkeypatch.setenv("SETUP_ADMIN_USER", "ola")
    monkeypatch.setenv("SETUP_ADMIN_PASSWORD_FILE", str(password))
    return monkeypatch


def set_up() -> str:
    told = StringIO()
    call_command("setup", no_input=True, stdout=told)
    return told.getvalue()


@pytest.mark.usefixtures("answers")
def test_a_container_is_set_up_by_its_environment() -> None:
    told = set_up()
    organization = Organization.objects.get()
    assert (organization.name, organization.slug, organization.time_zone) == (
        "Jasna Klinika & Co.",
        "jasna-klinika-co",
        "Europe/Warsaw",
    )
    assert Survey.objects.get().organization == organization
    assert Template.objects.filter(organization=organization, is_default=True).count() == 3
    key = next(word for word in told.split() if word.startswith("dk_"))
    found = find_api_key(key, database_now())
    assert found is not None
    assert found.organization == organization
    assert get_user_model().objects.get(username="ola", is_superuser=True).check_password(PASSWORD)
    assert "/admin/channels/provideraccount/add/" in told


@pytest.mark.usefixtures("answers")
def test_a_second_run_changes_nothing_and_shows_no_key() -> None:
    set_up()
    models = (Organization, Survey, Template, TemplateVariant, ApiKey, get_user_model())
    before = [list(model._default_manager.order_by("pk").values()) for model in models]
    assert "dk_" not in set_up()
    assert [list(model._default_manager.order_by("pk").values()) for model in models] == before


def test_what_is_missing_is_named_and_nothing_is_made(answers: pytest.MonkeyPatch) -> None:
    answers.delenv("SETUP_ADMIN_PASSWORD_FILE")
    with pytest.raises(CommandError, match="set SETUP_ADMIN_PASSWORD"):
        set_up()
    assert not Organization.objects.exists()


@pytest.mark.parametrize(
    ("variable", "value", "complaint"),
    [
        ("SETUP_ADMIN_PASSWORD", "admin", "too common"),
        ("SETUP_TIME_ZONE", "Europe/Warszawa", "zone"),
        ("SETUP_ADMIN_USER", "ola smith", "username"),
    ],
)
def test_bad_answers_are_refused_whole(answers: pytest.MonkeyPatch, variable: str, value: str, complaint: str) -> None:
    answers.setenv(variable, value)
    answers.delenv("SETUP_ADMIN_PASSWORD_FILE" if variable == "SETUP_ADMIN_PASSWORD" else "UNUSED", raising=False)
    with pytest.raises(CommandError, match=complaint):
        set_up()
    assert not Organization.objects.exists()
    assert not get_user_model().objects.exists()


def test_the_terminal_is_asked_for_what_the_environment_does_not_say(
    answers: pytest.MonkeyPatch,
) -> None:
    answers.delenv("SETUP_ADMIN_PASSWORD_FILE")
    answers.delenv("SETUP_TIME_ZONE")
    asked: list[str] = []

    def answer(reply: str) -> Callable[[str], str]:
        def ask(text: str) -> str:
            asked.append(text)
            return reply

        return ask

    answers.setattr("builtins.input", answer(""))
    answers.setattr("distributor.management.commands.setup.getpass", answer(PASSWORD))
    call_command("setup", stdout=StringIO())
    assert asked == ["Its time zone [UTC]: ", "Name of its first survey [Satisfaction]: ", "Password: "]
    assert Organization.objects.get().time_zone == "UTC"
    assert get_user_model().objects.get(username="ola", is_superuser=True).check_password(PASSWORD)
