"""`python -m tests.bench`: ours, its rivals and its floor on one database, in one run. `make bench` gives it servers.

It makes a database `distributor_bench` on the server of DATABASE_URL and drops it at the end; the broker's database 15
is emptied. Ends with 1 when a bar is not met.
"""

import argparse
import os
import sys
from pathlib import Path

import django

from tests.bench.servers import own_broker_url, own_database

SCENARIOS = "abcdmnoefghijklp"


def main() -> int:
    options = _parse_arguments()
    if not {"DATABASE_URL", "REDIS_URL"} <= os.environ.keys():
        sys.exit("DATABASE_URL and REDIS_URL say which servers to use; `make bench` starts its own")
    with own_database(os.environ["DATABASE_URL"], is_kept=options.keep) as url:
        os.environ["DATABASE_URL"] = url
        os.environ["REDIS_URL"] = own_broker_url(os.environ["REDIS_URL"])
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.settings"
        django.setup()
        # Only now: models need the set-up, and the set-up reads which database.
        from tests.bench.run import run

        return run(options.contacts, options.only, Path(os.environ.get("DISTRIBUTOR_DATA", ".data")))


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--contacts", type=int, default=1_000_000, help="how many there are before it begins")
    parser.add_argument("--only", default=SCENARIOS, help="the scenarios to run, such as cd or c,d")
    parser.add_argument("--keep", action="store_true", help="leave the database for a look at it")
    options = parser.parse_args()
    options.only = options.only.replace(",", "")
    if not set(options.only) <= set(SCENARIOS):
        parser.error(f"scenarios are {', '.join(SCENARIOS)}")
    return options


if __name__ == "__main__":
    sys.exit(main())
