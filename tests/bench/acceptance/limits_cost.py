"""What limits and the audit log cost a sending call: the same calls with and without them, in turns.

With: the product's server; the key and the organisation have numbers of requests a minute, and all daily quotas are
set. Without: a server that does not even ask whether there are limits, and an organisation without any. Sending calls
write no audit entry on either side.

The machine is never even for long, so slices are short, each side is first in half of the rounds, and the cost is the
median over rounds.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from contacts.models import ApiKey, Organization
from tests.bench.acceptance.call_sizes import QUICK, SINGLE_SEND, call_bodies, call_path
from tests.bench.rounds import Rounds
from tests.bench.stage.contact_supply import ContactSupply
from tests.bench.stage.database import Stage, settle_disk
from tests.bench.stage.web import Web, web_server

ROUNDS = 16
SLICE_SECONDS = 1.5
WARM_UP_CALLS = 40
MANY = 10**9
# By name: the scenario of call_sizes.py, the number of contacts, and more calls than a slice has.
CALLS = {"single_send": (SINGLE_SEND, 1, 1_500), "quick_1": (QUICK, 1, 1_500), "quick_1000": (QUICK, 1_000, 100)}
WITHOUT = {"DJANGO_SETTINGS_MODULE": "tests.bench.settings.unlimited"}


def measure_limits(
    stage: Stage, supply: ContactSupply, logs: Path, *, rounds: int = ROUNDS, slice_seconds: float = SLICE_SECONDS
) -> Rounds:
    """(q) Return requests/s with and without limits for each kind of call, and what limits cost in percent."""
    measured = Rounds()
    with (
        web_server(stage, logs / "limited.log") as limited,
        web_server(stage, logs / "unlimited.log", environment=WITHOUT) as unlimited,
    ):
        for name, (scenario, size, most_calls) in CALLS.items():
            bodies = partial(call_bodies, scenario, limited, stage, supply, size)
            run = partial(_slice, path=call_path(scenario, stage), stage=stage, seconds=slice_seconds)
            for web in (limited, unlimited):
                run(web, bodies(min(WARM_UP_CALLS, most_calls // 10)), is_limited=web is limited)
            settle_disk()
            for number in range(rounds):
                rate, without = _round(number, limited, unlimited, run, partial(bodies, most_calls))
                measured.add(
                    "q",
                    {
                        f"{name}_per_second_with": rate,
                        f"{name}_per_second_without": without,
                        f"{name}_cost_percent": 100 * (without / rate - 1),
                    },
                )
    _set_limits(stage, None)
    return measured


def _round(
    number: int, limited: Web, unlimited: Web, run: Callable[..., float], bodies: Callable[[], Sequence[bytes]]
) -> tuple[float, float]:
    """Run a slice of each side, in turns the one and the other first. Return requests/s with and without limits."""
    rates = {}
    for web in (limited, unlimited) if number % 2 else (unlimited, limited):
        rates[web] = run(web, bodies(), is_limited=web is limited)
    return rates[limited], rates[unlimited]


def _slice(web: Web, bodies: Sequence[bytes], *, path: str, stage: Stage, seconds: float, is_limited: bool) -> float:
    _set_limits(stage, MANY if is_limited else None)
    return web.post(path, bodies, seconds).per_second(1)


def _set_limits(stage: Stage, number: int | None) -> None:
    quotas = ("requests_per_minute", "emails_per_day", "texts_per_day", "whatsapps_per_day", "segments_per_day")
    Organization.objects.filter(id=stage.organization_id).update(**dict.fromkeys(quotas, number))
    ApiKey.objects.filter(organization_id=stage.organization_id).update(requests_per_minute=number)
