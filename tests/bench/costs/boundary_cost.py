"""What boundaries between organisations cost: `python -m tests.bench.costs.boundary_cost`, with DATABASE_URL set.

Quick calls of 1 and of 1,000 new contacts take turns on one database: with plain foreign keys, with the boundary
(decision 42), and with plain foreign keys and row-level security on the tables that name their organisation.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

from tests.bench.stage.alone import own_installation

ROUNDS = 9
CALLS = {1: 40, 1_000: 5}
WARM_UP_CALLS = 3
# Not api_key: it is what finds the organisation. Not recipient: PostgreSQL refuses COPY into a table with policies.
GUARDED = (
    "contacts_contact", "contacts_mailinglist", "contacts_suppression", "distributor_survey",
    "distributor_distribution", "distributor_batch", "channels_provideraccount", "channels_template",
)  # fmt: skip
ROLE = "distributor_bench_web"


def measure() -> None:
    from django.db import connection

    from tests.bench.stage.contact_supply import ContactSupply
    from tests.bench.stage.database import fill_contacts, set_stage

    stage = set_stage()
    fill_contacts(stage, 30_000)
    supply = ContactSupply(30_000)
    arms: dict[str, Callable[[], Any]] = {"plain": _plain, "boundary": _boundary, "policies": _policies}
    taken: dict[tuple[str, int], list[float]] = {}
    for number in range(ROUNDS):
        names = list(arms)
        for arm in names[number % 3 :] + names[: number % 3]:
            with arms[arm]():
                for size, count in CALLS.items():
                    taken.setdefault((arm, size), []).append(_call(stage, supply, size, count))
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    for size in CALLS:
        base = median(taken["plain", size])
        for arm in arms:
            ms = median(taken[arm, size])
            print(f"{size:>5} contacts  {arm:<9} {ms:8.2f} ms  {100 * (ms / base - 1):+5.1f} %")


def _call(stage: Any, supply: Any, size: int, count: int) -> float:
    """Return the milliseconds of a processor that a call takes, here and in PostgreSQL, without a network.

    Other work on the machine changes these less than the time on the clock.
    """
    from django.db import connection
    from django.test import Client

    from tests.bench.stage.contact_supply import quick_body

    client = Client(headers={"x-api-key": stage.api_key})
    url = f"/api/surveys/{stage.survey_id}/distributions/quick"
    began = 0.0
    for number in range(WARM_UP_CALLS + count):
        if number == WARM_UP_CALLS:
            began = processor_seconds(connection.connection.info.backend_pid)
        body = quick_body(
            supply.take(size, new_share=1.0), stage.survey_id, stage.channel, stage.provider_id, stage.template_id
        )
        response = client.post(url, body, content_type="application/json")
        if response.status_code != 201:
            raise RuntimeError(response.content[:500])
    return (processor_seconds(connection.connection.info.backend_pid) - began) * 1_000 / count


def processor_seconds(server_pid: int) -> float:
    """Return what this process and its PostgreSQL session have used so far."""
    nanoseconds = int(Path(f"/proc/{server_pid}/schedstat").read_text().split()[0])
    return process_time() + nanoseconds / 1_000_000_000


def _boundaries() -> Iterator[tuple[Any, Any]]:
    from django.apps import apps

    from contacts.organization_boundary import KeepsOrganization

    for model in apps.get_models():
        for constraint in model._meta.constraints:
            if type(constraint).__module__ == KeepsOrganization.__module__ and hasattr(constraint, "remove_sql"):
                yield model, constraint


@contextmanager
def _boundary() -> Iterator[None]:
    """The database as it is."""
    yield


@contextmanager
def _plain() -> Iterator[None]:
    """Plain foreign keys and no triggers. The keys that the composite ones refer to stay out as well."""
    from django.db import connection

    from contacts.organization_boundary import OrganizationKey, SameOrganizationKey

    boundaries = sorted(_boundaries(), key=lambda pair: isinstance(pair[1], OrganizationKey))
    plain: list[tuple[str, str]] = []
    with connection.schema_editor() as editor:
        for model, boundary in boundaries:
            editor.remove_constraint(model, boundary)
            if isinstance(boundary, SameOrganizationKey):
                field = model._meta.get_field(boundary.field)
                parent, name = field.related_model._meta.db_table, f"plain_{len(plain)}"
                editor.execute(
                    f'ALTER TABLE "{model._meta.db_table}" ADD CONSTRAINT {name} FOREIGN KEY ("{field.column}")'
                    f' REFERENCES "{parent}" DEFERRABLE INITIALLY DEFERRED'
                )
                plain.append((model._meta.db_table, name))
    yield
    with connection.schema_editor() as editor:
        for table, name in plain:
            editor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT {name}')
        for model, boundary in reversed(boundaries):
            editor.add_constraint(model, boundary)


@contextmanager
def _policies() -> Iterator[None]:
    """Plain foreign keys, a role that does not own the tables, and the organisation set in each transaction."""
    from unittest.mock import patch

    from django.db import connection

    from distributor.engine.acceptance import accept

    inner = accept.accept_in_transaction

    def in_organization(organization: Any, *arguments: Any, **keywords: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('distributor.organization', %s, true)", [str(organization.pk)])
        return inner(organization, *arguments, **keywords)

    own = "organization_id = current_setting('distributor.organization')::uuid"
    with _plain(), connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {ROLE}; GRANT ALL ON ALL TABLES IN SCHEMA public TO {ROLE}")
        cursor.execute(f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {ROLE}")
        for table in GUARDED:
            cursor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON {table} USING ({own})")
        cursor.execute(f"SET ROLE {ROLE}")
        with patch.object(accept, "accept_in_transaction", in_organization):
            yield
        cursor.execute("RESET ROLE")
        for table in GUARDED:
            cursor.execute(f"DROP POLICY own ON {table}; ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        cursor.execute(f"DROP OWNED BY {ROLE}; DROP ROLE {ROLE}")


def main() -> int:
    with own_installation():
        measure()
    return 0


if __name__ == "__main__":
    sys.exit(main())
