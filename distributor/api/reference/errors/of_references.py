"""Codes of faults about ids: something does not exist, cannot be used here, or is in use."""

from collections.abc import Mapping
from typing import Final

from distributor.api.reference.errors.entry import Entry

_ID: Final = "Use the id of one of this organisation's own."
_UNKNOWN: Final = {
    "survey": "survey",
    "list": "list",
    "mailing_list": "mailing list",
    "contact": "contact",
    "provider": "provider account",
    "template": "template",
    "message": "message",
    "library": "library",
    "directory": "directory",
    "distribution": "distribution",
}
_USERS: Final = ("distributions", "list connections", "recurring distributions", "step accounts", "responses")

CODES: Final[Mapping[str, Entry]] = {
    **{
        f"{code}_not_found": Entry(f"The organisation has no {name} with this id.", _ID)
        for code, name in _UNKNOWN.items()
    },
    **{
        f"used_by_{users.replace(' ', '_')}": Entry(f"It is used by {users}.", "Leave it, or stop using it first.")
        for users in _USERS
    },
    "provider_wrong_channel": Entry("The account is for another channel.", "Use an account of the step's channel."),
    "provider_inactive": Entry("The account is switched off.", "Use another account, or switch it on."),
    "template_wrong_channel": Entry("The template is for another channel.", "Use one of the step's channel."),
    "wrong_channel": Entry("It is for another channel.", "Use one of the right channel."),
    "no_default_provider": Entry("The channel has no default account.", "Mark one as the default in the admin."),
    "no_default_template": Entry("The channel has no default template.", "Mark one as the default in the admin."),
    **{
        f"default_{what}_{state}": Entry(f"The channel's default {name} cannot be used.", "Choose another default.")
        for what, name in (("provider", "account"), ("template", "template"))
        for state in ("inactive", "not_found", "wrong_channel")
    },
    "message_without_texts": Entry("The message has no text.", "Write one in the admin, or use another message."),
    "survey_mismatch": Entry("The path and the body name different surveys.", "Name the same one in both."),
    "unknown_question": Entry("The survey has no such question.", "`GET /API/v3/surveys/{SV}` lists its questions."),
    "other_survey": Entry("The parent distribution has another survey.", "Name its survey."),
    "other_mailing_list": Entry("The parent distribution was sent to another list.", "Name its list, or none."),
    "not_a_recipient": Entry("The contact is not a recipient of the distribution.", "Name one of its recipients."),
    "contact_not_on_list": Entry("The contact is not on the list.", "Add the contact first, or leave the list out."),
}
