"""What went wrong with the database, in a sentence for operators."""

from typing import Final

from django.db import Error, InterfaceError, OperationalError, ProgrammingError

_MIGRATE: Final = "The database lacks tables or columns. Run `python manage.py migrate`."
_UNDEFINED: Final = ("42P01", "42703")  # table, column
_GONE: Final = ("08", "57P")  # connection exceptions; shutdowns and starts


def explain_database_error(error: Error) -> str | None:
    """Return what to tell an operator; None if the error is a fault of the program."""
    state = getattr(error.__cause__, "sqlstate", None) or ""
    if isinstance(error, ProgrammingError):
        return _MIGRATE if state in _UNDEFINED else None
    if not isinstance(error, OperationalError | InterfaceError):
        return None
    if not state or state.startswith(_GONE):
        return f"The database does not answer: {first_line(error)}. `distributor doctor` says more."
    return f"The database gave up: {first_line(error)}. Run the command again."


def first_line(error: Exception) -> str:
    """Return the first line of an error's text without a full stop; its name if it has no text."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
