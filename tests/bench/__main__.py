"""`python -m tests.bench`: the product, its rivals and its floor on one database. `make bench` starts the servers.

Creates a database `distributor_bench` on the server of DATABASE_URL and drops it at the end. Empties database 15 of the
broker. Exits with 1 if a bar is not met. The quick form exits with 1 if a ratio is below its minimum, and with 75 if
other work kept the machine too busy to judge.
"""

import argparse
import os
import sys
from pathlib import Path

import django

from tests.bench.stage.servers import own_broker_url, own_database

SCENARIOS = "sabcdmnoqtefgxyvwhijklrpu"


def main() -> int:
    options = _parse_arguments()
    if not {"DATABASE_URL", "REDIS_URL"} <= os.environ.keys():
        sys.exit("set DATABASE_URL and REDIS_URL to the servers to use; `make bench` starts its own")
    with own_database(os.environ["DATABASE_URL"], is_kept=options.keep) as url:
        os.environ["DATABASE_URL"] = url
        os.environ["REDIS_URL"] = own_broker_url(os.environ["REDIS_URL"])
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.settings"
        django.setup()
        # Models can only be imported after the set-up, which reads the name of the database.
        from tests.bench.quick import CONTACTS, run_quick
        from tests.bench.run import run

        data = Path(os.environ.get("DISTRIBUTOR_DATA", ".data"))
        if options.quick:
            return run_quick(options.contacts or CONTACTS, data)
        return run(options.contacts or 1_000_000, options.only, data)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="judge a few ratios only, in a few minutes")
    parser.add_argument(
        "--contacts", type=int, help="how many contacts exist at the start: 1,000,000, or 40,000 if quick"
    )
    parser.add_argument("--only", default=SCENARIOS, help="the scenarios to run, such as cd or c,d")
    parser.add_argument("--keep", action="store_true", help="do not drop the database")
    options = parser.parse_args()
    options.only = options.only.replace(",", "")
    if not set(options.only) <= set(SCENARIOS):
        parser.error(f"scenarios are {', '.join(SCENARIOS)}")
    return options


if __name__ == "__main__":
    sys.exit(main())
