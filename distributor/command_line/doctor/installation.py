"""Settings, the journal, recovery after a restore, and disks."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

from distributor.command_line.doctor.finding import Finding
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.infrastructure.installation import find_installation
from distributor.engine.recovery.status import read_memory_status

WARN_FREE_BYTES: Final = 5 * 2**30
FAIL_FREE_BYTES: Final = 2**29
_LOCAL: Final = ("localhost", "127.0.0.1", "::1")


def check_settings() -> Iterator[Finding]:
    """Yield what is risky in the settings. Of a demo, only what matters on a laptop."""
    is_demo = bool(find_installation().demo) and settings.SANDBOX_OPEN
    host = urlsplit(settings.PUBLIC_BASE_URL).hostname or ""
    if settings.DEBUG:
        yield Finding.fail("DEBUG", "It is on: errors show settings to everybody.", "Unset DEBUG.")
    if not is_demo:
        yield from _check_production(host)
    if settings.REDIS_URL == "":
        text = "REDIS_URL is not set: requests and anonymous answers are not counted."
        yield Finding.warn("REDIS_URL", text, "Set it to a Valkey or Redis.")
    yield Finding.ok("settings", f"Links lead to {settings.PUBLIC_BASE_URL}{', a demo' if is_demo else ''}.")


def check_memory() -> Iterator[Finding]:
    """Yield whether the database was restored and waits for a release, and whether the journal is written."""
    status = read_memory_status(database_now())
    if status.recovering_since is not None:
        yield Finding.fail("recovery", status.summary, "See “Backup and restore” in docs/production.md.")
    if status.is_journal_broken:
        yield Finding.fail(
            "journal", f"It is {status.journal}.", "Make its folder writable, and its disk large enough."
        )
    elif status.journal == "off":
        remedy = "Set JOURNAL_FOLDER, so that a restored database learns what it has forgotten."
        yield Finding.warn("journal", "It is off.", remedy)
    else:
        yield Finding.ok("journal", "It is written.")


def check_disks() -> Iterator[Finding]:
    """Yield the free space of the journal's folder. Where PostgreSQL writes is not known."""
    if settings.JOURNAL_FOLDER and Path(settings.JOURNAL_FOLDER).is_dir():
        yield _judge_disk("disk of the journal", shutil.disk_usage(settings.JOURNAL_FOLDER).free)


def _judge_disk(what: str, free_bytes: int) -> Finding:
    text = f"{free_bytes / 2**30:.1f} GiB are free."
    if free_bytes < FAIL_FREE_BYTES:
        return Finding.fail(what, text, "Make room: nothing is sent once it is full.")
    if free_bytes < WARN_FREE_BYTES:
        return Finding.warn(what, text, "Make room soon.")
    return Finding.ok(what, text)


def _check_production(host: str) -> Iterator[Finding]:
    if host in _LOCAL:
        text = f"Links in messages lead to {settings.PUBLIC_BASE_URL}, which only this machine can open."
        yield Finding.fail("PUBLIC_BASE_URL", text, "Set it to the address that recipients can open.")
    elif not settings.PUBLIC_BASE_URL.startswith("https://"):
        yield Finding.warn("PUBLIC_BASE_URL", "It is not https: cookies are not secure.", "Set it to https://…")
    if settings.SANDBOX_OPEN:
        yield Finding.warn("SANDBOX_OPEN", "Everybody can read the sandbox's messages.", "Unset it.")
    if settings.ADDRESS_KEY_SECRET == settings.SECRET_KEY:
        text = "It is SECRET_KEY, which can then never change."
        yield Finding.warn("ADDRESS_KEY_SECRET", text, "Set it to what SECRET_KEY is now, before that changes.")
    if not settings.REQUIRE_SECOND_FACTOR:
        yield Finding.warn("REQUIRE_SECOND_FACTOR", "Operators sign in with a password alone.", "Set it to 1.")
    if settings.ALLOWED_PROVIDER_HOSTS == ["*"]:
        text = "Provider accounts may connect to any host, also without TLS."
        yield Finding.warn("ALLOWED_PROVIDER_HOSTS", text, "List your relays, or leave it empty.")
