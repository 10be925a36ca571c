"""What the database refuses is said in a sentence, by its kind; a fault of the program is not hidden."""

from collections.abc import Callable, Iterator

import pytest
from django.db import Error, IntegrityError, InterfaceError, OperationalError, connection, transaction

from distributor.command_line.commands import doctor
from distributor.command_line.doctor.finding import Finding
from tests.command_line.conftest import Run

pytestmark = pytest.mark.usefixtures("defaults")


def execute(*statements: str) -> Callable[..., None]:
    def run(*_arguments: object) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    return run


def refuse(error: Error) -> Callable[..., None]:
    def run(*_arguments: object) -> None:
        raise error

    return run


@pytest.mark.parametrize(
    ("fail", "sentence"),
    [
        (execute("SET LOCAL statement_timeout = 1", "SELECT pg_sleep(5)"), "gave up: canceling statement"),
        (execute("SELECT 1 FROM a_table_of_tomorrow"), "Run `python manage.py migrate`."),
        (execute("SELECT a_column_of_tomorrow FROM contacts_organization"), "Run `python manage.py migrate`."),
        (refuse(OperationalError("refused.\nIs it there?")), "does not answer: refused. `distributor doctor`"),
        (refuse(OperationalError()), "does not answer: OperationalError."),
        (refuse(InterfaceError("the connection is closed")), "does not answer: the connection is closed."),
    ],
)
def test_each_kind_of_error_has_its_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch, fail: Callable[..., None], sentence: str
) -> None:
    monkeypatch.setattr("distributor.command_line.operator.find_organization", fail)
    answer = run("status")
    assert (answer.code, answer.text, sentence in answer.faults) == (1, "", True)


@pytest.mark.parametrize("fail", [refuse(IntegrityError("a key is there twice")), execute("SELEKT")])
def test_a_fault_of_the_program_is_not_hidden(
    run: Run, monkeypatch: pytest.MonkeyPatch, fail: Callable[..., None]
) -> None:
    monkeypatch.setattr("distributor.command_line.operator.find_organization", fail)
    with pytest.raises(Error):
        run("status")


@pytest.mark.parametrize("error", [OperationalError(), InterfaceError("closed")])
def test_doctor_goes_on_when_the_database_goes_away(run: Run, monkeypatch: pytest.MonkeyPatch, error: Error) -> None:
    def fail() -> Iterator[Finding]:
        yield from ()
        raise error

    monkeypatch.setattr(doctor, "check_database", fail)
    findings = run("doctor", "--json", "--offline").document["findings"]
    assert findings[0]["text"] == f"A check could not be made: {str(error) or 'OperationalError'}."
    assert "broker" in [each["what"] for each in findings]


def test_doctor_says_an_error_without_a_text(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(connection, "ensure_connection", refuse(OperationalError()))
        text = run("doctor", "--offline").text
    assert "It does not answer: OperationalError." in text
