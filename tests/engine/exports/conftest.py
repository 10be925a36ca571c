"""Distributions of two organisations, and exports as independent readers read them."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from python_calamine import load_workbook

from channels.models import ProviderAccount, Template, TemplateVariant
from contacts.channel import Channel
from contacts.list_members import put_on_list
from contacts.models import Contact, MailingList, Organization, Suppression
from contacts.models.suppression import SuppressionReason
from distributor.engine.acceptance.accept import accept
from distributor.engine.exports.download import read_file
from distributor.engine.exports.filters import ExportFilters
from distributor.engine.exports.start import ExportRequest, start_export
from distributor.engine.exports.write import write_next
from distributor.engine.infrastructure.audit import SYSTEM, record
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.record import record_response
from distributor.models import Distribution, Export, Recipient, Survey
from distributor.rules.requests import DistributionRequest, StepRequest
from tests.engine.conftest import Send
from tests.support.engine.people import given

Start = Callable[..., Export]
SAMPLE = {"score": 9, "comment": "=1+1"}


@pytest.fixture
def mailing_list(organization: Organization) -> MailingList:
    return MailingList.objects.create(organization=organization, name="Ward 3")


@pytest.fixture
def distribution(organization: Organization, send: Send, mailing_list: MailingList) -> Distribution:
    """Five people, of whom the first responded, the second failed, the fourth was left out; two are on a list."""
    Contact.objects.create(organization=organization, external_id="PAT-3", opted_out_at=database_now())
    distribution = send(5).distribution
    people = {each.contact.external_id: each for each in Recipient.objects.select_related("contact")}
    record_response(people["PAT-0"].code, SAMPLE, database_now(), organization_id=organization.pk)
    Recipient.objects.filter(pk=people["PAT-1"].pk).update(state="finished", outcome="failed", reason="provider")
    put_on_list(mailing_list, {people[name].contact_id for name in ("PAT-0", "PAT-1")})
    Suppression.objects.create(
        organization=organization, channel="email", address="gone@example.com", reason=SuppressionReason.BOUNCE
    )
    record(SYSTEM, "cleaned", organization)
    return distribution


@pytest.fixture
def birch() -> Organization:
    """Another organisation with the same things."""
    other = Organization.objects.create(name="Birch", slug="birch")
    survey = Survey.objects.create(organization=other, name="Birch survey")
    account = ProviderAccount.objects.create(organization=other, name="Birch mail", kind="sandbox", channel="email")
    template = Template.objects.create(organization=other, name="Birch invitation", channel=Channel.EMAIL)
    TemplateVariant.objects.create(template=template, locale="en", subject="Hi", text="${link}", html="${link}")
    step = StepRequest(channel=Channel.EMAIL, provider_account_id=account.pk, template_id=template.pk)
    asked = DistributionRequest(source="test", survey_id=survey.pk, contacts=[given(9)], steps=[step], is_sent=False)
    accepted = accept(other, None, asked, database_now())
    code = accepted.recipients[0].code
    record_response(code, {"score": 1}, database_now(), organization_id=other.pk)
    put_on_list(MailingList.objects.create(organization=other, name="Birch list"), {Contact.objects.latest("pk").pk})
    Suppression.objects.create(
        organization=other, channel="email", address="birch@example.com", reason=SuppressionReason.BOUNCE
    )
    record(SYSTEM, "cleaned", other)
    return other


@pytest.fixture
def start(organization: Organization) -> Start:
    """Ask for an export of ACME. The other keywords are filters."""

    def start(kind: str, file_format: str = "csv", columns: list[str] | None = None, **filters: Any) -> Export:
        request = ExportRequest(kind, file_format, ExportFilters(**filters), columns)
        return start_export(organization, request, SYSTEM, "the tests", database_now())

    return start


def finish(export: Export) -> Export:
    """Write until nothing is due."""
    while write_next(database_now()):
        pass
    export.refresh_from_db()
    assert export.finished_at is not None, export.last_error
    return export


def read_rows(export: Export) -> list[dict[str, Any]]:
    """Read the file with a reader that is not ours."""
    data = b"".join(read_file(finish(export)))
    assert len(data) == export.byte_count
    match export.format:
        case "csv":
            return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
        case "ndjson":
            return [json.loads(line) for line in data.splitlines()]
    book = load_workbook(io.BytesIO(data))
    head, *rows = book.get_sheet_by_index(0).to_python()
    return [dict(zip(map(str, head), row, strict=True)) for row in rows]
