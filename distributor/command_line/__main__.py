"""`python -m distributor.command_line`, which `bin/distributor` runs."""

import os
import sys

import django
from django.core.exceptions import ImproperlyConfigured

from distributor.command_line.environment import missing_settings, stand_in_for_missing


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    # Only what went wrong is logged, to the error stream: the output is the command's alone.
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    if faults := missing_settings(os.environ):
        if not {"-h", "--help"}.intersection(sys.argv) and len(sys.argv) > 1:
            print("\n".join(faults), file=sys.stderr)
            sys.exit(2)
        stand_in_for_missing(os.environ)
    try:
        django.setup()
    except ImproperlyConfigured as error:
        print(f"A setting is wrong: {error}", file=sys.stderr)
        sys.exit(2)
    from distributor.command_line.program import program  # its modules need Django's models

    program(prog_name="distributor")


if __name__ == "__main__":
    main()
