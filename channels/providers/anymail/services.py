"""The e-mail services that django-anymail supports: the settings of each, and what its errors and events mean.

This module is data. SendGrid has a provider of its own. Amazon SES is missing because it would require boto3.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto

from channels.providers.base import Outcome, Scope

# The prefix of the tag that carries the attempt's id, for services without metadata.
TAG_PREFIX = "attempt:"


class KeyPlace(Enum):
    """Where a service takes an idempotency key (anymail/idempotency.py)."""

    HTTP_HEADER = auto()  # “Idempotency-Key”
    PLAIN_HTTP_HEADER = auto()  # likewise; letters, digits, “.”, “_” and “-” only
    MESSAGE_HEADER = auto()  # “idempotencyKey” among the message's headers; it must be a UUID


@dataclass(frozen=True, slots=True)
class Service:
    """One service. `module` is the name of its modules in anymail.backends and anymail.webhooks.

    `options`: Anymail's settings of this service, by the field of an account's configuration that holds them.
    `required`: the fields that must be set.
    `proof`: the setting of Anymail's webhook view that gets the account's webhook_secret. “webhook_secret” is Basic
        authentication, anything else a signing key. None: the service sends no events.
    `refusals`: the meanings of its errors: patterns that are searched for in “code message”; the first match counts.
    `hard_bounces`: paths into an event, and the values there that mean that the address does not exist. Anymail does
        not distinguish soft from hard bounces, and only hard ones may suppress an address.
    """

    name: str
    module: str
    webhook_view: str = ""
    key: str = "api_key"
    options: Mapping[str, str] | None = None
    required: frozenset[str] = frozenset()
    proof: str | None = "webhook_secret"
    # The path to the time of signing in an event's body, if the signature covers only that time and not the event.
    signed_at: tuple[str, ...] = ()
    has_metadata: bool = True  # otherwise a tag carries the attempt's id
    has_click_switch: bool = True
    has_event_ids: bool = True
    refusals: tuple[tuple[str, Outcome, Scope], ...] = ()
    hard_bounces: tuple[tuple[tuple[str, ...], frozenset[object]], ...] = ()
    key_place: KeyPlace | None = None  # None: the service takes no idempotency key
    key_lifetime: timedelta = timedelta(0)  # how long it knows a key
    taken_codes: frozenset[str] = frozenset()  # its error codes that prove that it took a message with the key


_ACCOUNT = (Outcome.PERMANENT, Scope.ACCOUNT)
_SENDER = (Outcome.PERMANENT, Scope.SENDER)
_RECIPIENT = (Outcome.PERMANENT, Scope.RECIPIENT)

SERVICES: dict[str, Service] = {
    "postmark": Service(
        "Postmark",
        "postmark",
        "PostmarkTrackingWebhookView",
        key="server_token",
        options={"messageStream": "message_stream"},
        # https://postmarkapp.com/developer/api/overview#error-codes
        refusals=(
            (r"^(10|405|412|413) ", *_ACCOUNT),
            (r"^(400|401) |^300 .*'(From|Reply-?To)'", *_SENDER),
            (r"^100 ", Outcome.TRANSIENT, Scope.ACCOUNT),
        ),
        hard_bounces=(
            (("Type",), frozenset({"HardBounce", "BadEmailAddress"})),
            (("SuppressionReason",), frozenset({"HardBounce"})),
        ),
    ),
    "mailgun": Service(
        "Mailgun",
        "mailgun",
        "MailgunTrackingWebhookView",
        options={"senderDomain": "sender_domain"},
        proof="webhook_signing_key",
        signed_at=("signature", "timestamp"),
        # An event's id is unique within a day only, and Anymail uses the signature's token instead.
        has_event_ids=False,
        refusals=(
            (r"'?\bto'? parameter is not a valid address", *_RECIPIENT),
            (r"'?\bfrom'? parameter is not a valid address", *_SENDER),
            (r"Domain not found|not allowed to send|Free accounts|is disabled", *_ACCOUNT),
        ),
        hard_bounces=((("event-data", "reason"), frozenset({"bounce", "suppress-bounce"})),),
    ),
    "brevo": Service(
        "Brevo",
        "brevo",
        "BrevoTrackingWebhookView",
        has_click_switch=False,
        refusals=(
            (r"^(unauthorized|permission_denied|not_enough_credits|account_under_validation)\b", *_ACCOUNT),
            (r"[Ss]ender", *_SENDER),
        ),
        hard_bounces=((("event",), frozenset({"hard_bounce", "invalid_email"})),),
        key_place=KeyPlace.MESSAGE_HEADER,
        # The guide says 30 minutes, the changelog of 2021-11-10 says 15: the shorter one is safe.
        key_lifetime=timedelta(minutes=15),
        taken_codes=frozenset({"duplicate_parameter"}),
    ),
    "mailersend": Service(
        "MailerSend",
        "mailersend",
        "MailerSendTrackingWebhookView",
        key="api_token",
        proof="signing_secret",
        has_metadata=False,
        refusals=((r"from\.email", *_SENDER),),
        hard_bounces=((("data", "type"), frozenset({"hard_bounced"})),),
    ),
    "mailjet": Service(
        "Mailjet",
        "mailjet",
        "MailjetTrackingWebhookView",
        # https://dev.mailjet.com/email/reference/overview/errors/
        refusals=((r'"To\[0\]', *_RECIPIENT), (r'"(From|Sender|ReplyTo)\b', *_SENDER)),
        hard_bounces=((("hard_bounce",), frozenset({True})),),
    ),
    "mailtrap": Service(
        "Mailtrap",
        "mailtrap",
        "MailtrapTrackingWebhookView",
        key="api_token",
        options={"sandboxId": "sandbox_id"},
        proof="tracking_secret",
        has_click_switch=False,
        hard_bounces=((("event",), frozenset({"bounce"})),),
    ),
    "mandrill": Service(
        "Mailchimp Transactional (Mandrill)",
        "mandrill",
        "MandrillCombinedWebhookView",
        proof="webhook_key",
        # All refusals of its API have the status 500.
        refusals=(
            (r"^(Invalid_Key|PaymentRequired|Unknown_Subaccount)\b", *_ACCOUNT),
            (r"^(ValidationError|Unknown_Template|Unknown_MetadataField)\b", Outcome.PERMANENT, Scope.CONTENT),
            (r"^ServiceUnavailable\b", Outcome.TRANSIENT, Scope.ACCOUNT),
        ),
        hard_bounces=((("event",), frozenset({"hard_bounce"})),),
    ),
    "postal": Service(
        "Postal",
        "postal",
        "PostalTrackingWebhookView",
        required=frozenset({"baseUrl"}),
        proof="webhook_key",
        has_metadata=False,
        has_click_switch=False,
        # All refusals of its API have the status 200.
        refusals=(
            (r"^(InvalidServerAPIKey|AccessDenied|ServerSuspended)\b", *_ACCOUNT),
            (r"^(UnauthenticatedFromAddress|FromAddressMissing)\b", *_SENDER),
            (r"^(NoRecipients|NoContent|ValidationError|TooManyToAddresses)\b", Outcome.PERMANENT, Scope.CONTENT),
        ),
    ),
    "resend": Service(
        "Resend",
        "resend",
        "ResendTrackingWebhookView",
        has_click_switch=False,
        refusals=(
            (r"^(daily_quota_exceeded|monthly_quota_exceeded)\b", Outcome.THROTTLED, Scope.ACCOUNT),
            (r"^(missing_api_key|invalid_api_key|restricted_api_key)\b", *_ACCOUNT),
            (r"^invalid_from_address\b|domain is not verified", *_SENDER),
            (r"^concurrent_idempotent_requests\b", Outcome.TRANSIENT, Scope.ACCOUNT),
        ),
        hard_bounces=((("data", "bounce", "type"), frozenset({"Permanent"})),),
        key_place=KeyPlace.HTTP_HEADER,
        key_lifetime=timedelta(hours=24),
        taken_codes=frozenset({"invalid_idempotent_request"}),
    ),
    "scaleway": Service(
        "Scaleway",
        "scaleway",
        key="secret_key",
        options={"projectId": "project_id", "region": "region"},
        required=frozenset({"projectId"}),
        proof=None,
        has_click_switch=False,
    ),
    "sparkpost": Service(
        "SparkPost",
        "sparkpost",
        "SparkPostTrackingWebhookView",
        options={"subaccount": "subaccount"},
        refusals=(
            (r"[Uu]nconfigured [Ss]ending [Dd]omain|[Ii]nvalid sending domain", *_SENDER),
            (r"^(1600|1601) ", Outcome.UNKNOWN, Scope.CONTENT),
        ),
        hard_bounces=((("msys", "message_event", "bounce_class"), frozenset({"10", "30"})),),
        key_place=KeyPlace.PLAIN_HTTP_HEADER,
        key_lifetime=timedelta(hours=24),
    ),
    "unisender_go": Service(
        "Unisender Go",
        "unisender_go",
        "UnisenderGoTrackingWebhookView",
        required=frozenset({"baseUrl"}),
        proof="api_key",
        hard_bounces=((("delivery_info", "delivery_status"), frozenset({"err_user_unknown", "err_domain_inactive"})),),
    ),
}
