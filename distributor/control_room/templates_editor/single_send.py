"""“Send me this”: what stands in the form goes to one address now, with the chosen contact's values."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from channels.models import Template
from channels.providers.base import Outcome, Result
from channels.rendering import CompiledVariant
from contacts.channel import Channel
from contacts.models import Contact
from contacts.suppressions import spell_address
from distributor.control_room.templates_editor.preview import values_for
from distributor.control_room.templates_editor.rows import accounts_of
from distributor.engine.route.single_message import SENTENCES, send_single_message


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of it. `is_tried`: the provider or the rules of consent were asked."""

    sentence: str | Promise
    result: Result | None = None

    @property
    def is_tried(self) -> bool:
        return self.result is not None

    @property
    def has_worked(self) -> bool:
        return self.result is not None and self.result.outcome is Outcome.ACCEPTED


def send_to_me(template: Template, variant: CompiledVariant, contact: Contact | None, given: Mapping[str, str]) -> Sent:
    """Send the message to the address `to` by the account `account`. The link leads to our first page, to no survey."""
    account = next((each for each in accounts_of(template) if str(each.pk) == given.get("account")), None)
    if account is None:
        return Sent(_("Choose an account that sends it."))
    to = spell_address(template.channel, given.get("to", ""), template.organization.phone_region)
    if to is None:
        example = "ann@example.com" if template.channel == Channel.EMAIL else "+48601234567"
        return Sent(_("This is no address for the channel. Enter one such as %(example)s.") % {"example": example})
    if template.channel == Channel.EMAIL and not account.from_email and account.kind != "sandbox":
        return Sent(_("The account has no sender's address. Enter one first."))
    result = send_single_message(account, to, variant, values_for(variant, contact))
    return Sent(SENTENCES[result.outcome], result)
