from django.test import Client

from contacts.models import Organization
from distributor.models import Distribution, Response, Survey
from tests.support.admin_pages import address, faults, listed


def test_a_survey_leads_only_to_allowed_hosts(operator: Client, organization: Organization) -> None:
    data = {"organization": organization.pk, "name": "Stay", "default_locale": "en"}
    data["target_url"] = "https://survey.example.com/a"
    assert list(faults(operator.post(address(Survey, "add"), data))) == ["target_url"]
    organization.allowed_redirect_hosts = ["survey.example.com"]
    organization.save()
    assert operator.post(address(Survey, "add"), data).status_code == 302
    assert Survey.objects.get().target_url == "https://survey.example.com/a"


def test_a_target_without_an_organisation_is_reported_and_does_not_crash(operator: Client) -> None:
    data = {"name": "Stay", "default_locale": "en", "target_url": "https://survey.example.com/a"}
    assert list(faults(operator.post(address(Survey, "add"), data))) == ["organization"]


def test_a_survey_links_to_its_distributions_and_responses(
    operator: Client, survey: Survey, response: Response
) -> None:
    other = Survey.objects.create(organization=survey.organization, name="Other")
    assert listed(operator, Distribution, survey=survey.pk) == [Distribution.objects.get()]
    assert listed(operator, Response, survey=survey.pk) == [response]
    assert listed(operator, Distribution, survey=other.pk) == []
    assert listed(operator, Response, survey=other.pk) == []
