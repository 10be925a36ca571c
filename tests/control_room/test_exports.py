"""Exports in the control room: who may make and see which, what the pages show, and what the file holds."""

import csv
import io
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from contacts.models import MailingList, Organization, OrganizationMember
from distributor.control_room.exports import new
from distributor.engine.exports.write import write_next
from distributor.engine.infrastructure.clock import database_now
from distributor.models import AuditEntry, Distribution, Export, Response
from tests.admin.conftest import anna, carla, distribution, operator, response, user

__all__ = ["anna", "carla", "distribution", "operator", "response", "user"]
NEW = "/admin/exports/new/"


def signed_in(organization: Organization, role: str) -> Client:
    member = User.objects.create_user(f"{role}-{organization.slug}", is_staff=True)
    OrganizationMember.objects.create(organization=organization, user=member, role=role)
    client = Client()
    client.force_login(member)
    return client


def columns_of(client: Client, address: str) -> list[str]:
    return [value for value, _ in client.get(address).context["form"].fields["columns"].choices]


def make(client: Client, query: str, **given: Any) -> Export:
    address = f"{NEW}?{query}"
    answer = client.post(address, {"format": "csv", "columns": columns_of(client, address), **given})
    assert answer.status_code == 302, answer.context["form"].errors
    return Export.objects.latest("pk")


def read(client: Client, export: Export) -> list[dict[str, str]]:
    answer: Any = client.get(f"/admin/exports/{export.pk}/file/")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{export.file_name}"'
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_small_export_is_ready_when_its_page_is_shown(operator: Client, distribution: Distribution) -> None:
    page = operator.get(f"/admin/distributor/distribution/{distribution.pk}/change/").content.decode()
    assert f"{NEW}?distribution={distribution.pk}" in page
    choices = operator.get(f"{NEW}?distribution={distribution.pk}").content.decode()
    assert [kind for kind in ("recipients", "responses", "links", "contacts") if f"kind={kind}&" in choices] == [
        "recipients",
        "responses",
        "links",
    ]
    export = make(operator, f"kind=recipients&distribution={distribution.pk}")
    assert "Download" in operator.get(f"/admin/exports/{export.pk}/").content.decode()
    rows = {row["externalId"]: row for row in read(operator, export)}
    assert {name: row["state"] for name, row in rows.items()} == {
        "anna": "sent",
        "bob": "failed",
        "carla": "waiting",
        "dora": "skipped",
    }
    assert (rows["bob"]["providerCode"], rows["bob"]["providerText"]) == ("550", "The sandbox refuses this address.")
    actions = list(AuditEntry.objects.filter(object_type="export").values_list("action", flat=True).order_by("pk"))
    assert actions == ["exported", "downloaded"]


def test_a_large_one_shows_its_progress(
    operator: Client, distribution: Distribution, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(new, "WAIT_SECONDS", 0)
    export = make(operator, f"kind=links&distribution={distribution.pk}", format="xlsx")
    page = operator.get(f"/admin/exports/{export.pk}/?fragment=export").content.decode()
    assert "<progress" in page
    assert "Download" not in page
    assert operator.get(f"/admin/exports/{export.pk}/file/").status_code == 302
    while write_next(database_now()):
        pass
    assert "Download" in operator.get(f"/admin/exports/{export.pk}/?fragment=export").content.decode()
    assert f"/admin/exports/{export.pk}/" in operator.get("/admin/exports/").content.decode()


def test_columns_states_and_times_are_chosen(operator: Client, distribution: Distribution, response: Response) -> None:
    about = f"kind=recipients&distribution={distribution.pk}"
    export = make(operator, about, columns=["email", "state"], states=["failed"], since="2020-01-01T00:00")
    assert [list(row.values()) for row in read(operator, export)] == [["bob@example.com", "failed"]]
    answers = make(operator, f"kind=responses&survey={distribution.survey_id}")
    assert read(operator, answers)[0]["answers.comment"] == "Kind people"
    refused = operator.post(
        f"{NEW}?{about}", {"format": "csv", "since": "2026-03-02T00:00", "before": "2026-03-01T00:00"}
    )
    assert set(refused.context["form"].errors) == {"before", "columns"}


def test_an_export_is_deleted(operator: Client, distribution: Distribution) -> None:
    export = make(operator, f"kind=recipients&distribution={distribution.pk}")
    assert operator.post(f"/admin/exports/{export.pk}/delete/").status_code == 302
    assert not Export.objects.exists()
    assert AuditEntry.objects.latest("pk").action == "deleted"


def test_each_role_exports_what_it_may_see(distribution: Distribution) -> None:
    organization = distribution.organization
    viewer, member, manager = (signed_in(organization, role) for role in ("viewer", "operator", "manager"))
    assert viewer.get(f"{NEW}?kind=contacts").status_code == 403
    assert viewer.get("/admin/exports/").status_code == 403
    assert member.get(f"{NEW}?kind=audit").status_code == 403
    export = make(manager, "kind=audit")
    assert read(manager, export)
    for client, seen in ((viewer, 404), (member, 404), (manager, 200)):
        assert client.get(f"/admin/exports/{export.pk}/").status_code == seen
    assert str(export.pk) not in member.get("/admin/exports/").content.decode()


def test_for_others_it_does_not_exist(operator: Client, distribution: Distribution) -> None:
    export = make(operator, f"kind=recipients&distribution={distribution.pk}")
    stranger = signed_in(Organization.objects.create(name="Birch", slug="birch"), "manager")
    for name in ("", "file/", "delete/"):
        ask = stranger.post if name == "delete/" else stranger.get
        assert ask(f"/admin/exports/{export.pk}/{name}").status_code == 404, name
    ward = MailingList.objects.create(organization=distribution.organization, name="Ward")
    for about in (f"distribution={distribution.pk}", f"survey={distribution.survey_id}", f"list={ward.pk}", "list=x"):
        assert stranger.get(f"{NEW}?kind=recipients&{about}").status_code == 404, about


@pytest.mark.parametrize("table", ["contacts/contact", "contacts/suppression", "distributor/response"])
def test_tables_lead_to_their_export(operator: Client, organization: Organization, table: str) -> None:
    assert f"{NEW}?kind=" in operator.get(f"/admin/{table}/").content.decode()
