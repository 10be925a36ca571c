"""What the words of an SMTP reply name. Servers often send no enhanced code, or one that says too little."""

import re


def _names(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_ONE_RECIPIENT = _names(r"gr[ae]y-?list|postgrey|recipient thread limit")
_OUR_LIMIT = _names(r"relay limit")
_MAILBOX = _names(r"mailbox|inbox|over ?quota|quota exceeded \(mailbox|user is|\bthe (user|recipient)\b")
_DAILY_QUOTA = _names(
    r"\b(daily|per day|24.hours?)\b.*\b(quota|limit|exceeded)|\b(quota|limit)\b.*\b(daily|per day|24.hours?)\b|"
    r"\b(monthly|sending|message) quota (was |has been )?(exceeded|reached)"
)
_PACE = _names(
    r"throttl|\brate\b|rate-?limit|too (much|many|fast|frequent|quick)|\bquota\b|\blimit(s|ed|ing)?\b|\bbusy\b|"
    r"(try|retry)(ing)? again later|slow down|concurren|excessive|unusual|deferred due to (user complaints|unexp)"
)
_LOGIN = _names(
    r"authentication (is )?(required|fail|cred|unsuc|needed)|must (first )?authenticate|authenticate first|"
    r"\blog ?in\b|credentials|password|smtp auth|temporary authentication"
)
_SENDER = _names(r"\b(sender|from|identit(y|ies)|e-?mail address(es)?)\b.*\bnot (been )?verified|not verified.*identit")
_NO_SUCH_USER = _names(
    r"no such (user|mailbox|recipient|address|person)|(user|recipient|mailbox|address) (is )?(unknown|not found)|"
    r"unknown (user|recipient|mailbox)|(user|mailbox|account|address) (does not|doesn't) exist|no mailbox here|"
    r"unrouteable address|does(n't| not) have an? \S+ account"
)
_OUR_ACCESS = _names(
    r"relay|\bblock(ed|list)|black-?list|spamhaus|spamcop|barracuda|\brbl\b|dnsbl|\bdenied\b|limit exceeded|"
    r"reputation|\bbanned\b|suspended|not (allowed|permitted|authori[sz]ed) to (relay|send(?! as))"
)


def names_one_recipient(text: str) -> bool:
    """The server puts an unknown sender of this recipient off, or the recipient gets too much."""
    return bool(_ONE_RECIPIENT.search(text))


def names_our_limit(text: str) -> bool:
    return bool(_OUR_LIMIT.search(text))


def names_mailbox(text: str) -> bool:
    return bool(_MAILBOX.search(text))


def names_daily_quota(text: str) -> bool:
    return bool(_DAILY_QUOTA.search(text))


def names_pace(text: str) -> bool:
    """We send too fast or too much."""
    return bool(_PACE.search(text))


def names_login(text: str) -> bool:
    return bool(_LOGIN.search(text))


def names_unverified_sender(text: str) -> bool:
    return bool(_SENDER.search(text))


def names_no_such_user(text: str) -> bool:
    return bool(_NO_SUCH_USER.search(text))


def names_our_access(text: str) -> bool:
    """The server may not want anything from us, whoever the recipient is."""
    return bool(_OUR_ACCESS.search(text))
