"""What the last page shows: a dry run counted, grouped and drawn."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from channels.models import OnMissingValue, ProviderAccount
from channels.rendering import compile_variant
from contacts.channel import Channel
from contacts.models import Organization
from distributor.control_room.layout.charts import Column
from distributor.control_room.layout.formats import format_minute, format_money, format_number
from distributor.control_room.sends.choices import CHANNELS
from distributor.control_room.sends.steps_form import KINDS
from distributor.engine.acceptance.costs import StepCost, total_by_currency
from distributor.engine.acceptance.dry_run import DryRun, dry_run, dry_run_selection
from distributor.engine.infrastructure.statement_limit import TookTooLongError
from distributor.engine.route.accounts import Hold
from distributor.rules.journey.batching import BATCH_SIZE
from distributor.rules.journey.forecast import Condition, ForecastMessage
from distributor.rules.phrases import explain
from distributor.rules.requests import DistributionRequest, Selection
from distributor.rules.timing.time_zones import zone_named

# The widths that a column of the timetable may have; the narrowest with which all fit.
_WIDTHS: Final = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 60, 180, 360, 1_440, 10_080, 43_200))
_MOST_COLUMNS: Final = 48
_EXAMPLES: Final = 3
CONDITIONAL: Final = "waiting"  # the colour of messages that only follow if nothing comes back


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Why people are left out, with how many and some of them."""

    text: str
    count: int
    examples: Sequence[str]


@dataclass(frozen=True, slots=True)
class MessageCount:
    """How many messages of a step are forecast, from when to when. `segments` None: not an SMS.

    `cost` None: the account has no price.
    """

    number: int
    channel: Any
    kind: str
    count: int
    begins_at: datetime | None
    ends_at: datetime | None
    segments: int | None
    cost: StepCost | None

    @property
    def kind_label(self) -> Any:
        return dict(KINDS)[self.kind]


@dataclass(frozen=True, slots=True)
class Forecast:
    """The counts of a dry run. `listed_count` contacts of `contact_count` were judged."""

    contact_count: int
    listed_count: int
    recipient_count: int
    left_out: Sequence[LeftOut]
    messages: Sequence[MessageCount]
    columns: Sequence[Column]
    warnings: Sequence[str]

    @property
    def is_part(self) -> bool:
        return self.listed_count < self.contact_count

    @property
    def skipped_count(self) -> int:
        return self.listed_count - self.recipient_count

    @property
    def costs(self) -> str:
        """What all messages cost, such as "67.62 EUR + 12 PLN"; "" if no account has a price."""
        totals = total_by_currency([message.cost for message in self.messages if message.cost])
        return " + ".join(format_money(amount, currency) for currency, amount in totals.items())

    @property
    def segments(self) -> int | None:
        """The SMS segments of all messages; None without SMS."""
        counts = [message.segments for message in self.messages if message.segments is not None]
        return sum(counts) if counts else None


def make_forecast(
    organization: Organization, request: DistributionRequest, selection: Selection | None, now: datetime, language: str
) -> Forecast | None:
    """Make a dry run of the request. None if its audience takes too long to read here; workers will read it.

    `language` is that of the reasons. Raises what `accept` and `accept_selection` raise.
    """
    if selection is None:
        # Of people as many are judged as of a list: 10,000 would take half a minute on a busy machine.
        first = replace(request, contacts=request.contacts[:BATCH_SIZE])
        found = _summarize(dry_run(organization, first, now, counts_segments=True), language)
        return replace(found, contact_count=found.contact_count + len(request.contacts[BATCH_SIZE:]))
    try:
        return _summarize(dry_run_selection(organization, request, selection, now, counts_segments=True), language)
    except TookTooLongError:
        return None


def _summarize(run: DryRun, language: str) -> Forecast:
    recipients = [contact for contact in run.contacts if contact.refusal is None]
    messages = [message for contact in recipients for message in contact.forecast.steps]
    counts = [_count_step(run, position, messages) for position in range(len(run.chain.steps))]
    return Forecast(
        run.contact_count,
        len(run.contacts),
        len(recipients),
        _left_out(run, language),
        counts,
        _columns(run, messages),
        list(_warnings(run, len(recipients), counts, language)),
    )


def _left_out(run: DryRun, language: str) -> list[LeftOut]:
    """Group people by why they get nothing: those who are left out, and recipients whom no step reaches."""
    zone = zone_named(run.organization.time_zone)
    counts: Counter[tuple[str, str]] = Counter()
    texts: dict[tuple[str, str], str] = {}
    people: dict[tuple[str, str], list[str]] = {}
    for contact in run.contacts:
        if contact.refusal is not None:
            kind, refusal, at = "skipped", contact.refusal, run.made_at
        elif contact.forecast.skipped_steps and not contact.forecast.steps:
            kind, refusal, at = "stopped", contact.forecast.skipped_steps[-1].refusal, run.made_at
        else:
            continue
        group = (kind, refusal.reason.value)
        counts[group] += 1
        if group not in texts:
            texts[group] = explain(kind, refusal.reason, dict(refusal.detail), now=at, zone=zone, language=language)
        shown = people.setdefault(group, [])
        if len(shown) < _EXAMPLES:
            person = contact.contact
            shown.append(person.email or person.phone or person.external_id or str(person.id))
    return [LeftOut(texts[group], count, people[group]) for group, count in counts.most_common()]


