"""How long PostgreSQL may work on one statement, and wait for one lock: less for a call than for a worker.

Commands (`manage.py …`) have no limits: a migration or a backfill takes as long as it takes.
"""

import os
from typing import Final, Literal

from django.conf import settings

# A call: its client and gunicorn give up after 60 s. A worker finds what was not done again.
_DEFAULTS_SECONDS: Final = {"web": (30.0, 10.0), "worker": (120.0, 30.0)}

# A machine that vanishes leaves its sessions, and with them its locks, for a minute instead of two hours.
_KEEPALIVES: Final = {"tcp_keepalives_idle": "30", "tcp_keepalives_interval": "10", "tcp_keepalives_count": "3"}


def limit_statements(process: Literal["web", "worker"]) -> None:
    """Limit the statements of all connections that this process opens from now on. 0 means no limit.

    Environment: WEB_STATEMENT_TIMEOUT_SECONDS, WEB_LOCK_TIMEOUT_SECONDS, and the same with WORKER.
    """
    defaults = _DEFAULTS_SECONDS[process]
    names = ("statement_timeout", "lock_timeout")
    limits = {
        name: float(os.environ.get(f"{process}_{name}_seconds".upper(), default))
        for name, default in zip(names, defaults, strict=True)
    }
    options = settings.DATABASES["default"]["OPTIONS"]
    options["application_name"] = f"distributor {process}"  # engine/dispatch/slots.py counts workers by it
    given = [options["options"]] if options.get("options") else []
    wanted = {name: f"{limits[name] * 1_000:.0f}" for name in names} | _KEEPALIVES
    options["options"] = " ".join([*given, *(f"-c {name}={value}" for name, value in wanted.items())])
