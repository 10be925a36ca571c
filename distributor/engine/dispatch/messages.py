"""Write the message for one recipient of a step, and describe it for its attempt."""

from collections.abc import Mapping

from channels.providers.base import Message
from contacts.channel import Channel
from distributor.engine.journey.people import Person
from distributor.engine.route.message_values import contact_values
from distributor.engine.route.step_context import StepContext


def write_message(
    context: StepContext, person: Person, attempt_id: str, further_keys: frozenset[str] = frozenset()
) -> Message:
    """Return the message for one person. Its texts are filled in when the provider reads them.

    `attempt_id` is that of the person's next attempt (journey/attempts.py). `further_keys` are the keys that the
    provider fills into its own texts (Provider.value_keys).
    """
    variant = context.variant_for(person.locale, person.contact_locale)
    keys = variant.keys | further_keys if further_keys else variant.keys
    unsubscribe_url = f"{context.public_base_url}/u/{person.code}"
    values = contact_values(person, keys, context.distribution.attributes)
    values["survey:name"] = context.survey_name
    values["link"] = f"{context.public_base_url}/p/{person.code}"
    values["unsubscribe"] = unsubscribe_url
    values["intro"] = person.wording.intro
    return Message(
        attempt_id=attempt_id,
        group_id=context.group_id,
        to=person.email if context.step.channel == Channel.EMAIL else person.phone,
        to_name=person.full_name,
        sender=context.sender,
        variant=variant,
        values=values,
        unsubscribe_url=unsubscribe_url,
        installation_id=context.installation_id,
        own_subject=person.wording.subject,
    )


def describe_message(
    context: StepContext, person: Person, written: Mapping[str, str] | None
) -> tuple[str, dict[str, str] | None]:
    """Return what an attempt keeps of its message: the key of its texts, and the values that may change later.

    `written` are the values of its message; None: another worker wrote it. Its links follow from the recipient's code,
    and its introduction is the recipient's own.
    """
    kept = context.kept_texts[context.variant_for(person.locale, person.contact_locale).locale]
    try:
        if written is None:
            written = contact_values(person, frozenset(kept.contact_keys), context.distribution.attributes)
        values = {key: written[key] for key in kept.contact_keys}
    except Exception:
        # The message could not be written either: hand_over has logged it, and the person has failed alone.
        return kept.key, None
    if kept.survey_name:
        values["survey:name"] = kept.survey_name
    return kept.key, values or None
