"""Errors that are shown to a person as one line, without a traceback."""


class StackError(Exception):
    """The stack cannot start or continue. The text says what to do about it."""


class StopRequested(Exception):
    """Ctrl-C or SIGTERM arrived."""
