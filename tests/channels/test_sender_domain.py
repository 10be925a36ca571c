"""SPF, DKIM and DMARC of a sender's domain, from records and from a real name server."""

import socket
import threading
from collections.abc import Generator
from typing import Any

import dns.message
import dns.resolver
import dns.rrset
import pytest

from channels import sender_domain
from channels.sender_domain import SELECTORS, Standing, check_sender_domain, judge_dkim, judge_dmarc, judge_spf

DOMAIN = "mail.acme.example"


def records(**texts: list[str] | None) -> dict[str, list[str] | None]:
    """Return an answer for every name: `spf` is the domain's, `s1` a selector's, `dmarc` and `dmarc_above` policies."""
    names = {f"{selector}._domainkey.{DOMAIN}": texts.get(selector, []) for selector in SELECTORS}
    above = {f"_dmarc.{DOMAIN}": texts.get("dmarc", []), "_dmarc.acme.example": texts.get("dmarc_above", [])}
    return {DOMAIN: texts.get("spf", []), **names, **above}


@pytest.mark.parametrize(
    ("texts", "standing"),
    [
        ([], Standing.MISSING),
        (["google-site-verification=x"], Standing.MISSING),
        (["v=spf10 include:x"], Standing.MISSING),
        (["v=spf1 include:sendgrid.net ~all"], Standing.FOUND),
        (["V=SPF1 -all"], Standing.FOUND),
        (["v=spf1 -all", "v=spf1 ~all"], Standing.MISSING),
        (None, Standing.UNCERTAIN),
    ],
)
def test_spf_is_one_record(texts: list[str] | None, standing: Standing) -> None:
    assert judge_spf(DOMAIN, records(spf=texts)).standing is standing


def test_a_dkim_key_is_looked_for_under_the_usual_selectors() -> None:
    found = judge_dkim(DOMAIN, records(s1=["v=DKIM1; k=rsa; p=MIGf"], k1=None))
    assert (found.standing, found.record) == (Standing.FOUND, "v=DKIM1; k=rsa; p=MIGf")
    assert "“s1”" in found.sentence
    # Another selector may have a key: nobody can tell.
    assert judge_dkim(DOMAIN, records(s1=["something else"])).standing is Standing.UNCERTAIN


@pytest.mark.parametrize(
    ("texts", "standing", "word"),
    [
        ({"dmarc": ["v=DMARC1; p=reject; rua=mailto:a@acme.example"]}, Standing.FOUND, "refused"),
        ({"dmarc": ["v=DMARC1;p=quarantine"]}, Standing.FOUND, "spam"),
        ({"dmarc_above": ["v=DMARC1; p=none"]}, Standing.FOUND, "all the same"),
        ({"dmarc": ["v=DMARC1"]}, Standing.FOUND, "no valid policy"),
        ({}, Standing.MISSING, "no DMARC record"),
        ({"dmarc_above": None}, Standing.UNCERTAIN, "did not answer"),
    ],
)
def test_a_policy_of_a_domain_above_holds_too(texts: dict[str, Any], standing: Standing, word: str) -> None:
    check = judge_dmarc(DOMAIN, records(**texts))
    assert check.standing is standing
    assert word in check.sentence


@pytest.fixture
def name_server(monkeypatch: pytest.MonkeyPatch) -> Generator[dict[str, list[str]]]:
    """A name server on UDP that knows these TXT records; other names do not exist. “silence” is never answered."""
    known: dict[str, list[str]] = {}
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            data, peer = server.recvfrom(4096)
            if not data:
                return
            query = dns.message.from_wire(data)
            name = query.question[0].name.to_text(omit_final_dot=True)
            if "silence" in name:
                continue
            answer = dns.message.make_response(query)
            if name in known:
                answer.answer.append(dns.rrset.from_text_list(query.question[0].name, 60, "IN", "TXT", known[name]))
            else:
                answer.set_rcode(dns.rcode.NXDOMAIN)
            server.sendto(answer.to_wire(), peer)

    thread = threading.Thread(target=serve)
    thread.start()
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], server.getsockname()[1]
    monkeypatch.setattr(dns.resolver, "default_resolver", resolver)
    monkeypatch.setattr(sender_domain, "SECONDS", 0.3)
    yield known
    server.sendto(b"", server.getsockname())
    thread.join()
    server.close()


def test_all_three_are_looked_up(name_server: dict[str, list[str]]) -> None:
    name_server["acme.example"] = ['"v=spf1 include:" "sendgrid.net -all"']
    name_server["s1._domainkey.acme.example"] = ['"v=DKIM1; p=MIGf"']
    name_server["_dmarc.acme.example"] = ['"v=DMARC1; p=none"']
    assert [check.standing for check in check_sender_domain("acme.example")] == [Standing.FOUND] * 3
    assert check_sender_domain("acme.example")[0].record == "v=spf1 include:sendgrid.net -all"
    nothing = [check.standing for check in check_sender_domain("other.example")]
    assert nothing == [Standing.MISSING, Standing.UNCERTAIN, Standing.MISSING]


def test_a_resolver_that_does_not_answer_is_said_to_be_silent(name_server: dict[str, list[str]]) -> None:
    checks = check_sender_domain("silence.example")
    assert [check.standing for check in checks] == [Standing.UNCERTAIN] * 3
    assert all("did not answer" in check.sentence for check in checks)
