"""Each kind in each format: the rows of the organisation, read back, and of no other one."""

from datetime import timedelta
from typing import Any

import pytest

from contacts.models import Contact, MailingList, Organization
from distributor.engine.consent.erase import erase_contact
from distributor.engine.exports.filters import ExportFilters
from distributor.engine.exports.kinds import KINDS
from distributor.engine.exports.start import ExportRefusedError, ExportRequest, find_export_faults, start_export
from distributor.engine.infrastructure.audit import SYSTEM
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.record import record_anonymous
from distributor.models import AuditEntry, Distribution, Export, Survey
from tests.engine.exports.conftest import Start, read_rows

FORMATS = ("csv", "xlsx", "ndjson")
# What tells the rows of a kind apart, and its values.
CONTENT: dict[str, tuple[str, list[str]]] = {
    "recipients": ("externalId", ["PAT-0", "PAT-1", "PAT-2", "PAT-4", "PAT-3"]),
    "responses": ("externalId", ["PAT-0"]),
    "contacts": ("externalId", ["PAT-0", "PAT-1", "PAT-2", "PAT-3", "PAT-4"]),
    "suppressions": ("address", ["gone@example.com"]),
    "links": ("externalId", ["PAT-0", "PAT-1", "PAT-2", "PAT-4"]),
    "audit": ("action", ["cleaned", "exported"]),
}


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_in_a_format(
    start: Start, survey: Survey, distribution: Distribution, birch: Organization, kind: str, file_format: str
) -> None:
    export = start(kind, file_format, **({"survey_id": survey.pk} if kind == "links" else {}))
    rows = read_rows(export)
    name, values = CONTENT[kind]
    found = [row[name] for row in rows]
    assert (sorted(found) if kind == "contacts" else found) == values
    assert export.row_count == len(rows)
    assert set(export.columns) >= {column.name for column in KINDS[kind].columns}
    assert "irch" not in str(rows)
    assert all(set(row) == set(export.columns) for row in rows)


def test_recipients_tell_their_states_and_data(start: Start, distribution: Distribution) -> None:
    rows = {row["externalId"]: row for row in read_rows(start("recipients", "csv"))}
    assert {name: row["state"] for name, row in rows.items()} == {
        "PAT-0": "stopped",
        "PAT-1": "failed",
        "PAT-2": "waiting",
        "PAT-3": "skipped",
        "PAT-4": "waiting",
    }
    assert rows["PAT-3"]["providerText"].startswith("skipped: the contact opted out")
    assert rows["PAT-0"]["embeddedData.department"] == "Cardiology"
    assert rows["PAT-0"]["phone"] == "+48600000000"
    assert rows["PAT-0"]["acceptedAt"].endswith(("+01:00", "+02:00"))
    Distribution.objects.filter(pk=distribution.pk).update(cancelled_at=database_now())
    assert {row["state"] for row in read_rows(start("recipients"))} == {"stopped", "failed", "skipped"}


def test_answers_have_a_column_each_without_formulas(start: Start, distribution: Distribution) -> None:
    [row] = read_rows(start("responses", "csv"))
    assert (row["answers.score"], row["answers.comment"]) == ("9", "'=1+1")
    [whole] = read_rows(start("responses", "ndjson"))
    assert whole["answers"] == {"score": 9, "comment": "=1+1"}
    assert whole["submittedAt"].endswith("Z")
    [sheet] = read_rows(start("responses", "xlsx"))
    assert (sheet["answers.score"], sheet["answers.comment"]) == (9, "=1+1")


