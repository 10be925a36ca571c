"""What all pages share: the bar, the policy, the organisation switch, the language, formats and charts."""

from datetime import UTC, datetime
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone, translation

from channels.models import Template
from contacts.channel import Channel
from contacts.models import Organization, OrganizationMember
from distributor.control_room.layout.charts import Column, Part, columns, funnel, spark_line, stacked_bar
from distributor.control_room.layout.formats import format_moment, format_number, format_share, format_span
from distributor.control_room.layout.organization_switch import page_to_return_to
from distributor.control_room.layout.room import CHOSEN, enter_room
from tests.support.strict_pages import strictness_faults

BERLIN = "Europe/Berlin"


@pytest.fixture
def second(db: None) -> Organization:
    return Organization.objects.create(name="Birch", slug="birch", time_zone=BERLIN)


@pytest.fixture
def ada(organization: Organization, second: Organization) -> Client:
    """A viewer of two organisations."""
    user = User.objects.create_user("ada", is_staff=True)
    for each in (organization, second):
        OrganizationMember.objects.create(organization=each, user=user, role="viewer")
    client = Client()
    client.force_login(user)
    return client


def room_of(client: Client):  # type: ignore[no-untyped-def]
    request = client.get("/admin/").wsgi_request
    return enter_room(request)


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/admin/login/", "/admin/second-factor/prove/", "/admin/nothing-here/", "/admin/x/"])
def test_pages_for_nobody_have_the_policy_too(path: str) -> None:
    assert not strictness_faults(Client().get(path, follow=True), path)


def test_a_member_sees_the_bar_on_pages_of_tables(ada: Client) -> None:
    page = ada.get("/admin/distributor/distribution/").content.decode()
    assert 'id="room-search"' in page
    assert '<a href="/admin/distributor/distribution/" aria-current="page">Distributions</a>' in page
    assert "distributor/control_room.js" in page
    assert 'id="room-search"' not in Client().get("/admin/login/").content.decode()


def test_the_choice_of_an_organisation_is_kept(ada: Client, organization: Organization, second: Organization) -> None:
    room = room_of(ada)
    assert (room.chosen, set(room.organization_ids), room.zone.key) == (None, {organization.pk, second.pk}, "UTC")
    answer = ada.post("/admin/organization/", {"organization": str(second.pk), "next": "/admin/tables/"})
    assert answer["Location"] == "/admin/tables/"
    room = room_of(ada)
    assert (room.chosen, room.organization_ids, room.zone.key) == (second, [second.pk], BERLIN)
    ada.post("/admin/organization/", {"organization": ""})
    assert room_of(ada).chosen is None


def test_an_organisation_of_others_cannot_be_chosen(ada: Client, second: Organization) -> None:
    stranger = Organization.objects.create(name="Cedar", slug="cedar")
    ada.post("/admin/organization/", {"organization": str(stranger.pk)})
    assert CHOSEN not in ada.session
    ada.post("/admin/organization/", {"organization": str(second.pk)})
    OrganizationMember.objects.filter(organization=second).delete()
    assert second.pk not in room_of(ada).organization_ids  # left meanwhile


def test_the_switch_returns_to_our_pages_only(ada: Client) -> None:
    for elsewhere in ("https://elsewhere.example/", "//elsewhere.example", "\\\\elsewhere.example", ""):
        request = ada.post("/admin/organization/", {"next": elsewhere}).wsgi_request
        assert page_to_return_to(request) == "/admin/"


def test_pages_are_in_the_operators_language(ada: Client) -> None:
    page = ada.get("/admin/tables/", headers={"accept-language": "pl"})
    assert page["Content-Language"] == "pl"
    assert "Dystrybucje" in page.content.decode()


def test_moments_are_shown_in_the_time_zone_of_the_page() -> None:
    with timezone.override(ZoneInfo(BERLIN)):
        assert format_moment(datetime(2026, 7, 1, 22, 30, 5, tzinfo=UTC)) == "2026-07-02 00:30:05"
    assert format_moment(None) == "–"


def test_numbers_have_the_separators_of_the_language() -> None:
    assert (format_number(1_204_000), format_number(8.25, 1), format_number(None)) == ("1,204,000", "8.2", "–")
    with translation.override("pl"):
        assert format_number(1_204_000).split() == ["1", "204", "000"]


def test_shares_and_lengths_of_time() -> None:
    assert [format_share(28, 1_000), format_share(1, 4), format_share(0, 0)] == ["2.8 %", "25 %", "–"]
    spans = [format_span(seconds) for seconds in (0.4, 6, 200, 3_600, 7_500, 273_600)]
    assert spans == ["0 s", "6 s", "3 min 20 s", "1 h", "2 h 5 min", "3 d 4 h"]


def test_a_bar_shows_shares_and_says_them() -> None:
    svg = ElementTree.fromstring(stacked_bar([Part("sent", "sent", 3), Part("failed", "<failed>", 1)]))
    assert [(rect.get("x"), rect.get("width")) for rect in svg.iter("rect")] == [
        ("0.000", "75.000"),
        ("75.000", "25.000"),
    ]
    assert svg.findtext("title") == "3 sent, 1 <failed>"


def test_columns_put_failures_below_the_line() -> None:
    svg = ElementTree.fromstring(columns([Column("12:00", {"email": 2, "sms": 1}, 1), Column("12:01", {})], "minutes"))
    rects = {rect.get("class"): (float(rect.get("y", 0)), float(rect.get("height", 0))) for rect in svg.iter("rect")}
    line = svg.find("line")
    assert line is not None
    assert float(line.get("y1", 0)) == 45
    assert rects == {"email": (15, 30), "sms": (0, 15), "failed": (45, 15)}


def test_a_spark_line_leaves_gaps_and_says_what_it_shows() -> None:
    svg = ElementTree.fromstring(spark_line([8, None, 9, 10], "score"))
    assert [line.get("points") for line in svg.iter("polyline")] == ["0.0,22.0 0.0,22.0", "66.7,12.0 100.0,2.0"]
    assert "–" in spark_line([None], "score")


def test_a_funnel_gives_shares_of_its_first_stage() -> None:
    html = funnel([("accepted", 200), ("reached", 50), ("opened", 0)])
    assert "25 %" in html
    assert 'width="25.00"' in html
    assert "–" in funnel([("accepted", 0), ("reached", 0)])


def test_the_preview_of_a_template_is_a_page_of_its_own(
    admin_client: Client, templates: dict[Channel, Template]
) -> None:
    part = admin_client.get(f"/admin/channels/template/{templates[Channel.EMAIL].pk}/preview/en/")
    assert "Hello Anna" in part.content.decode()
    assert "sandbox" in part["Content-Security-Policy"]
    assert admin_client.get(f"/admin/channels/template/{templates[Channel.EMAIL].pk}/preview/xx/").status_code == 404
