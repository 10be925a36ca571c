"""The web server of a run, with the routes of the product and its rivals, and its clients."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from config.stack.product.programs import product_programs
from tests.bench.stage.clients import CLIENTS, Caller, Load, run_in_parallel
from tests.bench.stage.contact_supply import ContactSupply, quick_body
from tests.bench.stage.database import Stage
from tests.bench.stage.processes import answers, free_port, running, wait_until


class Web:
    """A running server."""

    def __init__(self, port: int, stage: Stage) -> None:
        self.port = port
        self._stage = stage

    def send(self, prefix: str, bodies: Sequence[bytes], limit_seconds: float) -> Load:
        """Post the bodies to `{prefix}/surveys/{surveyId}/distributions/quick`, one at a time per client."""
        return self.post(f"{prefix}/surveys/{self._stage.survey_id}/distributions/quick", bodies, limit_seconds)

    def post(self, path: str, bodies: Sequence[bytes], limit_seconds: float) -> Load:
        """Post the bodies, one at a time per client."""
        callers = [Caller(self.port, self._stage.api_key) for _ in range(CLIENTS)]
        posts: list[Callable[[bytes], None]] = [partial(caller.post, path) for caller in callers]
        return run_in_parallel(posts, bodies, limit_seconds)

    def bodies(self, supply: ContactSupply, count: int, size: int, new_share: float) -> list[bytes]:
        """Return `count` bodies of `size` contacts."""
        stage = self._stage
        return [
            quick_body(
                supply.take(size, new_share), stage.survey_id, stage.channel, stage.provider_id, stage.template_id
            )
            for _ in range(count)
        ]


STOCK = {"DJANGO_SETTINGS_MODULE": "tests.bench.settings.default"}


@contextmanager
def web_server(
    stage: Stage, log: Path, *, is_stock: bool = False, environment: Mapping[str, str] | None = None
) -> Iterator[Web]:
    """Run the product's web server as `make run` does. `is_stock`: the same server with an untuned Django."""
    port = free_port()
    programs = product_programs("127.0.0.1", port, beat_schedule=log.with_name("schedule"))
    web = next(program for program in programs if program.name == "web")
    command, settings = web.command, web.settings
    if is_stock:
        command = ["tests.bench.wsgi:application" if word == "config.wsgi:application" else word for word in command]
        settings = STOCK
    with running(command, {**settings, **(environment or {})}, log) as check:
        wait_until(partial(answers, port), check)
        yield Web(port, stage)
