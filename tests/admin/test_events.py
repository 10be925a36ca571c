"""Event endpoints and deliveries in the admin."""

from typing import Any

from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from contacts.models import Organization
from distributor.engine.events.endpoints import create_endpoint, send_ping
from distributor.engine.infrastructure.clock import database_now
from distributor.models import EventDelivery, EventEndpoint
from distributor.models.event_endpoint import DeliveryState
from tests.support.admin_pages import act, address, faults
from tests.support.operators import member, signed_in

FORM = {
    "name": "CRM",
    "url": "https://example.com/hooks",
    "types": ["recipient.sent"],
    "survey_ids": "",
    "distribution_ids": "",
    "batch_size": "10",
    "new_headers": "X-Key: s3cret\nX-Team: a: b",
    "is_active": "on",
}


def save(operator: Client, page: str, organization: Organization, **changes: Any) -> Any:
    return operator.post(page, {"organization": organization.pk, **FORM, **changes})


def test_an_endpoint_is_made_and_changed_and_its_headers_are_not_shown(
    operator: Client, organization: Organization
) -> None:
    assert save(operator, address(EventEndpoint, "add"), organization).status_code == 302
    made = EventEndpoint.objects.get()
    assert (made.name, made.types, made.batch_size) == ("CRM", ["recipient.sent"], 10)
    assert made.headers == {"X-Key": "s3cret", "X-Team": "a: b"}
    assert made.starts_at is not None
    page = address(made, "change")
    shown = operator.get(page).content.decode()
    assert made.secrets["current"] in shown
    assert "s3cret" not in shown
    assert save(operator, page, organization, name="CRM 2", new_headers="").status_code == 302
    made.refresh_from_db()
    assert (made.name, made.headers["X-Key"], made.batch_size) == ("CRM 2", "s3cret", 10)
    save(operator, page, organization, url="https://example.org/", new_headers="")
    made.refresh_from_db()
    assert made.headers == {}


def test_a_viewer_sees_neither_the_secret_nor_the_form(organization: Organization) -> None:
    made = create_endpoint(organization, {"name": "CRM", "url": "https://example.com"}, database_now())
    viewer = signed_in(member(organization, "viewer", "vera"))
    shown = viewer.get(address(made, "change")).content.decode()
    assert "CRM" in shown
    assert "whsec_" not in shown
    assert 'name="new_headers"' not in shown


def test_bad_urls_and_headers_are_refused_at_their_fields(
    operator: Client, organization: Organization, settings: LazySettings
) -> None:
    settings.ALLOWED_PROVIDER_HOSTS = []
    wrong = {"url": "https://10.0.0.1/", "new_headers": "Host: a\nnonsense here: b"}
    answer = save(operator, address(EventEndpoint, "add"), organization, **wrong)
    assert set(faults(answer)) == {"url", "new_headers"}
    assert not EventEndpoint.objects.exists()


def test_the_20th_endpoint_is_the_last_and_can_be_changed(operator: Client, organization: Organization) -> None:
    for number in range(20):
        made = create_endpoint(organization, {"name": f"CRM {number}", "url": "https://example.com"}, database_now())
    answer = save(operator, address(EventEndpoint, "add"), organization)
    assert "at most 20 endpoints" in answer.content.decode()
    assert save(operator, address(made, "change"), organization, name="Renamed").status_code == 302
    assert EventEndpoint.objects.filter(name="Renamed").count() == 1


def test_actions_ping_rotate_and_send_again(operator: Client, organization: Organization) -> None:
    made = create_endpoint(organization, {"name": "CRM", "url": "https://example.com"}, database_now())
    before = made.secrets["current"]
    assert "A worker sends it now" in act(operator, "ping", made)
    values = {"name": "Off", "url": "https://example.com", "is_active": False}
    off = create_endpoint(organization, values, database_now())
    assert "Off is switched off" in act(operator, "ping", off)
    assert "Rotated" in act(operator, "rotate", made)
    made.refresh_from_db()
    assert made.secrets["previous"] == before
    EventDelivery.objects.update(state=DeliveryState.DELIVERED, due_at=None)
    assert "Workers send them now" in act(operator, "send_again", EventDelivery.objects.get())
    assert EventDelivery.objects.filter(state=DeliveryState.PENDING).count() == 1


def test_rotating_locks_the_endpoint(operator: Client, organization: Organization) -> None:
    made = create_endpoint(organization, {"name": "CRM", "url": "https://example.com"}, database_now())
    with CaptureQueriesContext(connection) as queries:
        act(operator, "rotate", made)
    locking = [query["sql"] for query in queries if "FOR NO KEY UPDATE" in query["sql"]]
    assert [sql for sql in locking if "distributor_eventendpoint" in sql]


def test_a_manager_of_another_organization_can_send_nothing_again(organization: Organization) -> None:
    other = Organization.objects.create(name="Other", slug="other")
    made = create_endpoint(organization, {"name": "CRM", "url": "https://example.com"}, database_now())
    ping = send_ping(made, database_now())
    EventDelivery.objects.update(state=DeliveryState.DELIVERED, due_at=None)
    act(signed_in(member(other, "manager", "mo")), "send_again", ping)
    act(signed_in(member(organization, "viewer", "vera")), "send_again", ping)
    assert EventDelivery.objects.count() == 1


def test_the_types_of_a_subscription_are_not_changed(operator: Client, organization: Organization) -> None:
    values = {"name": "Old client", "url": "https://example.com", "types": ["recipient.responded"]}
    made = create_endpoint(organization, values | {"format": "lists_and_links", "secrets": {}}, database_now())
    page = address(made, "change")
    assert "nothing is signed" in operator.get(page).content.decode()
    assert set(faults(save(operator, page, organization))) == {"types"}
    assert save(operator, page, organization, types=["recipient.responded"]).status_code == 302
    made.refresh_from_db()
    assert (made.name, made.types) == ("CRM", ["recipient.responded"])
