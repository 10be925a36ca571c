"""How a client finds the IDs that it needs."""

from django.test import Client

from channels.models import Template
from contacts.channel import Channel
from contacts.models import Contact, Organization
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.models import Survey
from tests.support.api.lists_and_links import call, elements_of, error_of, is_id, result_of


def test_a_client_finds_all_ids_that_it_needs(
    client: Client, organization: Organization, survey: Survey, templates: dict[Channel, Template], crowd: list[Contact]
) -> None:
    library_id = public_id(Kind.LIBRARY, organization.pk)
    assert result_of(call(client, "GET", "whoami")) == {
        "brandId": "acme",
        "userId": library_id,
        "userName": "tests",
        "timeZone": "Europe/Warsaw",
    }
    made_at = survey.created_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert elements_of(call(client, "GET", "surveys")) == [
        {
            "id": public_id(Kind.SURVEY, survey.pk),
            "name": "Your stay",
            "ownerId": library_id,
            "isActive": True,
            "lastModified": made_at,
            "creationDate": made_at,
        }
    ]
    assert elements_of(call(client, "GET", "directories")) == [
        {
            "directoryId": public_id(Kind.DIRECTORY, organization.pk),
            "name": "ACME",
            "contactCount": 5,
            "isDefault": True,
        }
    ]
    assert elements_of(call(client, "GET", "libraries")) == [{"libraryId": library_id, "libraryName": "ACME"}]
    messages = elements_of(call(client, "GET", f"libraries/{library_id}/messages"))
    assert {(one["id"], one["description"], one["category"], one["channel"]) for one in messages} == {
        (
            public_id(Kind.MESSAGE, template.pk),
            "Invitation",
            "invite" if channel == Channel.EMAIL else "smsInvite",
            channel.value,
        )
        for channel, template in templates.items()
    }
    for prefix, text in (("SV", public_id(Kind.SURVEY, survey.pk)), ("UR", library_id), ("MS", messages[0]["id"])):
        assert is_id(prefix, text)
    assert is_id("POOL", public_id(Kind.DIRECTORY, organization.pk))


def test_pages_of_surveys_and_messages(
    client: Client, organization: Organization, survey: Survey, templates: dict[Channel, Template]
) -> None:
    Survey.objects.create(organization=organization, name="Another")
    page = result_of(call(client, "GET", "surveys?pageSize=1"))
    assert [one["name"] for one in page["elements"]] == ["Another"]
    rest = result_of(call(client, "GET", page["nextPage"].partition("/API/v3/")[2]))
    assert ([one["name"] for one in rest["elements"]], rest["nextPage"]) == (["Your stay"], None)
    messages = f"libraries/{public_id(Kind.LIBRARY, organization.pk)}/messages"
    assert len(elements_of(call(client, "GET", f"{messages}?offset=1"))) == 2
    error_of(call(client, "GET", "libraries/UR_000000000000000/messages"), "404 - Not Found")
