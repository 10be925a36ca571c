"""`--channel email[:account[:template]]`: the steps of a send, in the order in which they are given."""

from collections.abc import Sequence
from functools import partial

from contacts.channel import Channel
from distributor.command_line.faults import BadUseError, FaultList
from distributor.command_line.lookups import find_account, find_template
from distributor.command_line.operator import Desk
from distributor.engine.acceptance.defaults import find_defaults
from distributor.rules.requests import StepRequest


def read_steps(desk: Desk, given: Sequence[str]) -> list[StepRequest]:
    """Return the steps. Raises BadUseError with the faults of all of them."""
    faults = FaultList()
    if not given:
        faults.add("Add --channel email, sms or whatsapp.")
    steps = [faults.unless_faulty(partial(_read_step, desk, text, place)) for place, text in enumerate(given, 1)]
    faults.raise_if_any()
    return [step for step in steps if step is not None]


def _read_step(desk: Desk, text: str, priority: int) -> StepRequest:
    channel, *names = (part.strip() for part in text.split(":", 2))
    if channel not in Channel.values:
        raise BadUseError(f"--channel {text}: “{channel}” is not a channel. Use email, sms or whatsapp.")
    account_text, template_text = [*names, "", ""][:2]
    defaults = find_defaults(desk.organization, None, channel)
    faults = FaultList()
    account_id, template_id = defaults.provider_account_id, defaults.template_id
    if account_text:
        account = faults.unless_faulty(lambda: find_account(desk, channel, account_text))
        account_id = account.pk if account else None
    elif account_id is None:
        faults.add(f"--channel {text}: {channel} has no default provider account. Name one: {channel}:ACCOUNT.")
    if template_text:
        template = faults.unless_faulty(lambda: find_template(desk, channel, template_text))
        template_id = template.pk if template else None
    elif template_id is None:
        faults.add(f"--channel {text}: {channel} has no default template. Name one: {channel}:ACCOUNT:TEMPLATE.")
    faults.raise_if_any()
    assert account_id is not None
    assert template_id is not None
    return StepRequest(channel, account_id, template_id, priority)
