"""One sentence that says how a distribution stands. Times are in the page's time zone."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from distributor.control_room.layout.formats import format_minute, format_number
from distributor.engine.reports.pace import Pace
from distributor.engine.reports.standing import Group, Standing, StandingKind
from distributor.models import Distribution
from distributor.rules.journey.chain import StepKind


def status_sentence(distribution: Distribution, standing: Standing, pace: Pace) -> str:
    """Return for example “Held: Mailgun EU is unreachable since 2026-03-02 23:28: connection refused. 99 wait.”"""
    match standing.kind:
        case StandingKind.CANCELLED:
            return _("Cancelled at %(at)s: nothing more is sent, and the links are closed.") % {
                "at": format_minute(distribution.cancelled_at)
            }
        case StandingKind.COMPLETED:
            return _completed(distribution)
        case StandingKind.PAUSED:
            since = _("Paused since %(at)s.") % {"at": format_minute(distribution.paused_at)}
            return f"{since} {_wait(distribution.waiting_count)}"
        case StandingKind.SCHEDULED:
            begins = _("Scheduled: begins at %(at)s.") % {"at": format_minute(distribution.scheduled_at)}
            return f"{begins} {_wait(distribution.waiting_count)}"
        case StandingKind.PREPARING:
            return _("Preparing: its audience is being read, %(count)s contacts so far.") % {
                "count": format_number(distribution.accepted_count)
            }
        case StandingKind.SENDING:
            return _sending(distribution, standing, pace)
        case StandingKind.HELD:
            return f"{_held(standing)} {_wait(standing.people('held'))}"
        case StandingKind.WAITING:
            return _waiting(standing)
        case StandingKind.STUCK:
            return _stuck(standing)


def _wait(count: int) -> str:
    return ngettext("%(count)s person waits.", "%(count)s people wait.", count) % {"count": format_number(count)}


def _completed(distribution: Distribution) -> str:
    if distribution.registered_count:
        return _("Completed: %(count)s links, and nothing is sent.") % {
            "count": format_number(distribution.registered_count)
        }
    return _("Completed: %(reached)s of %(people)s were reached, %(responded)s responded.") % {
        "reached": format_number(distribution.reached_count),
        "people": format_number(distribution.recipient_count),
        "responded": format_number(distribution.responded_count),
    }


def _sending(distribution: Distribution, standing: Standing, pace: Pace) -> str:
    if not pace.people:
        return _("Sending.") + " " + _wait(standing.people("leased", "due", "paced") or distribution.waiting_count)
    rate = format_number(max(pace.per_minute, 1))
    done_at = pace.done_at(distribution.progress["waiting"])
    if done_at is None:
        return _("Sending %(rate)s a minute.") % {"rate": rate}
    return _("Sending %(rate)s a minute; done at about %(at)s.") % {"rate": rate, "at": format_minute(done_at)}


def _held(standing: Standing) -> str:
    group = standing.first("held")
    assert group is not None
    facts = {"account": group.account, "at": format_minute(group.failing_since), "words": group.broken_because}
    if not group.is_active:
        return _("Held: %(account)s is switched off.") % facts
    if group.broken_because and group.is_unreachable:
        return _("Held: %(account)s is unreachable since %(at)s: “%(words)s”.") % facts
    if group.broken_because:
        return _("Held: %(account)s does not work since %(at)s: “%(words)s”.") % facts
    if group.paused_until is not None and group.paused_until > group.due_at:
        return _("Held: %(account)s is paused until %(at)s.") % {**facts, "at": format_minute(group.paused_until)}
    return _("Held: %(words)s.") % {"words": group.error}


def _waiting(standing: Standing) -> str:
    group = standing.first("later")
    assert group is not None
    count = standing.people("later")
    facts = {"count": format_number(count), "at": format_minute(group.due_at)}
    return _waits_for(group, count) % facts


def _waits_for(group: Group, count: int) -> str:
    if group.kind == StepKind.REMINDER:
        return ngettext(
            "Waiting: %(count)s person has the message and waits for a reminder at %(at)s.",
            "Waiting: %(count)s people have the message and wait for a reminder, the first at %(at)s.",
            count,
        )
    if group.kind == StepKind.THANK_YOU:
        return ngettext(
            "Waiting: %(count)s person has responded and is thanked at %(at)s.",
            "Waiting: %(count)s people have responded and are thanked, the first at %(at)s.",
            count,
        )
    if group.position > 0:
        return ngettext(
            "Waiting: %(count)s person is tried by the next channel at %(at)s, unless a response comes first.",
            "Waiting: %(count)s people are tried by the next channel unless they respond, the first at %(at)s.",
            count,
        )
    return ngettext(
        "Waiting: %(count)s person is sent to later, at %(at)s.",
        "Waiting: %(count)s people are sent to later, the first at %(at)s.",
        count,
    )


def _stuck(standing: Standing) -> str:
    if standing.job_error:
        return _("Stuck: bringing it to its recipients fails and is tried again. “%(words)s”") % {
            "words": standing.job_error
        }
    group = standing.first("failing")
    if group is not None:
        text = _("Stuck: sending has failed %(count)s times without progress and is tried again. “%(words)s”")
        text %= {"count": format_number(group.claims), "words": group.error}
        return f"{text} {_wait(standing.people('failing'))}"
    group = standing.first("due")
    assert group is not None
    text = _("Stuck: messages are due since %(at)s, and no worker takes them.") % {"at": format_minute(group.due_at)}
    return f"{text} {_wait(standing.people('due'))}"
