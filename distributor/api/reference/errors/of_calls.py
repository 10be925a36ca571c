"""Codes of whole answers: the `code` of a problem."""

from collections.abc import Mapping
from typing import Final

from distributor.api.reference.errors.entry import Entry

_CORRECT: Final = "Correct what `errors` lists, and repeat the call. Nothing was written."
_WAIT: Final = "Wait as many seconds as `Retry-After` says, and repeat the call."
_OVER: Final = "It cannot be undone. Send a new distribution, or clone this one."
_IN_USE: Final = "`errors` names what uses it. Leave it, or stop using it: it can be switched off or replaced instead."

CODES: Final[Mapping[str, Entry]] = {
    "invalid_request": Entry("The request has faults. `errors` lists every one with its place.", _CORRECT, 400),
    "invalid": Entry("The request cannot be read.", _CORRECT, 400),
    "parse_error": Entry("The body cannot be parsed.", "Send JSON in UTF-8.", 400),
    "unreadable_body": Entry("The body ended before its `Content-Length` or last chunk.", "Repeat the call.", 400),
    "invalid_gzip": Entry(
        "The body is not complete, valid gzip.", "Compress it anew, or send it without `Content-Encoding`.", 400
    ),
    "not_json": Entry(
        "A call with a session cookie has another content type.", "Send `Content-Type: application/json`.", 400
    ),
    "wrong_password": Entry("The password is not a valid API key.", "Log in with an API key as the password.", 400),
    "cannot_invite": Entry(
        "The list's survey cannot be sent.", "Give the connected survey a channel with an account and a template.", 400
    ),
    "not_authenticated": Entry("The request has no API key.", "Send the key in the header `x-api-key`.", 401),
    "authentication_failed": Entry(
        "The API key is unknown, expired or revoked.", "Use a valid key. Operators create keys in the admin.", 401
    ),
    "permission_denied": Entry(
        "The key lacks the scope of this call.", "Use a key with the scope that `detail` names.", 403
    ),
    "other_kind_of_key": Entry(
        "A test or team key changes a distribution that a key of another kind made.",
        "Use a key of the distribution's kind (`keyKind`), or a live key.",
        403,
    ),
    "ESSG_2": Entry(
        "Lists and links: the organisation has no event subscription with this id.",
        "Take the id from `GET /API/v3/eventsubscriptions`.",
        404,
    ),
    "anonymous_response": Entry(
        "Nothing about its giver is stored with an anonymous response.", "Leave it as it is.", 409
    ),
    "GSI_2": Entry(
        "Lists and links: the organisation has no survey with this id.",
        "Take the id from `GET /API/v3/surveys`.",
        404,
    ),
    "not_found": Entry(
        "Nothing with this id exists in the key's organisation, or no such address exists.",
        "Check the id and the path. Things of other organisations are not found either.",
        404,
    ),
    "contact_not_found": Entry(
        "A `contactId` is of none of the organisation's contacts.",
        "Leave the id out and identify the contact by `externalId` or `email`, or use a known id.",
        404,
    ),
    "method_not_allowed": Entry("This address has no such method.", "`Allow` lists the methods that it has.", 405),
    "not_acceptable": Entry("No answer of the wanted kind exists.", "Leave the header `Accept` out.", 406),
    "external_id_taken": Entry(
        "Another contact has this `externalId`.", "Change that contact instead, or choose another id.", 409
    ),
    "ext_ref_taken": Entry("Another contact has this `extRef`.", "Change that contact, or choose another one.", 409),
    "email_taken": Entry(
        "The e-mail address is the only identifier of another contact.",
        "Change that contact instead, or give it an `externalId` first.",
        409,
    ),
    "phone_taken": Entry(
        "The phone number is the only identifier of another contact.",
        "Change that contact instead, or give it an `externalId` first.",
        409,
    ),
    "lifted_by_the_person_only": Entry(
        "The person opted out themselves: by a link, a complaint or STOP.",
        "If the person asked to be sent to again, repeat the call with `requestedByPerson: true`.",
        409,
    ),
    "throttled": Entry(
        "A contact was sent this survey too recently, and the call wants such contacts refused.",
        "Leave the contacts out that `errors` lists, or use the policy `defer` or `skip`.",
        409,
    ),
    "channel_not_set_up": Entry(
        "The channel has no default provider account or template that can be used.",
        "Mark an account and a template of the channel as defaults in the admin.",
        409,
    ),
    "no_channel": Entry(
        "No channel has both a default provider account and a default template.",
        "Give a step, or mark defaults in the admin.",
        409,
    ),
    "distribution_completed": Entry("The distribution is completed: everything was sent.", _OVER, 409),
    "distribution_cancelled": Entry("The distribution was cancelled.", _OVER, 409),
    "distribution_expired": Entry("The distribution has ended: its `expiresAt` is past.", _OVER, 409),
    "distribution_deleted": Entry("The distribution was deleted.", "Send a new distribution.", 409),
    "cancelled": Entry("The distribution was cancelled.", _OVER, 409),
    "expired": Entry("The distribution has expired.", _OVER, 409),
    "too_late": Entry("The distribution will have expired by the `sendDate`.", "Choose an earlier time.", 409),
    "nothing_sent": Entry(
        "The distribution only makes links, so it has no reminders or thank-yous.",
        "Send them as you sent the links.",
        409,
    ),
    "nobody_to_thank": Entry(
        "The links are anonymous, so it is not known who has answered.", "Leave the thank-you out.", 409
    ),
    "too_many_steps": Entry("The distribution has as many reminders and thank-yous as it may have.", _OVER, 409),
    "too_many": Entry("There are more elements than allowed.", "`detail` says how many are allowed.", 409),
    "nobody_to_send_to": Entry("Nobody is left in the distribution's audience.", "Send to another audience.", 409),
    "no_longer_usable": Entry(
        "An account, template or list of the distribution is gone.", "Send a new distribution with others.", 409
    ),
    "follow_up_stays": Entry(
        "A reminder or thank-you cannot be deleted alone.", "Delete or cancel its distribution.", 409
    ),
    "deleted_meanwhile": Entry(
        "Something that the request refers to has just been deleted.", "Repeat the call to see which.", 409
    ),
    "survey_in_use": Entry("The survey was sent, or is connected to a list.", _IN_USE, 409),
    "list_in_use": Entry("A recurring distribution sends to the list.", _IN_USE, 409),
    "mailing_list_in_use": Entry("A recurring distribution sends to the list.", _IN_USE, 409),
    "template_in_use": Entry("A distribution, connected list or recurring distribution uses it.", _IN_USE, 409),
    "provider_in_use": Entry("Something was or will be sent through the account.", _IN_USE, 409),
    "no_dry_run_done": Entry(
        "The import is no dry run, or its dry run is not done.",
        "Read the import until its state is `done`. Only an import with `dryRun: true` can be run.",
        409,
    ),
    "import_is_over": Entry(
        "The import is done, failed or cancelled.", "Correct contacts one by one, or import another file.", 409
    ),
    "export_not_ready": Entry(
        "The file is still being written.", "Read the export until its state is `ready`, then its `file`.", 409
    ),
    "link_used": Entry("The link took its one response.", "Use links of the type `multiple` for more.", 409),
    "idempotency_key_in_flight": Entry(
        "The first call with this `Idempotency-Key` is still running.", "Repeat the call to get its answer.", 409
    ),
    "link_expired": Entry("The link has expired.", "Send the person a new link.", 410),
    "link_cancelled": Entry("The distribution of the link was cancelled.", "Send the person a new link.", 410),
    "export_failed": Entry("The file could not be written.", "Start another export.", 410),
    "export_withdrawn": Entry(
        "The file was deleted because a person in it was erased.", "Start another export, without that person.", 410
    ),
    "export_expired": Entry("The file was deleted after 7 days.", "Start another export.", 410),
    "file_too_large": Entry(
        "The uploaded file is larger than 50 MB.", "Divide the file, or leave out columns that nothing needs.", 413
    ),
    "body_too_large": Entry("The body is larger than 10 MB, or 2 KB for a login.", "Divide the call.", 413),
    "too_many_values": Entry("The body has more than 250,000 JSON values.", "Divide the call.", 413),
    "unsupported_encoding": Entry("The `Content-Encoding` is not supported.", "Use gzip, or none.", 415),
    "unsupported_media_type": Entry("The content type is not supported.", "Send JSON.", 415),
    "files_not_taken": Entry("A form has a file where none is taken.", "Leave the file out.", 415),
    "idempotency_key_reused": Entry(
        "This `Idempotency-Key` was used for another body or path less than 24 hours ago.",
        "Use a new key for a new call.",
        422,
    ),
    "too_many_requests": Entry("The key or its organisation has used up its requests of this minute.", _WAIT, 429),
    "too_many_exports": Entry(
        "20 exports of the organisation are not finished yet.", "Wait until one is ready, or delete one.", 429
    ),
    "emails_per_day": Entry("The organisation has sent its e-mails of today.", _WAIT, 429),
    "texts_per_day": Entry("The organisation has sent its SMS of today.", _WAIT, 429),
    "whatsapps_per_day": Entry("The organisation has sent its WhatsApp messages of today.", _WAIT, 429),
    "lookups_per_day": Entry("The organisation has looked up its phone numbers of today.", _WAIT, 429),
    "error": Entry("The call failed.", "Repeat it later.", 500),
    "internal_error": Entry(
        "An error of ours. It was logged with the `requestId`; nothing is half written.",
        "Repeat the call, with an `Idempotency-Key` if it sends. Tell the operator the `requestId`.",
        500,
    ),
    "took_too_long": Entry(
        "The call took too long and was stopped.", "Ask for less, or repeat the call after `Retry-After`.", 503
    ),
}
