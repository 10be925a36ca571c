"""Mailing lists."""

from typing import Any

import pytest
from django.test import Client

from contacts.models import MailingList, Organization
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.engine.infrastructure.clock import database_now
from distributor.models import RecurringDistribution, Survey
from tests.support.api.lists_and_links import (
    call,
    elements_of,
    error_of,
    faults_of,
    is_id,
    lists_path,
    milliseconds,
    result_of,
)


def test_a_list_is_made_read_renamed_and_deleted(client: Client, organization: Organization, path: str) -> None:
    owner = public_id(Kind.LIBRARY, organization.pk)
    said = {"name": " Ward B ", "ownerId": owner, "prioritizeListMetadata": True}
    answer = result_of(call(client, "POST", path, said))
    assert set(answer) == {"id"}
    assert is_id("CG", answer["id"])
    row = MailingList.objects.get()
    expected = {
        "mailingListId": answer["id"],
        "id": answer["id"],
        "name": "Ward B",
        "contactCount": 0,
        "ownerId": owner,
        "creationDate": milliseconds(row.created_at),
        "lastModifiedDate": milliseconds(row.updated_at),
    }
    one = f"{path}/{answer['id']}"
    assert result_of(call(client, "GET", one)) == expected
    assert elements_of(call(client, "GET", path)) == [expected]
    renamed = call(client, "PUT", one, {"name": "Ward C"})
    assert (renamed.status_code, set(renamed.json())) == (200, {"meta"})
    row.refresh_from_db()
    assert row.updated_at > row.created_at
    assert result_of(call(client, "GET", one)) == {
        **expected,
        "name": "Ward C",
        "lastModifiedDate": milliseconds(row.updated_at),
    }
    assert call(client, "DELETE", one).status_code == 200
    for method in ("GET", "DELETE"):
        error_of(call(client, method, one), "404 - Not Found")


def test_renaming_a_list_over_the_native_api_counts_as_well(client: Client, made: str) -> None:
    row = MailingList.objects.get()
    client.patch(f"/api/v1/lists/{row.pk}", {"name": "Ward C"}, content_type="application/json")
    assert MailingList.objects.get().updated_at > row.updated_at


def test_pages_of_lists_hold_each_once_newest_first(client: Client, path: str) -> None:
    ids = [result_of(call(client, "POST", path, {"name": f"Number {number}"}))["id"] for number in range(5)][::-1]
    address: str | None = f"{path}/?pageSize=2"
    seen = []
    while address:
        page = result_of(call(client, "GET", address))
        seen += [one["mailingListId"] for one in page["elements"]]
        address = page["nextPage"] and page["nextPage"].partition("/API/v3/")[2]
    assert seen == ids
    assert [one["mailingListId"] for one in elements_of(call(client, "GET", f"{path}?pageSize=2&offset=3"))] == ids[3:]


def test_a_page_makes_as_many_queries_for_many_lists_as_for_few(
    client: Client,
    organization: Organization,
    path: str,
    made: str,
    mailing_list: MailingList,
    django_assert_num_queries: Any,
) -> None:
    counts = [5, 0]
    for _ in range(2):
        with django_assert_num_queries(3):  # Including the key's.
            assert [row["contactCount"] for row in elements_of(call(client, "GET", path))] == counts
        MailingList.objects.bulk_create(MailingList(organization=organization, name=f"Ward {n}") for n in range(20))
        counts = [0] * 20 + counts


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({}, ("/name", "missing")),
        ({"name": " "}, ("/name", "string_too_short")),
        ({"name": "a\nb"}, ("/name", "not_one_line")),
        ({"name": "a" * 256}, ("/name", "string_too_long")),
        ({"name": "a", "ownerId": "UR_000000000000000"}, ("/ownerId", "library_not_found")),
        ({"name": "a", "colour": "red"}, ("/colour", "extra_forbidden")),
        ([], ("", "model_type")),
        ("{", ("", "json_invalid")),
    ],
)
def test_a_list_that_cannot_be_kept_is_refused(
    client: Client, path: str, made: str, body: Any, fault: tuple[str, str]
) -> None:
    for method, address in (("POST", path), ("PUT", made)):
        assert faults_of(call(client, method, address, body)) == [fault]
    assert MailingList.objects.get().name == "Ward B"


def test_a_list_that_a_recurring_distribution_goes_to_stays(
    client: Client, organization: Organization, survey: Survey, made: str
) -> None:
    RecurringDistribution.objects.create(
        organization=organization,
        name="Weekly",
        survey=survey,
        mailing_list=MailingList.objects.get(),
        cron="0 9 * * mon",
        next_at=database_now(),
    )
    error = error_of(call(client, "DELETE", made), "409 - Conflict")
    assert error["errorCode"] == "mailing_list_in_use"
    assert MailingList.objects.exists()


def test_another_organisations_directory_and_lists_are_not_there(client: Client, path: str) -> None:
    other = Organization.objects.create(name="Other", slug="other")
    foreign = MailingList.objects.create(organization=other, name="Theirs")
    list_id = public_id(Kind.MAILING_LIST, foreign.pk)
    for address in (f"{lists_path(other)}", f"{lists_path(other)}/{list_id}", f"{path}/{list_id}"):
        error_of(call(client, "GET", address), "404 - Not Found")
    error_of(call(client, "DELETE", f"{path}/{list_id}/contacts/CID_000000000000000"), "404 - Not Found")
