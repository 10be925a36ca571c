"""What a person can put right is said in one line, without a traceback."""


class StackError(Exception):
    """The stack cannot start or go on; the text tells the reader what to do about it."""


class StopRequested(Exception):
    """Ctrl-C or SIGTERM came while the stack was starting."""
