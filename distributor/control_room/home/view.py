"""The home page: panels that are read from eight statements, or a checklist while nothing was ever sent."""

from collections.abc import Mapping
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from contacts.channel import Channel
from distributor.control_room.home.alerts import find_alerts
from distributor.control_room.home.counts import FUNNEL_DAYS
from distributor.control_room.home.data import HomeData
from distributor.control_room.home.first_visit import PERMISSION, SAMPLE_ADDRESS, find_sample
from distributor.control_room.home.tiles import read_tiles
from distributor.control_room.layout.charts import Column
from distributor.control_room.layout.formats import format_minute, format_number
from distributor.control_room.layout.panels import Panel, answer_fragments, render_panels
from distributor.control_room.layout.room import Room, render_room, room_page


def _read_minutes(data: HomeData) -> Mapping[str, Any]:
    minutes = data.counts.minutes
    sent = {channel: sum(by_channel.get(channel, 0) for _at, by_channel, _failed in minutes) for channel in Channel}
    failed = sum(failed for _at, _by_channel, failed in minutes)
    used = [(channel.value, channel.label, count) for channel, count in sent.items() if count]
    told = [f"{format_number(count)} {name}" for _value, name, count in used]
    return {
        "points": [Column(format_minute(at), by_channel, failed) for at, by_channel, failed in minutes],
        "label": ", ".join([*told, _("%(count)s failed") % {"count": format_number(failed)}]),
        "used": used,
        "failed": failed,
    }


def _read_funnel(data: HomeData) -> Mapping[str, Any]:
    funnels = []
    for days in FUNNEL_DAYS:
        counts = data.counts.funnels.get(days, {})
        stages = [
            (_("tried"), counts.get("tried", 0)),
            (_("sent"), counts.get("sent", 0)),
            (_("delivered"), counts.get("delivered", 0)),
            (_("opened"), counts.get("opened", 0)),
            (_("responded"), counts.get("responded", 0)),
        ]
        funnels.append({"days": days, "stages": stages})
    return {"funnels": funnels}


def _read_voices(data: HomeData) -> Mapping[str, Any]:
    scores = data.counts.scores
    known = [score for score in scores if score is not None]
    label = ", ".join(format_number(score, 1) for score in known)
    return {
        "voices": data.voices,
        "scores": scores,
        "last_score": scores[-1] if scores else None,
        "label": _("Average score by week: %(scores)s") % {"scores": label},
    }


PANELS: Final = (
    Panel[HomeData]("alerts", "control_room/home/alerts.html", lambda data: {"alerts": find_alerts(data)}),
    Panel[HomeData]("numbers", "control_room/home/tiles.html", read_tiles),
    Panel[HomeData]("minutes", "control_room/home/minutes.html", _read_minutes, 10),
    Panel[HomeData]("funnel", "control_room/home/funnel.html", _read_funnel, 60),
    Panel[HomeData]("providers", "control_room/home/providers.html", lambda data: {"standings": data.standings}),
    Panel[HomeData]("running", "control_room/home/running.html", lambda data: {"running": data.running}),
    Panel[HomeData](
        "next",
        "control_room/home/next.html",
        lambda data: {"scheduled": data.scheduled, "upcoming": data.upcoming},
        60,
    ),
    Panel[HomeData]("failures", "control_room/home/failures.html", lambda data: {"failures": data.failures}, 10),
    Panel[HomeData]("voices", "control_room/home/voices.html", _read_voices, 60),
)
# What is shown beside the checklist while nothing was ever sent.
FIRST_PANELS: Final = PANELS[:1]


@room_page
def show_home(request: HttpRequest, room: Room) -> HttpResponse:
    """Show how sending goes in the organisations that the user has chosen."""
    data = HomeData(room)
    context = {"room": room, "home_url": request.path}
    fragments = answer_fragments(request, PANELS, data, context)
    if fragments is not None:
        return fragments
    panels = FIRST_PANELS if data.is_first_visit else PANELS
    rendered = render_panels(request, panels, data, context)
    checklist = _checklist(data) if data.is_first_visit or data.uses_sandbox_only else {}
    values = {"panels": rendered, "is_first_visit": data.is_first_visit, **checklist}
    return render_room(request, room, "control_room/home/home.html", _("Home"), values)


def _checklist(data: HomeData) -> Mapping[str, Any]:
    room = data.room
    return {
        "has_checklist": True,
        "sample": find_sample(room.organization_ids),
        "sample_address": SAMPLE_ADDRESS,
        "has_sent": not data.is_first_visit,
        "has_provider": any(standing.account.kind != "sandbox" for standing in data.standings),
        "may_send": room.allows(PERMISSION),
        "may_connect": room.allows("channels.add_provideraccount"),
        "may_make_keys": room.allows("contacts.add_apikey"),
    }
