"""Check the vendors' own contracts and recorded payloads: python -m tests.recorded PATH

PATH is a folder with the vendors' OpenAPI files, recorded webhooks and signature vectors. The tests do not need it:
they have fixtures of the same shapes. A vendor's module beside this one has CHECKS: for each file's name a function
that takes its path, raises AssertionError or jsonschema's ValidationError, and says what it has checked.
"""

import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from django.conf import settings

import tests.recorded


def main(folder: Path) -> int:
    """Run every check, print a line for each, and say by the exit code whether all was well."""
    settings.configure(USE_TZ=True)
    failures = 0
    for module in iter_modules(tests.recorded.__path__):
        if module.name == "__main__":
            continue
        for name, check in import_module(f"tests.recorded.{module.name}").CHECKS.items():
            try:
                print(f"ok      {name}: {check(folder / name)}")
            except Exception as error:
                failures += 1
                print(f"FAILED  {name}: {type(error).__name__}: {error}")
    return 1 if failures else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tests.recorded PATH")
    sys.exit(main(Path(sys.argv[1])))
