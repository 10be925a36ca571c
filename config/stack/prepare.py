"""`python -m config.stack.prepare FILE`: migrate the database, seed the demo, and write the seed's JSON to FILE.

One process does both, because each start of Django costs more than a second.
"""

import io
import json
import sys
from pathlib import Path

import django
from django.core.management import call_command

from config.stack.data_folder.keys import write_private


def main(file: Path) -> None:
    django.setup()
    call_command("migrate", interactive=False, verbosity=1)
    seeded = io.StringIO()
    call_command("seed_demo", stdout=seeded)
    write_private(file, json.loads(seeded.getvalue()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
