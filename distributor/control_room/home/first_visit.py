"""The checklist of a first visit, and the sample that it sends."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from channels.models import ProviderAccount, Template
from contacts.addresses import is_email, spell_email
from contacts.channel import Channel
from distributor.control_room.layout.room import Room, room_page
from distributor.engine.acceptance.accept import accept
from distributor.engine.infrastructure.audit import actor_of_user, record
from distributor.models import Survey
from distributor.rules.requests import AudienceRules, DistributionRequest, StepRequest

PERMISSION: Final = "distributor.control_distribution"
SAMPLE_ADDRESS: Final = "ann@example.com"
SOURCE: Final = "control room"


@dataclass(frozen=True, slots=True)
class Sample:
    """What a sample is made of: the first survey and e-mail template, and an account."""

    survey: Survey
    template: Template
    account: ProviderAccount

    @property
    def curl(self) -> str:
        """A quick call that sends the same, as a shell command with the key in $KEY."""
        contact = f'{{"email": "{SAMPLE_ADDRESS}", "firstName": "Ann"}}'
        return (
            f"curl {settings.PUBLIC_BASE_URL}/api/surveys/{self.survey.pk}/distributions/quick \\\n"
            '  -H "x-api-key: $KEY" -H "content-type: application/json" \\\n'
            f'  -d \'{{"surveyId": "{self.survey.pk}", "contacts": [{contact}],\n'
            f'       "channels": [{{"channel": "email", "providerId": "{self.account.pk}",\n'
            f'                     "templateId": "{self.template.pk}"}}]}}\''
        )


def find_sample(organization_ids: Sequence[UUID], *, is_real: bool = False) -> Sample | None:
    """Return what a sample can be made of in one of these organisations, by the sandbox or by a real provider."""
    accounts = ProviderAccount.objects.filter(
        organization_id__in=organization_ids, channel=Channel.EMAIL, is_active=True
    ).select_related("organization")
    accounts = accounts.exclude(kind="sandbox") if is_real else accounts.filter(kind="sandbox")
    for account in accounts.order_by("-is_default", "pk")[:10]:
        survey = Survey.objects.filter(organization_id=account.organization_id).order_by("pk").first()
        template = Template.objects.filter(organization_id=account.organization_id, channel=Channel.EMAIL)
        found = template.order_by("-is_default", "pk").first()
        if survey and found:
            return Sample(survey, found, account)
    return None


@require_POST
@room_page
def send_sample(request: HttpRequest, room: Room) -> HttpResponse:
    """Send the sample: to Ann in the sandbox, or to the address given in `email` by a real provider if there is one."""
    given = request.POST.get("email", "").strip()
    address = spell_email(given) if given else SAMPLE_ADDRESS
    home = HttpResponseRedirect(reverse("admin:index"))
    if given and not is_email(address):
        messages.error(request, _("Enter an e-mail address such as ann@example.com."))
        return home
    sample = (given and find_sample(room.organization_ids, is_real=True)) or find_sample(room.organization_ids)
    if not sample:
        messages.error(request, _("A sample needs a survey, an e-mail template and a sandbox or provider account."))
        return home
    if not room.allows(PERMISSION, sample.account.organization_id):
        raise PermissionDenied
    order = DistributionRequest(
        source=SOURCE,
        survey_id=sample.survey.pk,
        contacts=[{"email": address} if given else {"email": address, "first_name": "Ann"}],
        steps=[StepRequest(Channel.EMAIL, sample.account.pk, sample.template.pk)],
        name=_("Sample"),
        audience=AudienceRules(respect_frequency_rules=False),
    )
    distribution = accept(sample.account.organization, None, order, room.now).distribution
    record(actor_of_user(request.user), "created", distribution)
    messages.success(
        request, _("The sample to %(address)s is on its way by %(account)s.") % _values(address, sample.account)
    )
    return home


def _values(address: str, account: ProviderAccount) -> dict[str, str]:
    return {"address": address, "account": account.name}
