"""What a measurement that runs by itself needs: a database and a broker of its own, and Django on top of them."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import django

from tests.bench.stage.servers import DATABASE, own_broker_url, own_database


@contextmanager
def own_installation(*, name: str = DATABASE, **environment: str) -> Iterator[None]:
    """Migrate a new database on the server of DATABASE_URL, and drop it at the end.

    `environment` are further settings. Ends the program if DATABASE_URL or REDIS_URL is not set.
    """
    require_servers()
    with own_database(os.environ["DATABASE_URL"], name=name) as url:
        os.environ["DATABASE_URL"], os.environ["REDIS_URL"] = url, own_broker_url(os.environ["REDIS_URL"])
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.settings"
        os.environ["ALLOWED_HOSTS"] = "testserver"
        os.environ.update(environment)
        django.setup()
        logging.disable(logging.WARNING)  # a line per call is the web server's affair
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        yield


def require_servers() -> None:
    if not {"DATABASE_URL", "REDIS_URL"} <= os.environ.keys():
        sys.exit("set DATABASE_URL and REDIS_URL to the servers to use")
