"""People who said no, in a campaign whose workers die: nobody of them may be written to."""

from tests.chaos.product.programs import WORKERS
from tests.chaos.registry import row
from tests.chaos.trial import Trial


@row("noes and killed workers", "40 of 400 are suppressed before they are accepted; both workers are killed", risk=200)
def kill_among_noes(trial: Trial) -> None:
    trial.stack.providers.script("relay", latency_seconds=0.05)
    people = trial.people(400)
    refused = [str(person["email"]) for person in people[::10]]
    for address in refused:
        trial.caller.ask("POST", "suppressions", {"channel": "email", "address": address, "reason": "manual"})
    trial.caller.accept(trial.survey, [trial.step("relay")], people, refused=refused)
    with trial.fault():
        trial.wait_for_messages(50)
        trial.stack.programs.stop(*WORKERS, is_hurried=True)
        trial.skip_leases()
        trial.stack.programs.start(*WORKERS)
