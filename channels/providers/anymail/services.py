"""The e-mail services that django-anymail speaks to: what an operator sets for each, and what its own words mean.

Everything here is data. SendGrid has a provider of its own, and Amazon SES would force boto3 on everybody.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from channels.providers.base import Account, Outcome, Scope

DEFAULT_CONCURRENCY = 8
MAX_CONCURRENCY = 32
# A service that carries no metadata carries the attempt as a tag that begins so.
TAG_PREFIX = "attempt:"


@dataclass(frozen=True, slots=True)
class Service:
    """One service. `module` is the name of its files in anymail.backends and anymail.webhooks.

    `options` are its settings by the name that an account's configuration gives them; those in `needed` must be there.
    `proof` is the setting of its webhooks that holds the account's webhook_secret: “webhook_secret” is Basic
    authentication, anything else a key that signs. None: it sends no events.
    `refusals` are the meanings of its errors: patterns that are looked for in “code message”, first match first.
    `hard_bounces` say where in an event a word tells that there is no such address, and which words do. Anymail calls
    soft and hard bounces alike, and only the hard ones may suppress an address.
    """

    name: str
    module: str
    webhook_view: str = ""
    key: str = "api_key"
    options: Mapping[str, str] | None = None
    needed: frozenset[str] = frozenset()
    proof: str | None = "webhook_secret"
    # Where an event's body tells when it was signed, if the signature covers that moment and not the event.
    signed_at: tuple[str, ...] = ()
    has_metadata: bool = True  # otherwise the attempt travels as a tag
    has_click_switch: bool = True
    has_event_ids: bool = True
    refusals: tuple[tuple[str, Outcome, Scope | None], ...] = ()
    hard_bounces: tuple[tuple[tuple[str, ...], frozenset[object]], ...] = ()


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
            (r"^100 ", Outcome.TRANSIENT, None),
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
        # The id of an event is unique within a day only, and Anymail takes the signature's token for it.
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
        # Every refusal of its API has the status 500.
        refusals=(
            (r"^(Invalid_Key|PaymentRequired|Unknown_Subaccount)\b", *_ACCOUNT),
            (r"^(ValidationError|Unknown_Template|Unknown_MetadataField)\b", Outcome.PERMANENT, Scope.CONTENT),
            (r"^ServiceUnavailable\b", Outcome.TRANSIENT, None),
        ),
        hard_bounces=((("event",), frozenset({"hard_bounce"})),),
    ),
    "postal": Service(
        "Postal",
        "postal",
        "PostalTrackingWebhookView",
        needed=frozenset({"baseUrl"}),
        proof="webhook_key",
        has_metadata=False,
        has_click_switch=False,
        # Every refusal of its API has the status 200.
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
            (r"^(daily_quota_exceeded|monthly_quota_exceeded)\b", Outcome.THROTTLED, None),
            (r"^(missing_api_key|invalid_api_key|restricted_api_key)\b", *_ACCOUNT),
            (r"^invalid_from_address\b|domain is not verified", *_SENDER),
        ),
        hard_bounces=((("data", "bounce", "type"), frozenset({"Permanent"})),),
    ),
    "scaleway": Service(
        "Scaleway",
        "scaleway",
        key="secret_key",
        options={"projectId": "project_id", "region": "region"},
        needed=frozenset({"projectId"}),
        proof=None,
        has_click_switch=False,
    ),
    "sparkpost": Service(
        "SparkPost",
        "sparkpost",
        "SparkPostTrackingWebhookView",
        options={"subaccount": "subaccount"},
        refusals=((r"[Uu]nconfigured [Ss]ending [Dd]omain|[Ii]nvalid sending domain", *_SENDER),),
        hard_bounces=((("msys", "message_event", "bounce_class"), frozenset({"10", "30"})),),
    ),
    "unisender_go": Service(
        "Unisender Go",
        "unisender_go",
        "UnisenderGoTrackingWebhookView",
        needed=frozenset({"baseUrl"}),
        proof="api_key",
        hard_bounces=((("delivery_info", "delivery_status"), frozenset({"err_user_unknown", "err_domain_inactive"})),),
    ),
}


def service_of(configuration: Mapping[str, Any]) -> Service | None:
    named = configuration.get("esp")
    return SERVICES.get(named) if isinstance(named, str) else None


def configuration_faults(configuration: Mapping[str, Any]) -> list[str]:
    """Everything that is wrong with the names that every service knows, and with those of the service that is named."""
    service = service_of(configuration)
    if service is None:
        return [f"“esp” is needed, the e-mail service: {', '.join(SERVICES)}."]
    faults = [f"“{name}” is needed for {service.name}." for name in service.needed if name not in configuration]
    faults += [fault for name, (is_right, fault) in _CHECKS.items() if not is_right(configuration.get(name))]
    options = [name for name in service.options or {} if not _is_absent_or_word(configuration.get(name))]
    return faults + [f"“{name}” is a word without spaces." for name in options]


def known_names(configuration: Mapping[str, Any]) -> frozenset[str]:
    """What means something in this configuration."""
    service = service_of(configuration)
    return frozenset({"esp", *_CHECKS, *((service.options if service else None) or {})})


def credential_faults(account: Account) -> list[str]:
    """What only shows with the account's credentials."""
    needed = ["api_key"] + ["secret_key"] * (account.configuration.get("esp") == "mailjet")
    return [f"There is no {name}." for name in needed if not account.credentials.get(name)] + [
        f"The {name} holds what no key holds."
        for name in needed
        if not _KEY.fullmatch(account.credentials.get(name) or "-")
    ]


def backend_settings(service: Service, account: Account) -> dict[str, Any]:
    """All settings of the service's backend, so that none is looked for among Django's."""
    known = account.configuration
    settings: dict[str, Any] = {service.key: account.credentials["api_key"]}
    if known["esp"] == "mailjet":
        settings["secret_key"] = account.credentials["secret_key"]
    if known.get("baseUrl"):
        settings["api_url"] = known["baseUrl"]
    return settings | {
        setting: known[name] for name, setting in (service.options or {}).items() if known.get(name) is not None
    }


def _is_base_url(value: Any) -> bool:
    """A scheme and a host, perhaps a port and a path; nothing that a path could not be added to."""
    if not isinstance(value, str) or re.search(r"[\s?#@\\{}]", value):
        return False
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _is_absent_or_word(value: Any) -> bool:
    return value is None or (isinstance(value, str) and _WORD.fullmatch(value) is not None)


_KEY = re.compile(r"[!-~]+")
_WORD = re.compile(r"[A-Za-z0-9._-]{1,255}")

_CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "baseUrl": (
        lambda value: value is None or _is_base_url(value),
        "“baseUrl” is the address of the service's API, such as “https://api.eu.mailgun.net/v3”.",
    ),
    "concurrency": (
        lambda value: value is None or (type(value) is int and 1 <= value <= MAX_CONCURRENCY),
        f"“concurrency” is a number from 1 to {MAX_CONCURRENCY}.",
    ),
}
