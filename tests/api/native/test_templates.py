"""/api/v1/templates"""

from typing import Any

import pytest
from django.test import Client

from channels.models import Template, TemplateVariant
from contacts.channel import Channel
from distributor.models import Step
from tests.support.api.bodies import faults_in
from tests.support.api.resources import BASE, BODIES, make, patch, post
from tests.support.journeys import make_journey, make_survey

SMS = {"name": "Invitation", "channel": "sms", "variants": {"en": {"text": "${link}"}}}


def test_a_template_is_answered_with_its_variants(client: Client) -> None:
    made = make(client, "templates")
    assert made.items() >= BODIES["templates"].items()
    assert set(made) == {*BODIES["templates"], "id", "createdAt", "isDefault"}


def test_a_patch_replaces_adds_and_removes_variants_and_leaves_the_others(client: Client) -> None:
    made = make(client, "templates")
    german = {"subject": "Hallo", "html": None, "text": "${link}"}
    english = {"subject": "Hi", "text": "new ${link}"}
    response = patch(client, f"templates/{made['id']}", {"variants": {"de": german, "EN": english, "zh-cn": None}})
    assert response.status_code == 200
    expected = {**made, "variants": {"EN": {**english, "html": None}, "de": german}}
    assert response.json() == expected == client.get(f"{BASE}/templates/{made['id']}").json()
    renamed = patch(client, f"templates/{made['id']}", {"name": "Other"})
    assert renamed.json() == {**expected, "name": "Other"}


def test_the_last_variant_stays(client: Client) -> None:
    made = make(client, "templates")
    response = patch(client, f"templates/{made['id']}", {"name": "x", "variants": {"en": None, "zh-CN": None}})
    assert (response.status_code, faults_in(response)) == (400, [("/variants", "no_variant_left")])
    assert client.get(f"{BASE}/templates/{made['id']}").json() == made


def test_the_channel_is_fixed(client: Client) -> None:
    made = make(client, "templates")
    response = patch(client, f"templates/{made['id']}", {"channel": "sms"})
    assert (response.status_code, faults_in(response)) == (400, [("/channel", "fixed_after_creation")])


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({"variants": {}}, [("/variants", "too_short")]),
        ({"variants": {"x_y": {"text": "x"}, "": {"text": "x"}}}, {("/variants/x_y", "invalid_locale")}),
        ({"variants": {"en": {"text": "x"}, "EN": {"text": "x"}}}, [("/variants/EN", "locale_twice")]),
        ({"variants": {"en": {"text": ""}}}, [("/variants/en/text", "string_too_short")]),
        ({"variants": {"en": {}}}, [("/variants/en/text", "missing")]),
        ({"variants": {"en": None}}, [("/variants/en", "model_type")]),
        ({"variants": {"en": {"text": "${contact:} ${lnk}"}}}, [("/variants/en/text", "unknown_placeholder")]),
        (
            {"variants": {"en": {"text": "x", "subject": "x", "html": "x"}, "pl": {"text": "${x}"}}, "name": ""},
            {
                ("/variants/en/subject", "email_only"),
                ("/variants/en/html", "email_only"),
                ("/variants/pl/text", "unknown_placeholder"),
                ("/name", "string_too_short"),
            },
        ),
        (
            {"channel": "email", "variants": {"en": {"text": "x"}, "pl": {"text": "x", "subject": "a\nb"}}},
            {("/variants/en/subject", "missing"), ("/variants/pl/subject", "not_one_line")},
        ),
        ({"channel": "fax"}, [("/channel", "enum")]),
    ],
)
def test_every_fault_is_named(client: Client, change: dict[str, Any], faults: Any) -> None:
    response = post(client, "templates", {**SMS, **change})
    assert response.status_code == 400
    assert set(faults) <= set(faults_in(response))
    assert (Template.objects.count(), TemplateVariant.objects.count()) == (0, 0)


def test_a_patch_is_judged_by_the_templates_channel(client: Client) -> None:
    made = post(client, "templates", SMS).json()
    response = patch(client, f"templates/{made['id']}", {"variants": {"pl": {"text": "x", "html": "x"}}})
    assert (response.status_code, faults_in(response)) == (400, [("/variants/pl/html", "email_only")])


def test_a_template_that_was_sent_with_stays(client: Client, templates: dict[Channel, Template]) -> None:
    template = templates[Channel.EMAIL]
    recipient = make_journey(make_survey(template.organization))
    Step.objects.filter(distribution_id=recipient.distribution_id).update(template=template)
    response = client.delete(f"{BASE}/templates/{template.pk}")
    assert (response.status_code, response.json()["code"]) == (409, "template_in_use")
    assert template.variants.count() == 2
