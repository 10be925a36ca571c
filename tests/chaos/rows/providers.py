"""Providers that are slow, busy, wrong, or take a message and say that they did not."""

from tests.chaos.registry import row
from tests.chaos.trial import Trial

# Three calls of this size open the breaker; afterwards single probes leave.
CALL_SIZE = 50
DOUBTED = 3 * CALL_SIZE + 10
# What a worker may use at most while it refuses to inflate an answer; 120 MB without any fault.
MEMORY_MB = 250


@row("429", "SendGrid answers every request “too fast” for 10 s")
def throttle(trial: Trial) -> None:
    trial.stack.providers.script("sendgrid", fault="throttled")
    with trial.fault():
        trial.accept(300, by="sendgrid", call_size=CALL_SIZE)
        trial.sleep(10)
        trial.stack.providers.reset()


@row("503", "SendGrid is down for maintenance for 20 s")
def be_unavailable(trial: Trial) -> None:
    trial.stack.providers.script("sendgrid", fault="unavailable")
    with trial.fault():
        trial.accept(300, by="sendgrid", call_size=CALL_SIZE)
        trial.sleep(20)
        trial.stack.providers.reset()


@row(
    "500 but sent",
    "SendGrid takes every request for 10 s and answers 500, and no webhook ever tells",
    risk=DOUBTED,
)
def take_and_deny(trial: Trial) -> None:
    trial.stack.providers.script("sendgrid", fault="lost_answer")
    with trial.fault():
        trial.accept(200, by="sendgrid", call_size=CALL_SIZE)
        trial.sleep(10)
        trial.stack.providers.reset()


@row("500 but sent, webhooks tell", "the same, and afterwards webhooks report what was delivered")
def take_deny_and_report(trial: Trial) -> None:
    trial.stack.providers.script("sendgrid", fault="lost_answer")
    with trial.fault():
        trial.accept(200, by="sendgrid", call_size=CALL_SIZE)
        trial.sleep(5)
        trial.stack.providers.reset()
        taken = {message.to for message in trial.taken}
        trial.report(trial.stack.providers.webhooks("delivered", taken))
    trial.notes.append(f"{len(taken)} were in doubt")


@row("500 but sent, SMS", "Twilio takes every request for 5 s and answers 500: nobody is asked twice")
def take_and_deny_texts(trial: Trial) -> None:
    trial.stack.providers.script("twilio", fault="lost_answer")
    with trial.fault():
        trial.accept(100, by="twilio", call_size=20)
        trial.sleep(5)
        trial.stack.providers.reset()


@row("slow", "the relay takes 5 s for each of 60 messages")
def be_slow(trial: Trial) -> None:
    trial.stack.providers.script("relay", latency_seconds=5.0)
    with trial.fault():
        trial.accept(60, call_size=20)
        trial.sleep(20)
        trial.stack.providers.reset()


@row("half-closed", "SendGrid closes its side of each connection after the answer")
def close_half(trial: Trial) -> None:
    trial.stack.providers.script("sendgrid", fault="half_closed")
    with trial.fault():
        trial.accept(300, by="sendgrid", call_size=20)
        trial.wait_for_messages(300)


@row("garbage", "SendGrid takes every request for 5 s and answers status 299 and noise", risk=DOUBTED)
def answer_garbage(trial: Trial) -> None:
    trial.stack.providers.script("sendgrid", strange="garbage")
    with trial.fault():
        trial.accept(200, by="sendgrid", call_size=CALL_SIZE)
        trial.sleep(5)
        trial.stack.providers.reset()


@row(
    "gzip bomb",
    "SendGrid takes every request for 5 s and answers 500 with 400 MB in 400 KB of gzip",
    risk=DOUBTED,
)
def answer_with_bomb(trial: Trial) -> None:
    trial.stack.providers.script("sendgrid", strange="gzip_bomb")
    with trial.fault():
        trial.accept(100, by="sendgrid", call_size=CALL_SIZE)
        trial.wait_for_messages(CALL_SIZE)
        trial.sleep(5, short_seconds=3)
        peak = trial.stack.worker_peak_mb()
        trial.stack.providers.reset()
    trial.notes.append(f"a worker used at most {peak} MB")
    trial.require(peak < MEMORY_MB, f"a worker used {peak} MB")


@row("relay says later", "the relay answers 451 4.3.0 to MAIL for 10 s")
def be_busy(trial: Trial) -> None:
    trial.stack.providers.script("relay", replies={"MAIL": "451 4.3.0 Temporary system problem"})
    with trial.fault():
        trial.accept(300, call_size=CALL_SIZE)
        trial.sleep(10)
        trial.stack.providers.reset()


@row("relay drops after DATA", "for 5 s the relay takes each message and cuts the connection", risk=DOUBTED)
def drop_after_content(trial: Trial) -> None:
    trial.stack.providers.script("relay", replies={"CONTENT": "drop"})
    with trial.fault():
        trial.accept(200, call_size=CALL_SIZE)
        trial.sleep(5)
        trial.stack.providers.reset()


@row("TLS errors", "the relay shows an expired certificate for 5 s, then another host's for 5 s")
def show_wrong_certificates(trial: Trial) -> None:
    trial.stack.providers.script("tls_relay", certificate="expired")
    with trial.fault():
        trial.accept(200, by="tls_relay", call_size=CALL_SIZE)
        trial.sleep(5)
        trial.require(not trial.taken, "messages left over a connection with an expired certificate")
        trial.stack.providers.script("tls_relay", certificate="another host's")
        trial.sleep(5)
        trial.require(not trial.taken, "messages left over a connection with another host's certificate")
        trial.stack.providers.reset()
