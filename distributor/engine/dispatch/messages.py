"""Write the message for one recipient of a step."""

from channels.providers.base import Message
from contacts.channel import Channel
from distributor.engine.journey.attempts import attempt_id
from distributor.engine.journey.people import Person
from distributor.engine.route.message_values import contact_values
from distributor.engine.route.step_context import StepContext


def write_message(context: StepContext, person: Person, further_keys: frozenset[str] = frozenset()) -> Message:
    """Return the message for one person. Its texts are filled in when the provider reads them.

    `further_keys` are the keys that the provider fills into its own texts (Provider.value_keys).
    """
    variant = context.variant_for(person.locale, person.contact_locale)
    unsubscribe_url = f"{context.public_base_url}/u/{person.code}"
    values = {
        "survey:name": context.distribution.survey.name,
        "link": f"{context.public_base_url}/p/{person.code}",
        "unsubscribe": unsubscribe_url,
        "intro": person.wording.intro,
    }
    values |= contact_values(person, variant.keys | further_keys if further_keys else variant.keys)
    return Message(
        attempt_id=attempt_id(person.recipient_id, person.attempt_count + 1),
        group_id=str(context.distribution.id),
        to=person.email if context.step.channel == Channel.EMAIL else person.phone,
        to_name=person.full_name,
        sender=context.sender,
        variant=variant,
        values=values,
        unsubscribe_url=unsubscribe_url,
        installation_id=context.installation_id,
        own_subject=person.wording.subject,
    )
