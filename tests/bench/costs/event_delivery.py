"""How many events a worker sends to a receiver on the same machine: `python -m tests.bench.costs.event_delivery`.

Needs DATABASE_URL. The receiver is a process of its own that reads each request and answers 204.
"""

import socket
import subprocess
import sys
from time import perf_counter
from typing import Any

from tests.bench.costs.boundary_cost import processor_seconds
from tests.bench.stage.alone import own_installation

EVENTS = 20_000
RECEIVER = """
import selectors, socket
server = socket.create_server(("127.0.0.1", {port}), backlog=100)
server.setblocking(False)
chosen = selectors.DefaultSelector()
chosen.register(server, selectors.EVENT_READ)
held = {{}}
print("ready", flush=True)
while True:
    for key, _ in chosen.select():
        if key.fileobj is server:
            client, _ = server.accept()
            client.setblocking(False)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            chosen.register(client, selectors.EVENT_READ)
            held[client] = b""
            continue
        client = key.fileobj
        part = client.recv(262144)
        if not part:
            chosen.unregister(client)
            client.close()
            continue
        held[client] += part
        head, _, body = held[client].partition(b"\\r\\n\\r\\n")
        lowered = head.lower()
        at = lowered.find(b"content-length:")
        if at >= 0 and len(body) >= int(lowered[at + 15:].split(b"\\r\\n")[0]):
            held[client] = b""
            client.sendall(b"HTTP/1.1 204 No Content\\r\\n\\r\\n")
"""


def measure() -> None:
    from django.db import connection

    from distributor.engine.events.deliver import deliver_due
    from distributor.engine.events.endpoints import create_endpoint
    from distributor.engine.infrastructure.clock import database_now
    from distributor.models import EventDelivery, EventEndpoint
    from tests.bench.stage.database import fill_contacts, set_stage

    stage = set_stage()
    fill_contacts(stage, EVENTS)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen(
        [sys.executable, "-c", RECEIVER.format(port=port)], stdout=subprocess.PIPE, text=True
    ) as receiver:
        assert receiver.stdout is not None
        receiver.stdout.readline()
        for batch_size in (1, 100):
            EventDelivery.objects.all().delete()
            EventEndpoint.objects.all().delete()
            values = {"name": "bench", "url": f"http://127.0.0.1:{port}/", "batch_size": batch_size}
            create_endpoint(_organization(), values, database_now())
            _accept(stage)
            server_pid = connection.connection.info.backend_pid
            began, began_processor = perf_counter(), processor_seconds(server_pid)
            while deliver_due(database_now):
                pass
            seconds, processor = perf_counter() - began, processor_seconds(server_pid) - began_processor
            sent = sum(len(row.places) for row in EventDelivery.objects.filter(state="delivered"))
            print(
                f"batch size {batch_size:>3}: {sent:,} events in {seconds:.1f} s: {sent / seconds:,.0f} a second;"
                f" {processor / sent * 1_000_000:.0f} µs of a processor each, worker and PostgreSQL",
                flush=True,
            )
        receiver.kill()


def _organization() -> Any:
    from contacts.models import Organization

    return Organization.objects.get()


def _accept(stage: Any) -> None:
    from django.test import Client

    from tests.bench.stage.contact_supply import ContactSupply, quick_body

    supply = ContactSupply(EVENTS)
    client = Client(headers={"x-api-key": stage.api_key})
    for _ in range(EVENTS // 1_000):
        body = quick_body(
            supply.take(1_000, new_share=0.0), stage.survey_id, stage.channel, stage.provider_id, stage.template_id
        )
        response = client.post(
            f"/api/surveys/{stage.survey_id}/distributions/quick", body, content_type="application/json"
        )
        if response.status_code != 201:
            raise RuntimeError(response.content[:500])


def main() -> int:
    with own_installation(name="distributor_bench_events", ALLOWED_PROVIDER_HOSTS="127.0.0.1"):
        measure()
    return 0


if __name__ == "__main__":
    sys.exit(main())
