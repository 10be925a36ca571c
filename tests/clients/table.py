"""What `make clients` prints."""

from collections.abc import Mapping

from tests.clients.run import Failure, Outcome

SHOWN_CALLS = 2


def render_table(outcomes: Mapping[str, Outcome]) -> str:
    """Return the table, then what is out of scope by reason, then each failure with its last calls."""
    lines = ["| client | passed | failed | out of scope |", "|---|---|---|---|"]
    for name, outcome in outcomes.items():
        lines.append(f"| {name} | {len(outcome.passed)} | {len(outcome.failed)} | {len(outcome.out_of_scope)} |")
    lines += ["", *_render_out_of_scope(outcomes)]
    for name, outcome in outcomes.items():
        for failure in outcome.failed:
            lines += ["", *_render_failure(name, failure)]
    return "\n".join(lines)


def _render_out_of_scope(outcomes: Mapping[str, Outcome]) -> list[str]:
    names: dict[tuple[str, str], list[str]] = {}
    for client, outcome in outcomes.items():
        for name, reason in outcome.out_of_scope.items():
            names.setdefault((client, reason), []).append(name)
    return [f"out of scope: {client}: {', '.join(calls)}: {reason}" for (client, reason), calls in names.items()]


def _render_failure(client: str, failure: Failure) -> list[str]:
    refused = [call for call in failure.calls if call.status >= 400]
    shown = (refused or failure.calls)[-SHOWN_CALLS:]
    calls = [f"    {call.method} {call.path} -> {call.status} {call.answer}" for call in shown]
    return [f"FAILED {client}: {failure.name}: {failure.fault}", *calls]
