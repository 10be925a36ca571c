"""The facts that the figures of a run depend on."""

import os
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

PACKAGES = (
    "django",
    "celery",
    "gunicorn",
    "psycopg",
    "django-post-office",
    "procrastinate",
    "dramatiq",
    "sendgrid",
    "twilio",
)


def machine_facts(server: Mapping[str, str]) -> dict[str, str]:
    """Return the machine, the versions of what is compared, and the database server's facts."""
    return {
        "cores": str(os.cpu_count()),
        "processor": _processor(),
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
        **server,
    }


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())
