"""The web process, killed in the middle of calls that their callers repeat."""

from tests.chaos.outside.proxy import Mode
from tests.chaos.registry import row
from tests.chaos.rows.points import arm, await_point
from tests.chaos.trial import Trial


@row("web killed", "kill -9 of the web process under load, five times; callers repeat their calls")
def kill_web(trial: Trial) -> None:
    with trial.fault(), trial.accepting(600, call_size=20, callers=4):
        for _ in range(2 if trial.is_short else 5):
            trial.sleep(1.0, short_seconds=0.7)
            trial.stack.programs.kill("web")
            trial.sleep(3.0, short_seconds=2.0)
    trial.notes.append(f"{trial.caller.repeats} repeated calls")


@row("callers hang up", "each call's answer is lost once: the proxy swallows what web and PostgreSQL say for 8 s")
def lose_answers(trial: Trial) -> None:
    with trial.fault(), trial.accepting(400, call_size=20, callers=4):
        trial.sleep(0.5)
        trial.stack.database.set(Mode.ANSWERS_LOST)
        trial.sleep(8)
        trial.stack.database.set(Mode.OPEN)
    trial.notes.append(f"{trial.caller.repeats} repeated calls")


@row("killed at “adding”", "the web process dies while a reminder is added; the caller repeats the call")
def kill_at_adding(trial: Trial) -> None:
    (promise,) = trial.accept(50, call_size=50)
    trial.drain()
    trial.messages_each = 2
    arm(trial, "web", "adding")
    trial.stack.programs.restart("web")
    path = f"distributions/{promise.distribution_id}/steps"
    with trial.fault():
        trial.caller.ask("POST", path, {"kind": "reminder", **trial.step("relay")}, key=f"adding {path}")
    await_point(trial, "web", "adding")
    trial.wait_for_messages(100)


@row("killed at “opting out”", "the web process dies while 10 of 60 waiting people opt out; the callers repeat")
def kill_at_opt_out(trial: Trial) -> None:
    trial.stack.ways["relay"].set(Mode.DOWN)
    (promise,) = trial.accept(60, call_size=60)
    people = trial.sql(
        "SELECT c.id::text, c.email FROM distributor_recipient r JOIN contacts_contact c ON c.id = r.contact_id"
        " WHERE r.distribution_id::text = %s ORDER BY r.id LIMIT 10",
        [promise.distribution_id],
    )
    arm(trial, "web", "opting out", times=2)
    trial.stack.programs.restart("web")
    with trial.fault():
        for contact_id, _ in people:
            trial.caller.ask("POST", f"contacts/{contact_id}/opt-out", limit_seconds=240)
    await_point(trial, "web", "opting out", times=2)
    trial.expected = {str(email): "" for _, email in people}


@row("killed at “answering”", "the web process dies while 10 people answer who wait for a reminder; the callers repeat")
def kill_at_answer(trial: Trial) -> None:
    steps = [trial.step("relay"), {**trial.step("relay"), "kind": "reminder", "delayMinutes": 60}]
    promise = trial.caller.accept(trial.survey, steps, trial.people(30))
    trial.wait_for_messages(30)
    codes = trial.sql(
        "SELECT code FROM distributor_recipient WHERE distribution_id::text = %s ORDER BY id LIMIT 10",
        [promise.distribution_id],
    )
    arm(trial, "web", "answering", times=2)
    trial.stack.programs.restart("web")
    with trial.fault():
        for (code,) in codes:
            trial.caller.ask("POST", f"links/{code}/responses", {"answers": {"score": 9}}, limit_seconds=240)
    await_point(trial, "web", "answering", times=2)
    answered = trial.sql(
        "SELECT count(*), count(DISTINCT recipient_id) FROM distributor_response r"
        " JOIN distributor_recipient p ON p.id = r.recipient_id WHERE p.distribution_id::text = %s",
        [promise.distribution_id],
    )[0]
    trial.require(answered == (10, 10), f"10 answers are {answered}")
    trial.caller.ask("POST", f"distributions/{promise.distribution_id}/cancel")
