"""Webhooks: repeated, shuffled, early, forged, and while the web process dies."""

from random import Random

from tests.chaos.outside.proxy import Mode
from tests.chaos.registry import row
from tests.chaos.rows.points import arm, await_point
from tests.chaos.trial import Trial

BOUNCE = {"type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 no such user"}


@row("webhooks five times, shuffled", "each of 200 events five times, in any order; a quarter of people bounced")
def repeat_and_shuffle(trial: Trial) -> None:
    (promise,) = trial.accept(100, by="sendgrid", call_size=100)
    trial.wait_for_messages(100)
    bounced = set(promise.addresses[:25])
    webhooks = trial.stack.providers.webhooks("delivered", set(promise.addresses) - bounced)
    webhooks += trial.stack.providers.webhooks("processed", promise.addresses)
    webhooks += trial.stack.providers.webhooks("bounce", bounced, **BOUNCE)
    repeated = webhooks * 5
    Random(3).shuffle(repeated)
    with trial.fault():
        trial.report(repeated)
    trial.expected = dict.fromkeys(bounced, "failed")


@row("webhooks forged", "bounces with a wrong signature, and a right one over another body")
def forge(trial: Trial) -> None:
    (promise,) = trial.accept(20, by="sendgrid", call_size=20)
    trial.drain()
    path = f"/webhooks/{trial.account('sendgrid')}"
    with trial.fault():
        for webhook in trial.stack.providers.webhooks("bounce", promise.addresses, **BOUNCE):
            headers = webhook["headers"]
            name = next(name for name in headers if name.endswith("signature"))
            for forged in (
                {**webhook, "headers": {**headers, name: headers[name][::-1]}},
                {**webhook, "headers": {k: v for k, v in headers.items() if k != name}},
                {**webhook, "body": webhook["body"].replace("no such user", "no such User")},
            ):
                status = trial.caller.post_webhook(path, forged)
                trial.require(status == 403, f"a forged webhook was answered {status}")


@row("webhooks before the answer", "SendGrid reports 100 bounces while its answer is held back for 3 s")
def report_early(trial: Trial) -> None:
    trial.stack.providers.script("sendgrid", latency_seconds=3.0)
    (promise,) = trial.accept(100, by="sendgrid", call_size=100)
    trial.wait_for_messages(100)
    with trial.fault():
        trial.report(trial.stack.providers.webhooks("bounce", promise.addresses, **BOUNCE))
    trial.expected = dict.fromkeys(promise.addresses, "failed")


@row("killed at “told”", "the web process dies while it takes 30 bounces; SendGrid repeats them")
def kill_at_told(trial: Trial) -> None:
    (promise,) = trial.accept(30, by="sendgrid", call_size=30)
    trial.drain()
    webhooks = trial.stack.providers.webhooks("bounce", promise.addresses, **BOUNCE)
    arm(trial, "web", "told", times=2)
    trial.stack.programs.restart("web")
    with trial.fault():
        trial.report(webhooks)
    await_point(trial, "web", "told", times=2)
    trial.expected = dict.fromkeys(promise.addresses, "failed")


@row("webhooks while PostgreSQL is away", "30 bounces arrive while the database is unreachable for 5 s")
def report_without_database(trial: Trial) -> None:
    (promise,) = trial.accept(30, by="sendgrid", call_size=30)
    trial.drain()
    webhooks = trial.stack.providers.webhooks("bounce", promise.addresses, **BOUNCE)
    path = f"/webhooks/{trial.account('sendgrid')}"
    trial.stack.database.set(Mode.DOWN)
    with trial.fault():
        first = trial.caller.post_webhook(path, webhooks[0], limit_seconds=1)
        trial.require(first >= 500 or first == 0, f"without a database a webhook was answered {first}")
        trial.stack.database.set(Mode.OPEN)
    trial.report(webhooks)
    trial.expected = dict.fromkeys(promise.addresses, "failed")
