"""The forms of a distribution's pages. Times are entered in the organisation's time zone."""

from typing import Any, Final
from uuid import UUID

from django import forms
from django.core import signing
from django.utils.translation import gettext_lazy as _

from channels.models import ProviderAccount, Template
from contacts.ids import new_id
from contacts.models import Organization
from distributor.rules.journey.chain import StepKind

_SALT: Final = "control room: new row"
_DAY: Final = 24 * 60 * 60


class OnceForm(forms.Form):
    """A form that makes a row once: the page gives it the id, so that a second click finds what the first made."""

    row = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["row"].initial = signing.dumps(str(new_id()), salt=_SALT)

    def clean_row(self) -> UUID:
        try:
            return UUID(signing.loads(self.cleaned_data["row"], salt=_SALT, max_age=_DAY))
        except signing.BadSignature:
            raise forms.ValidationError(_("This page is too old. Open it again.")) from None


class Moment(forms.DateTimeField):
    """A date and time as browsers give them, or empty for now."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"], **kwargs)


class RescheduleForm(forms.Form):
    scheduled_at = Moment(label=_("Begin at"), help_text=_("Empty: now."))


class CloneForm(OnceForm):
    name = forms.CharField(label=_("Name"), max_length=255, required=False)
    scheduled_at = Moment(label=_("Begin at"), help_text=_("Empty: now."))


class StepForm(OnceForm):
    """A reminder or thank-you by one account and template of the organisation."""

    kind = forms.ChoiceField(
        label=_("What"),
        choices=[
            (StepKind.REMINDER.value, _("a reminder to those who were reached and have not responded")),
            (StepKind.THANK_YOU.value, _("a thank-you to those who have responded")),
        ],
    )
    account = forms.ModelChoiceField(ProviderAccount.objects.none(), label=_("Provider account"))
    template = forms.ModelChoiceField(Template.objects.none(), label=_("Template"))
    subject = forms.CharField(
        label=_("Subject"), max_length=255, required=False, help_text=_("E-mail only. Empty: the template's.")
    )
    scheduled_at = Moment(label=_("Send at"), help_text=_("Empty: now."))

    def __init__(self, organization: Organization, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        accounts: Any = self.fields["account"]
        templates: Any = self.fields["template"]
        accounts.queryset = ProviderAccount.objects.filter(organization=organization, is_active=True)
        templates.queryset = Template.objects.filter(organization=organization).order_by("channel", "name")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        account, template = cleaned.get("account"), cleaned.get("template")
        if account is not None and template is not None and account.channel != template.channel:
            text = _("This template is for %(template)s, and the account for %(account)s.")
            self.add_error("template", text % {"template": template.channel, "account": account.channel})
        return cleaned
