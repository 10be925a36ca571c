"""The form of a provider account: a typed field for each setting of its kind, and one for each credential."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms

from channels.account_changes import changes_address, credentials_after
from channels.models import ProviderAccount
from channels.providers.base import Provider
from channels.providers.registry import provider_class
from contacts.channel import Channel
from distributor.admin.providers.setting_fields import PREFIX, configuration_of, setting_fields
from distributor.admin.support.typed_classes import ModelForm

ENTER, CLEAR = "enter_", "clear_"
# Kinds that send e-mail without a sender of their own: the sandbox shows whatever it gets.
NEEDS_NO_SENDER = frozenset({"sandbox"})


class AccountForm(ModelForm[ProviderAccount]):
    """Credentials are always shown empty. A value replaces the stored one; a checkbox clears it."""

    provider: type[Provider]
    kind = ""
    has_dropped_credentials = False  # the address changed, and not all stored credentials were entered again

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._configuration_before = self.instance.configuration
        if not self.instance._state.adding:
            return
        channels = sorted(self.provider.channels)
        if "channel" in self.fields:
            field = cast(forms.ChoiceField, self.fields["channel"])
            field.choices = [(channel.value, channel.label) for channel in channels]
            field.initial = channels[0].value
        if "kind" in self.fields:
            self.fields["kind"].widget = forms.HiddenInput()
            self.fields["kind"].initial = self.kind

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in self.provider.credential_names:
            if cleaned.get(ENTER + name) and cleaned.get(CLEAR + name):
                self.add_error(ENTER + name, "Enter a new value or clear the stored one, not both.")
        channel = cleaned.get("channel") or self.instance.channel
        needs_sender = channel == Channel.EMAIL and self.kind not in NEEDS_NO_SENDER
        if needs_sender and cleaned.get("from_email") == "":
            self.add_error("from_email", "E-mail needs a sender's address, for example surveys@example.com.")
        self._take_configuration(cleaned)
        return cleaned

    def _take_configuration(self, cleaned: Mapping[str, Any]) -> None:
        """Build the configuration of the fields, and name each fault at its field."""
        if f"{PREFIX}{next(iter(self.provider.settings), '')}" not in self.fields:
            return  # the user may only view it
        self.instance.configuration = configuration_of(self.provider.settings, cleaned)
        for fault in self.provider.configuration_faults(self.instance.configuration):
            field = PREFIX + fault.field if PREFIX + fault.field in self.fields else None
            # What a field itself found wrong is no value, which would be another fault.
            if field is None or field not in self.errors:
                self.add_error(field, fault.message)

    def add_error(self, field: str | None, error: Any) -> None:
        """Leave out the model's faults of the configuration as a whole: they stand at their fields already."""
        if field is None and hasattr(error, "error_dict"):
            error.error_dict.pop("configuration", None)
            if not error.error_dict:
                return
        super().add_error(field, error)

    def save(self, commit: bool = True) -> ProviderAccount:
        account = self.instance
        given: dict[str, str | None] = {}
        for name in self.provider.credential_names:
            if self.cleaned_data.get(CLEAR + name):
                given[name] = None
            elif value := self.cleaned_data.get(ENTER + name):
                given[name] = value
        change = (account.kind, self._configuration_before, account.configuration)
        before, account.credentials = account.credentials, credentials_after(*change, account.credentials, given)
        self.has_dropped_credentials = changes_address(*change) and bool(before.keys() - account.credentials.keys())
        return super().save(commit)


def account_form(kind: str, configuration: Mapping[str, Any], stored: Mapping[str, str]) -> type[AccountForm]:
    """Build the form for an account of a kind that has this configuration and these credentials."""
    provider = provider_class(kind)
    fields = {
        "provider": provider,
        "kind": kind,
        **setting_fields(provider.settings, configuration),
        **_credential_fields(provider.credential_names, stored),
    }
    return cast(type[AccountForm], type("KindOfAccountForm", (AccountForm,), fields))


def credential_field_names(kind: str, stored: Mapping[str, str]) -> list[str]:
    return list(_credential_fields(provider_class(kind).credential_names, stored))


def _credential_fields(names: tuple[str, ...], stored: Mapping[str, str]) -> dict[str, forms.Field]:
    fields: dict[str, forms.Field] = {}
    for name in names:
        is_set = bool(stored.get(name))
        fields[ENTER + name] = forms.CharField(
            label=name.replace("_", " ").capitalize(),
            required=False,
            strip=False,
            widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "class": "vTextField"}),
            help_text="Set. Leave empty to keep the stored value." if is_set else "Not set.",
        )
        if is_set:
            fields[CLEAR + name] = forms.BooleanField(label=f"Clear the {name.replace('_', ' ')}", required=False)
    return fields