def test_filters_and_columns_are_as_asked_for(
    start: Start, distribution: Distribution, mailing_list: MailingList
) -> None:
    def of(kind: str, **filters: Any) -> list[str]:
        return sorted(row["externalId"] for row in read_rows(start(kind, "csv", ["externalId"], **filters)))

    assert of("contacts", list_id=mailing_list.pk) == ["PAT-0", "PAT-1"]
    assert of("recipients", states=("failed", "skipped")) == ["PAT-1", "PAT-3"]
    assert of("recipients", distribution_id=distribution.pk, states=("waiting",)) == ["PAT-2", "PAT-4"]
    later, earlier = database_now() + timedelta(days=1), database_now() - timedelta(days=1)
    assert of("recipients", since=later) == of("responses", since=later) == of("responses", before=earlier) == []
    assert of("responses", since=earlier, before=later, distribution_id=distribution.pk) == ["PAT-0"]
    assert read_rows(start("suppressions", "csv", channel="sms")) == []
    chosen = start("contacts", "csv", ["phone", "embeddedData.department", "externalId"])
    assert list(read_rows(chosen)[0]) == ["phone", "embeddedData.department", "externalId"]


def test_an_export_without_rows_is_a_file(start: Start) -> None:
    for file_format in FORMATS:
        assert read_rows(start("contacts", file_format)) == []


def test_who_was_erased_is_in_no_export(start: Start, organization: Organization, distribution: Distribution) -> None:
    erase_contact(Contact.objects.get(external_id="PAT-0").pk, database_now())
    for kind in ("recipients", "contacts", "links"):
        filters = {"distribution_id": distribution.pk} if kind == "links" else {}
        assert "PAT-0" not in {row["externalId"] for row in read_rows(start(kind, "csv", **filters))}
    [response] = read_rows(start("responses", "csv"))  # the answers stay, as nobody's
    assert (response["answers.score"], response["contactId"], response["link"]) == ("9", "", "")


def test_every_fault_is_named_at_once(organization: Organization, birch: Organization) -> None:
    theirs = Survey.objects.get(organization=birch)
    now = database_now()
    filters = ExportFilters(survey_id=theirs.pk, channel="fax", states=("lost",), since=now, before=now)
    request = ExportRequest("recipients", "csv", filters, ["email", "shoeSize", "email", "embeddedData."])
    faults = [(fault.place, fault.code) for fault in find_export_faults(organization, request)]
    assert faults == [
        ("filters/surveyId", "not_found"),
        ("filters/channel", "filter_not_allowed"),
        ("filters/states/0", "unknown_state"),
        ("filters/channel", "unknown_channel"),
        ("filters/before", "no_time_between"),
        ("columns/1", "unknown_column"),
        ("columns/2", "column_given_twice"),
        ("columns/3", "unknown_column"),
    ]
    [missing] = find_export_faults(organization, ExportRequest("links", "csv"))
    assert missing.code == "filter_missing"


def test_a_refused_export_leaves_nothing(start: Start) -> None:
    with pytest.raises(ExportRefusedError):
        start("contacts", "csv", ["shoeSize"])
    assert not AuditEntry.objects.filter(action="exported").exists()


def test_an_export_for_another_api_ends_at_its_limit_and_knows_the_keys_of_its_rows(
    organization: Organization, survey: Survey, distribution: Distribution
) -> None:
    record_anonymous(survey, {"score": 3, "mood": "calm"}, database_now() + timedelta(days=1))
    keys = []
    for row_limit in (None, 1, 0):
        asked = ExportRequest("responses", "ndjson", row_limit=row_limit, rendering={"format": "csv"})
        export = start_export(organization, asked, SYSTEM, "the tests", database_now())
        rows = read_rows(export)
        assert export.row_count == len(rows) == (2 if row_limit is None else row_limit)
        keys.append(export.data_keys["answers"])
    assert keys == [["score", "comment", "mood"], ["score", "comment"], []]


def test_an_unfinished_export_forgets_the_keys_with_the_person_who_is_erased(
    organization: Organization, distribution: Distribution
) -> None:
    asked = ExportRequest("responses", "ndjson", rendering={"format": "csv"})
    export = start_export(organization, asked, SYSTEM, "the tests", database_now())
    read_rows(export)
    Export.objects.filter(pk=export.pk).update(finished_at=None, is_read=False)
    erase_contact(Contact.objects.get(external_id="PAT-0").pk, database_now())
    export.refresh_from_db()
    assert (export.data_keys, export.row_count, export.part_count) == ({}, 0, 0)
