"""The per-minute counters beside the sums of the tables that they count."""

from django.db.models import Count, Q, Sum

from distributor.engine.counters.count import COUNTED
from distributor.engine.counters.totals import ATTEMPTS
from distributor.engine.dispatch.result_totals import DEFERRED
from distributor.models import Attempt, Distribution, MetricTotal, MinuteCount, ProviderEvent, Response
from distributor.rules.journey.delivery_events import Progress, Trouble


def counted() -> dict[str, int]:
    """Return the sums of the counters over all minutes."""
    sums = MinuteCount.objects.aggregate(**{name: Sum(name) for name in COUNTED})
    return {name: count or 0 for name, count in sums.items()}


def sums_of_tables() -> dict[str, int]:
    """Return what the counters must add up to. Opt-outs come by more ways than messages, and are left out."""
    bounced = Q(trouble__in=[Trouble.UNDELIVERED.value, Trouble.BOUNCED.value])
    attempts = Attempt.objects.order_by().aggregate(
        sent=Count("number", filter=Q(state="sent")),
        failed=Count("number", filter=Q(state="failed")),
        unknown=Count("number", filter=Q(state="unknown")),
        delivered=Count("number", filter=Q(progress__gte=Progress.DELIVERED.value)),
        clicked=Count("number", filter=Q(progress__gte=Progress.CLICKED.value)),
        bounced=Count("number", filter=bounced),
    )
    recipients = Distribution.objects.aggregate(opened=Sum("opened_count"), responded=Sum("responded_count"))
    scores = [
        answers["score"]
        for answers in Response.objects.filter(recipient__isnull=False, ordinal=1).values_list("answers", flat=True)
        if "score" in answers
    ]
    sums = {**attempts, **recipients, "events": ProviderEvent.objects.count()}
    return {name: count or 0 for name, count in sums.items()} | {"scored": len(scores), "score_sum": sum(scores)}


def assert_counters_agree() -> None:
    sums = counted()
    sums.pop("opted_out")
    assert sums == sums_of_tables()


def assert_totals_agree() -> None:
    """The totals of attempts equal the table, as long as no attempt was corrected or repeated."""
    rows = MetricTotal.objects.filter(name=ATTEMPTS).exclude(kind=DEFERRED).values_list("channel", "kind")
    counted = {(channel, state): count for channel, state, count in rows.annotate(count=Sum("count"))}
    attempts = Attempt.objects.order_by().values_list("channel", "state").annotate(count=Count("number"))
    assert counted == {(channel, state): count for channel, state, count in attempts}
