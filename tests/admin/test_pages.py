"""Every admin page opens with rows in it, and only for users who have the permission."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db.models import Model
from django.test import Client

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.ids import new_id
from contacts.models import ApiKey, ConsentEvent, Contact, MailingList, Organization, OrganizationMember, Suppression
from distributor.engine.consent.opt_out import opt_out
from distributor.engine.events.endpoints import create_endpoint, send_ping
from distributor.engine.infrastructure.audit import SYSTEM, record
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.schedule.recurring import save_recurring
from distributor.models import (
    AuditEntry,
    Distribution,
    EventDelivery,
    EventEndpoint,
    ListConnection,
    Recipient,
    RecurringDistribution,
    Reply,
    Response,
    Survey,
)
from distributor.rules.journey.delivery_events import REPLY
from tests.support.admin_pages import address, listed

OURS = ("contacts", "channels", "distributor")
EDITABLE = [
    Organization,
    OrganizationMember,
    ApiKey,
    Contact,
    MailingList,
    Suppression,
    ProviderAccount,
    Template,
    Survey,
    RecurringDistribution,
    ListConnection,
    EventEndpoint,
]
ADDABLE = [
    *(Organization, OrganizationMember, ApiKey, Contact, Suppression, ProviderAccount, Template),
    *(Survey, RecurringDistribution, ListConnection, EventEndpoint),
]
READ_ONLY = [AuditEntry, ConsentEvent, Distribution, EventDelivery, Recipient, Reply, Response]


@pytest.fixture
def everything(response: Response, api_key: str, organization: Organization, survey: Survey) -> None:
    audience = MailingList.objects.create(organization=organization, name="Ward B")
    weekly = RecurringDistribution(
        organization=organization, name="Weekly", survey=survey, mailing_list=audience, cron="0 9 * * mon"
    )
    save_recurring(weekly, database_now())
    ListConnection.objects.create(mailing_list=audience, survey=survey)
    OrganizationMember.objects.create(
        organization=organization, user=User.objects.create_user("max", is_staff=True), role="manager"
    )
    Suppression.objects.create(
        organization=organization, channel=Channel.EMAIL, address="x@example.com", reason="bounce"
    )
    Reply.objects.create(
        provider_account_id=new_id(), event_id="1", kind=REPLY, progress=0, trouble=0, detail="Who is this?",
        occurred_at=database_now(), received_at=database_now(),
    )  # fmt: skip
    opt_out(Contact.objects.latest("pk").pk, database_now(), source="operator ann")
    record(SYSTEM, "changed", survey)
    values = {"name": "CRM", "url": "https://example.com/events"}
    send_ping(create_endpoint(organization, values, database_now()), database_now())


def test_every_model_of_ours_is_listed_here() -> None:
    ours = {model for model in admin.site._registry if model._meta.app_label in OURS}
    assert ours == {*EDITABLE, *READ_ONLY}


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize("model", [*EDITABLE, *READ_ONLY])
def test_a_list_its_rows_and_their_history_open(operator: Client, model: Any) -> None:
    rows = listed(operator, model)
    assert rows
    for row in rows:
        for page in ("change", "history"):
            assert operator.get(address(row, page)).status_code == 200


@pytest.mark.parametrize("model", ADDABLE)
def test_an_empty_form_opens_and_names_the_missing_fields(operator: Client, model: Any) -> None:
    assert operator.get(address(model, "add")).status_code == 200
    inlines = {f"{inline}-{count}_FORMS": 0 for inline in ("variants", "steps") for count in ("TOTAL", "INITIAL")}
    answer = operator.post(address(model, "add"), inlines | ({"kind": "smtp"} if model is ProviderAccount else {}))
    assert answer.status_code == 200
    assert "This field is required." in answer.content.decode()
    assert not model.objects.exists()


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize("model", READ_ONLY)
def test_models_that_the_engine_writes_are_read_only(operator: Client, model: Any) -> None:
    row = model.objects.first()
    before = model.objects.filter(pk=row.pk).values().get()
    assert operator.get(address(model, "add")).status_code == 403
    assert operator.post(address(model, "add"), {}).status_code == 403
    changed = operator.post(address(row, "change"), {"name": "x", "code": "x", "state": "waiting"})
    assert changed.status_code in (403, 405)  # the control room's pages take no posts at all
    assert operator.post(address(row, "delete"), {"post": "yes"}).status_code == 403
    assert model.objects.filter(pk=row.pk).values().get() == before


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize("model", [Organization, ApiKey, Contact])
def test_models_that_much_depends_on_are_never_deleted(operator: Client, model: Any) -> None:
    row = model.objects.first()
    assert operator.post(address(row, "delete"), {"post": "yes"}).status_code == 403
    assert model.objects.filter(pk=row.pk).exists()


@pytest.mark.usefixtures("distribution")
@pytest.mark.parametrize("model", [ProviderAccount, Template, Survey])
def test_rows_in_use_are_not_deleted(operator: Client, model: Any) -> None:
    used = model.objects.get(channel=Channel.EMAIL) if model is not Survey else model.objects.get()
    assert operator.post(address(used, "delete"), {"post": "yes"}).status_code == 403
    assert model.objects.filter(pk=used.pk).exists()


def test_unused_rows_are_deleted(operator: Client, survey: Survey) -> None:
    operator.post(address(survey, "delete"), {"post": "yes"})
    assert not Survey.objects.exists()


def test_there_is_no_bulk_deletion(operator: Client, survey: Survey) -> None:
    data = {"action": "delete_selected", "_selected_action": [survey.pk], "post": "yes"}
    operator.post(address(Survey, "changelist"), data)
    assert Survey.objects.exists()


def test_a_row_stays_in_its_organisation(operator: Client, survey: Survey) -> None:
    other = Organization.objects.create(name="Other", slug="other")
    data = {"organization": other.pk, "name": "Renamed", "default_locale": "en"}
    operator.post(address(survey, "change"), data)
    survey.refresh_from_db()
    assert (survey.name, survey.organization.slug) == ("Renamed", "acme")


def test_strangers_are_sent_to_the_login(db: None) -> None:
    answer = Client().get(address(Distribution, "changelist"))
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/admin/login/")


@pytest.mark.usefixtures("distribution")
def test_permissions_that_django_stores_count_for_nothing() -> None:
    reader = User.objects.create_user("rita", password="p", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_distribution"))
    client = Client()
    client.force_login(reader)
    hidden: list[type[Model]] = [Distribution, Recipient, Contact, ApiKey, ProviderAccount]
    assert [client.get(address(model, "changelist")).status_code for model in hidden] == [403] * 5


def test_the_site_is_ours(operator: Client) -> None:
    assert "<title>Home | Distributor</title>" in operator.get("/admin/").content.decode()