def _count_step(run: DryRun, position: int, messages: Sequence[ForecastMessage]) -> MessageCount:
    step = run.chain.steps[position]
    moments = [message.departure.at for message in messages if message.position == position]
    return MessageCount(
        position + 1,
        CHANNELS[step.channel],
        step.kind.value,
        len(moments),
        min(moments, default=None),
        max(moments, default=None),
        run.segment_counts.get(position),
        next((cost for cost in run.costs if cost.position == position), None),
    )


def _columns(run: DryRun, messages: Sequence[ForecastMessage]) -> list[Column]:
    """Count the messages by time and channel. Those with a condition are counted by themselves."""
    if not messages:
        return []
    begin, end = (pick(message.departure.at for message in messages) for pick in (min, max))
    width = next((each for each in _WIDTHS if (end - begin) / each < _MOST_COLUMNS), _WIDTHS[-1])
    local = timezone.localtime(begin, zone_named(run.organization.time_zone))
    first = local.replace(minute=local.minute // 5 * 5, second=0, microsecond=0)
    if width >= timedelta(hours=1):
        first = first.replace(minute=0)
    counts: dict[int, Counter[str]] = {}
    for message in messages:
        channel = run.chain.steps[message.position].channel
        name = channel if message.condition is Condition.FIRST else CONDITIONAL
        counts.setdefault(int((message.departure.at - first) / width), Counter())[name] += 1
    names = [*Channel.values, CONDITIONAL]
    return [
        Column(format_minute(first + place * width), {name: counts.get(place, Counter())[name] for name in names})
        for place in range(min(max(counts) + 1, 10 * _MOST_COLUMNS))
    ]


def _warnings(run: DryRun, recipient_count: int, counts: Sequence[MessageCount], language: str) -> Iterator[str]:
    if not run.contact_count:
        yield _("There is nobody in this audience.")
    elif not recipient_count:
        yield _("Everybody would be left out: nothing would be sent.")
    elif not any(message.count for message in counts):
        yield _("Nobody can be reached by these messages: nothing would be sent.")
    for number, carriers in enumerate(run.available_accounts, start=1):
        if isinstance(carriers, Hold):
            why = carriers.explain(language) or _("its rate is used up for the moment")
            yield _("Message %(number)s would wait now: %(why)s.") % {"number": number, "why": why}
    yield from _text_warnings(run)
    yield from _account_warnings(run)
    for (key, position), count in _missing(run).most_common():
        template = run.templates[run.chain.steps[position].template_id]
        values = {"placeholder": f"${{{key}}}", "count": format_number(count), "number": position + 1}
        if template.on_missing_value == OnMissingValue.REFUSE:
            yield _("%(placeholder)s of message %(number)s has no value for %(count)s: they would not get it.") % values
        else:
            yield _("%(placeholder)s of message %(number)s has no value for %(count)s: they see a gap.") % values


def _missing(run: DryRun) -> Counter[tuple[str, int]]:
    return Counter((missing.key, missing.position) for missing in run.missing_values)


def _text_warnings(run: DryRun) -> Iterator[str]:
    """Warn of templates whose texts have no link to the survey, or no link to unsubscribe."""
    lacking: dict[str, set[UUID]] = {"link": set(), "unsubscribe": set()}
    for template in run.templates.values():
        for variant in template.variants.all():
            keys = compile_variant(variant.locale, variant.subject, variant.html, variant.text).keys
            for name in lacking:
                if name not in keys and (name == "link" or template.channel == Channel.EMAIL):
                    lacking[name].add(template.pk)
    for number, step in enumerate(run.chain.steps, start=1):
        values = {"number": number, "template": run.templates[step.template_id].name}
        if step.template_id in lacking["link"] and step.kind.value != "thank_you":
            yield _("Message %(number)s has no link to the survey (template %(template)s).") % values
        if step.template_id in lacking["unsubscribe"]:
            yield _("Message %(number)s has no link to unsubscribe (template %(template)s).") % values


def _account_warnings(run: DryRun) -> Iterator[str]:
    ids = {account_id for step in run.chain.steps for account_id in step.account_ids}
    names: Mapping[UUID, str] = dict(
        ProviderAccount.objects.filter(pk__in=ids, kind="sandbox").values_list("pk", "name")
    )
    if names:
        text = ngettext(
            "%(names)s is a sandbox account: nobody gets these messages, they can be read here.",
            "%(names)s are sandbox accounts: nobody gets these messages, they can be read here.",
            len(names),
        )
        yield text % {"names": ", ".join(names.values())}
