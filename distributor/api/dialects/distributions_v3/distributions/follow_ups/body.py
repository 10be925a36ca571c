"""Body of a reminder or thank-you by e-mail, and its result."""

from typing import Annotated, Final

from pydantic import Field

from distributor.api.bodies.fields import NULL_IS_DEFAULT
from distributor.api.dialects.distributions_v3.distributions.body_parts import (
    SEND_DATE,
    DataOrNone,
    DirectoryBody,
    HeaderBody,
    MessageBody,
    MomentOrNone,
)
from distributor.api.dialects.distributions_v3.documentation import id_field
from distributor.api.dialects.distributions_v3.envelope import Element
from distributor.api.dialects.distributions_v3.ids import Kind
from distributor.api.dialects.distributions_v3.wire import ContactIdOrNone


class FollowUpBody(DirectoryBody):
    """A reminder for people who have not finished, or a thank-you for people who have."""

    message: MessageBody = Field(description="Message to send.")
    header: Annotated[HeaderBody, NULL_IS_DEFAULT] = Field(
        HeaderBody(), description="Sender and subject. Omit for the account's and the message's own."
    )
    send_date: MomentOrNone = Field(None, description=SEND_DATE, examples=["2030-01-28T09:00:00Z"])
    contact_id: ContactIdOrNone = Field(
        None, description="Extension: id of the only contact to send to.", examples=[Kind.CONTACT.example]
    )
    embedded_data: DataOrNone = Field(
        None,
        description="Data to lay over the distribution's, or over the `contactId`'s. Messages that were not sent yet "
        "have it, too.",
        examples=[{"ward": "B"}],
    )


class FollowUpResult(Element):
    """The reminder or thank-you that was added. It is shown as a distribution of its own."""

    distribution_id: str = id_field(Kind.DISTRIBUTION, "Id of the reminder or thank-you.")


FOLLOW_UP_ID_FIELDS: Final = {
    "/directoryId": Kind.DIRECTORY,
    "/message/libraryId": Kind.LIBRARY,
    "/message/messageId": Kind.MESSAGE,
    "/header/subject": Kind.MESSAGE,
    "/contactId": Kind.CONTACT,
}
