"""Codes of faults that our own rules find in a request."""

from collections.abc import Mapping
from typing import Final

from distributor.api.reference.errors.entry import Entry

CODES: Final[Mapping[str, Entry]] = {
    # Addresses and names
    "invalid_email": Entry("Not a valid e-mail address.", "Use one address, with ASCII before the @."),
    "invalid_phone": Entry("Not a valid phone number.", "Use E.164, for example +48601234567."),
    "invalid_address": Entry("Neither an e-mail address nor a phone number.", "Give one of the two."),
    "invalid_locale": Entry("Not a valid locale.", "Use BCP 47, for example pt-BR."),
    "invalid_time_zone": Entry("Not a time zone.", "Use a name of the tz database, for example Europe/Warsaw."),
    "invalid_url": Entry("Not a valid URL.", "Begin with https:// or http://."),
    "unknown_topic": Entry("There is no such topic of events.", "Use a topic that the message names."),
    "no_events": Entry(
        "A warning: the subscription was made, and there are no events of its topic.",
        "Subscribe to surveyengine.completedResponse to be told of responses.",
    ),
    "host_not_allowed": Entry(
        "The organisation does not allow links to this host.", "Add the host to the organisation's redirect hosts."
    ),
    "sender_not_allowed": Entry(
        "The organisation may not send from this address.", "Use an address of one of its sender domains."
    ),
    "email_required": Entry("The channel needs an e-mail address.", "Give each recipient an `email`."),
    "phone_number_required": Entry("The channel needs a phone number.", "Give each recipient a `phone_number`."),
    "no_identifier": Entry("The contact has nothing to be found by.", "Give an `externalId`, `contactId` or `email`."),
    "no_recipients": Entry("Nobody is named.", "Give a list or a contact."),
    # Texts and data
    "nul_character": Entry("A text has a NUL character.", "Remove U+0000."),
    "not_one_line": Entry("A text of one line has a line break.", "Remove the line break."),
    "invalid_key": Entry("A key of the data is empty or too long.", "Use 1 to 255 characters without NUL."),
    "invalid_data": Entry("The data cannot be stored.", "`detail` says why."),
    "number_range": Entry("Not a finite number within 64 bits.", "Send greater numbers as text."),
    "too_deep": Entry("The data is nested too deeply.", "Use at most 5 levels."),
    "too_many_keys": Entry("The contact's data would have more than 200 keys.", "Give fewer keys."),
    "unknown_placeholder": Entry("Nothing fills this placeholder.", "Use a placeholder of the template's table."),
    "locale_twice": Entry("Two variants have the same locale.", "Give each locale once."),
    "transactions_not_kept": Entry(
        "Transactions and their batches are not kept here.", "Put the data into `embeddedData`, and send to the list."
    ),
    "unsupported_category": Entry(
        "Messages of this category are texts of a survey, which are not kept here.",
        "Use a category that `detail` names.",
    ),
    "no_link": Entry("The text has no link to the survey.", "Add `${l://SurveyURL}`; only a thank-you needs none."),
    "message_without_subject": Entry("The message has no subject.", "Name an e-mail, or write a subject."),
    "no_variant_left": Entry("The template would have no text.", "Keep at least one locale."),
    "email_only": Entry("Only e-mail has this field.", "Leave it out."),
    "only_of_email": Entry("Only steps by e-mail have this field.", "Leave it out."),
    # Times
    "offset_missing": Entry("The time has no UTC offset.", "Add Z or an offset such as +01:00."),
    "datetime_range": Entry("The time is out of range.", "Use a year from 1 to 9999 in UTC; the past for responses."),
    "invalid_moment": Entry("Not an ISO 8601 time.", "For example 2030-01-21T09:00:00Z."),
    "before_schedule": Entry("The time is before `scheduledAt`.", "Choose a later time."),
    "after_end": Entry("The distribution ends before this time.", "Choose an earlier time."),
    # Steps and audiences
    "not_one_audience": Entry("The audience must be named in one way.", "Give one of the fields, and only one."),
    "no_invitation": Entry("None of the steps is an invitation.", "Add one."),
    "no_delay": Entry("A reminder or thank-you has no delay.", "Give `delayMinutes`."),
    "not_of_invitations": Entry("Invitations do not have this field.", "Leave it out."),
    "only_of_invitations": Entry("Only invitations have this field.", "Leave it out."),
    "nobody_to_thank": Entry("The links are anonymous, so nobody can be thanked.", "Leave the thank-you out."),
    "not_one_each": Entry("The number of weights differs from that of accounts.", "Give one weight for each account."),
    "without_weights": Entry("A fixed split needs weights.", "Give `weights`, or leave `fixedSplit` out."),
    "named_twice": Entry("The same thing is named twice.", "Name it once."),
    "reject_needs_contacts": Entry(
        "The policy `reject` needs contacts in the call.", "Use `defer` or `skip` for lists and filters."
    ),
    "throttled": Entry("This contact was sent this survey too recently.", "Leave the contact out."),
    "added_and_removed": Entry("A contact is to be added and removed.", "Name it in one of the two."),
    "nothing_to_do": Entry("Neither `add` nor `remove` names a contact.", "Name at least one."),
    "no_answers": Entry("The response has no answer.", "Give at least one value that is no metadata."),
    "not_stored": Entry("A warning: this value was left out.", "Nothing. `detail` says why."),
    "not_supported": Entry("This is not supported.", "`detail` says what to use instead."),
    # Responses
    "code_or_survey": Entry("A response needs a link's code or a survey's id.", "Give exactly one of the two."),
    # Provider accounts
    "invalid_configuration": Entry("A setting of the account is wrong.", "`detail` says what it must be."),
    "unknown_credential": Entry("This kind of account has no such credential.", "Use one that `detail` lists."),
    "invalid_currency": Entry("Not a currency.", "Use ISO 4217, for example EUR."),
    "currency_missing": Entry("A price has no currency.", "Give `priceCurrency`, for example EUR."),
    "unknown_kind": Entry("No provider has this name.", "Use one that `detail` lists."),
    "fixed_after_creation": Entry("The field cannot be changed.", "Create another one instead."),
    # Parameters and headers
    "unknown_parameter": Entry("The call has no such query parameter.", "Check its spelling."),
    "invalid": Entry("The value of the parameter is not valid.", "`detail` says what it must be."),
    "invalid_id": Entry("The id has another form.", "Use the id that a call has answered, of the right kind."),
    "filter_required": Entry("The list has no filter, and is too long without one.", "Give one that `detail` names."),
    "invalid_cursor": Entry("The cursor is of another list or order.", "Use `nextCursor` of an earlier page."),
    "invalid_token": Entry("The token is of another list, or changed.", "Use the address in `nextPage`."),
    "out_of_range": Entry("The number is out of range.", "`detail` says which numbers are allowed."),
    "invalid_idempotency_key": Entry(
        "The header `Idempotency-Key` has another form.", "Use 1 to 255 printable ASCII characters."
    ),
    # Exports
    "unknown_format": Entry("The format is not known.", "`detail` lists the formats."),
    "filter_not_allowed": Entry("Exports of this kind do not have the filter.", "`detail` lists those that they have."),
    "filter_missing": Entry("Exports of this kind need a filter.", "Give one of those that `detail` lists."),
    "unknown_state": Entry("Recipients have no such state.", "`detail` lists the states."),
    "unknown_channel": Entry("There is no such channel.", "Use email, sms or whatsapp."),
    "no_time_between": Entry("`before` is not later than `since`.", "Exchange the two, or leave one out."),
    "no_columns": Entry("`columns` is empty.", "Name at least one column, or leave `columns` out for all."),
    "unknown_column": Entry("Exports of this kind have no such column.", "`detail` lists the columns."),
    "column_given_twice": Entry("A column is named twice.", "Name it once."),
    # Warnings, and the ends of long lists
    "unknown_key": Entry("A warning: nothing reads this key.", "Check its spelling; `detail` may suggest one."),
    "more_faults": Entry("There are more faults than are listed.", "Correct these first."),
    "more_warnings": Entry("There are more unknown keys than are listed.", "Correct these first."),
    "undescribed": Entry("A fault beyond those that are described.", "Correct the others first."),
}
