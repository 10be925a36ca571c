"""What the DNS says of a sender's domain: SPF (RFC 7208), DKIM (RFC 6376) and DMARC (RFC 7489)."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import dns.exception
import dns.resolver

SECONDS: Final = 3.0
# Selectors that providers give their customers. A key under another one cannot be found: DNS has no list of them.
SELECTORS: Final = (
    "default", "dkim", "mail", "selector1", "selector2", "s1", "s2", "k1", "k2", "mx", "smtp", "pic", "google",
    "resend", "mailjet", "brevo1", "brevo2", "mte1", "mte2", "mandrill", "scph0", "mlsend", "rwmt1", "pm",
)  # fmt: skip

# The TXT records of a name; None: the resolver did not answer.
Records = Mapping[str, Sequence[str] | None]


class Standing(StrEnum):
    """What was found of one record."""

    FOUND = "found"
    MISSING = "missing"
    UNCERTAIN = "uncertain"  # the resolver did not answer, or the record can have any name


@dataclass(frozen=True, slots=True)
class DomainCheck:
    """One of the three, in a sentence for the operator. `record` is the text of the DNS, or ""."""

    name: str
    standing: Standing
    sentence: str
    record: str = ""


def check_sender_domain(domain: str) -> list[DomainCheck]:
    """Look up SPF, DKIM and DMARC of a domain. Takes a few seconds at most, whatever the resolver does."""
    records = _look_up([domain, *_dkim_names(domain), *_dmarc_names(domain)])
    return [judge_spf(domain, records), judge_dkim(domain, records), judge_dmarc(domain, records)]


def judge_spf(domain: str, records: Records) -> DomainCheck:
    texts = records[domain]
    if texts is None:
        return _unanswered("SPF")
    found = [text for text in texts if text.lower().split(" ")[0] == "v=spf1"]
    if not found:
        return DomainCheck("SPF", Standing.MISSING, "There is no SPF record, which says who may send for the domain.")
    if len(found) > 1:
        return DomainCheck("SPF", Standing.MISSING, f"There are {len(found)} SPF records. Only one is valid.", found[0])
    return DomainCheck("SPF", Standing.FOUND, "Make sure that it includes your provider.", found[0])


def judge_dkim(domain: str, records: Records) -> DomainCheck:
    names = _dkim_names(domain)
    for selector, name in zip(SELECTORS, names, strict=True):
        for text in records[name] or ():
            if "p=" in text:
                return DomainCheck("DKIM", Standing.FOUND, f"There is a key under the selector “{selector}”.", text)
    if all(records[name] is None for name in names):
        return _unanswered("DKIM")
    sentence = "There is no key under the usual selectors. Your provider may have given you another one."
    return DomainCheck("DKIM", Standing.UNCERTAIN, sentence)


def judge_dmarc(domain: str, records: Records) -> DomainCheck:
    """Judge the domain's own record, or else that of a domain above it, which holds for it too."""
    names = _dmarc_names(domain)
    for text in (text for name in names for text in records[name] or ()):
        if text.lower().replace(" ", "").startswith("v=dmarc1"):
            return DomainCheck("DMARC", Standing.FOUND, _policy(text), text)
    if any(records[name] is None for name in names):
        return _unanswered("DMARC")
    sentence = "There is no DMARC record. Gmail and Yahoo want one of everybody who sends 5,000 mails a day."
    return DomainCheck("DMARC", Standing.MISSING, sentence)


def _policy(text: str) -> str:
    tags = dict(part.strip().partition("=")[::2] for part in text.split(";") if "=" in part)
    match tags.get("p", "").strip().lower():
        case "none":
            return "Mail that fails the check is delivered all the same."
        case "quarantine":
            return "Mail that fails the check goes to spam."
        case "reject":
            return "Mail that fails the check is refused."
    return "It has no valid policy (p=)."


def _unanswered(name: str) -> DomainCheck:
    return DomainCheck(name, Standing.UNCERTAIN, "It could not be looked up: the resolver did not answer.")


def _dkim_names(domain: str) -> list[str]:
    return [f"{selector}._domainkey.{domain}" for selector in SELECTORS]


def _dmarc_names(domain: str) -> list[str]:
    labels = domain.split(".")
    return ["_dmarc." + ".".join(labels[start:]) for start in range(max(len(labels) - 1, 1))]


def _look_up(names: Iterable[str]) -> Records:
    names = list(names)
    with ThreadPoolExecutor(16, thread_name_prefix="dns") as pool:
        return dict(zip(names, pool.map(_texts, names), strict=True))


def _texts(name: str) -> list[str] | None:
    try:
        answer = dns.resolver.resolve(name, "TXT", lifetime=SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError, UnicodeError):
        return None
    return ["".join(part.decode(errors="replace") for part in record.strings) for record in answer]
