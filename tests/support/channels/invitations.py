"""Messages as the engine gives them to a provider."""

from collections.abc import Mapping
from uuid import UUID

from channels.providers.base import Message, Sender
from channels.rendering import CompiledVariant, compile_variant

GROUP = UUID(int=7)
SENDER = Sender("surveys@acme.example", "ACME", "help@acme.example")
EMAIL = compile_variant(
    "en",
    "How was it, ${contact:firstName|friend}?",
    '<p>Dear ${contact:firstName|friend}, <a href="${link}">answer</a>.</p>',
    "Dear ${contact:firstName|friend}, answer: ${link}",
)
SMS = compile_variant("en", "", "", "${contact:firstName|friend}, answer: ${link}")


def invitation(
    to: str,
    *,
    number: int = 1,
    variant: CompiledVariant = EMAIL,
    values: Mapping[str, str] | None = None,
    to_name: str = "",
    sender: Sender = SENDER,
    group_id: str = str(GROUP),
    unsubscribe_url: str = "https://surveys.example/u/abc",
    installation_id: str = "",
) -> Message:
    """Return an invitation; `number` becomes part of its attempt's id."""
    return Message(
        attempt_id=f"{number}-1",
        group_id=group_id,
        to=to,
        to_name=to_name,
        sender=sender,
        variant=variant,
        values={"link": f"https://surveys.example/p/{number}"} | dict(values or {}),
        unsubscribe_url=unsubscribe_url,
        installation_id=installation_id,
    )
