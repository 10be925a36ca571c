"""The examples on the demo: its real ids in the place of placeholders, so that “try it out” works as offered.

Of things that there are many of, such as distributions, the latest is named; of those that there are none of yet, the
placeholder stays. Only documents with `?examples=demo`, which the page asks for, are changed: clients are generated
from the same document everywhere.
"""

from collections.abc import Iterator
from typing import Any

from django.conf import settings

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.models import Contact, MailingList, Membership, Suppression
from distributor.api.reference.placeholders import BASE_URL, PLACEHOLDERS, with_computed_ids
from distributor.engine.infrastructure.installation import find_installation
from distributor.models import Distribution, EventEndpoint, Export, FileImport, Recipient, Survey
from distributor.models.event_endpoint import STANDARD_FORMAT


def localize(content: bytes, *, names_demo: bool) -> bytes:
    """Return a document with the address of this installation and, if wanted and this is one, the ids of the demo."""
    content = content.replace(BASE_URL.encode(), settings.PUBLIC_BASE_URL.encode())
    for placeholder, known in _demo_values() if names_demo else ():
        content = content.replace(placeholder.encode(), known.encode())
    return content


def demo_api_key() -> str:
    """Return the API key of the demo; "" if this is none."""
    return settings.DEMO_API_KEY if settings.SANDBOX_OPEN and find_installation().demo else ""


def _demo_values() -> Iterator[tuple[str, str]]:
    if settings.SANDBOX_OPEN and (demo := find_installation().demo):
        for name, known in with_computed_ids(_demo_ids(demo)).items():
            yield PLACEHOLDERS[name], known
        if settings.DEMO_API_KEY:
            yield PLACEHOLDERS["api_key"], settings.DEMO_API_KEY


def _demo_ids(demo: dict[str, Any]) -> dict[str, str]:
    """Return the ids of what the seed made, and of the latest of everything else."""
    ids = {
        "organization": demo["organizationId"],
        "survey": demo["surveyId"],
        **{f"{channel}_provider": demo["providers"][channel] for channel in ("email", "sms")},
        **{f"{channel}_template": demo["templates"][channel] for channel in ("email", "sms")},
    }
    organization_id = demo["organizationId"]
    organization = {"organization_id": organization_id}
    members = Membership.objects.filter(mailing_list__is_automatic=False, mailing_list__organization=organization_id)
    newest = members.order_by("-mailing_list_id", "-contact_id").values_list("mailing_list_id", "contact_id").first()
    latest = {
        "contact": Contact.objects.filter(erased_at=None, **organization),
        "list": MailingList.objects.filter(is_automatic=False, **organization),
        "suppression": Suppression.objects.filter(**organization),
        "distribution": Distribution.objects.filter(cancelled_at=None, **organization),
        "sms_distribution": Distribution.objects.filter(
            cancelled_at=None, steps__position=0, steps__channel=Channel.SMS, **organization
        ),
        "event_endpoint": EventEndpoint.objects.filter(format=STANDARD_FORMAT, **organization),
        "subscription": EventEndpoint.objects.filter(**organization).exclude(format=STANDARD_FORMAT),
        # Created after the seed, so that nobody deletes what the other examples need.
        "import": FileImport.objects.filter(**organization),
        "contact_import": FileImport.objects.filter(format="json", **organization),
        "dry_run": FileImport.objects.filter(is_dry_run=True, **organization),
        "waiting_import": FileImport.objects.filter(finished_at=None, cancelled_at=None, **organization),
        "export": Export.objects.filter(withdrawn_at=None, **organization).exclude(finished_at=None),
        "unused_survey": Survey.objects.filter(pk__gt=demo["surveyId"], **organization),
        "unused_provider": ProviderAccount.objects.filter(**organization).exclude(pk__in=demo["providers"].values()),
        "unused_template": Template.objects.filter(**organization).exclude(pk__in=demo["templates"].values()),
    }
    for name, rows in latest.items():
        if row := rows.order_by("-pk").values_list("pk", flat=True).first():
            ids[name] = str(row)
    if newest:  # a contact that is on the list
        ids |= {"list": str(newest[0]), "contact": str(newest[1])}
    if distribution := ids.get("distribution"):
        code = Recipient.objects.filter(distribution_id=distribution).values_list("code", flat=True).first()
        ids |= {"code": code} if code else {}
    return ids
