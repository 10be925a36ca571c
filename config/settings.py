"""Django's settings, by subject. What differs between machines comes from the environment (reference/settings.md)."""

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.conf.locale import LANG_INFO

from config.broker import broker_settings
from config.logging import LOGGING as LOGGING  # Django reads this name

# Each variable may also be named with _FILE behind it, and is then a file that contains the value.
env = environ.FileAwareEnv()
BASE_DIR = Path(__file__).resolve().parent.parent

# This installation

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY")
# The secret of the keyed hashes that remember the opt-outs of erased contacts (contacts/address_key.py). It must
# outlive SECRET_KEY: set it before SECRET_KEY is ever changed.
ADDRESS_KEY_SECRET = env.str("ADDRESS_KEY_SECRET", default=SECRET_KEY)
# Fernet keys for provider credentials, newest first: the first encrypts, all decrypt, so that a key can be rotated.
CREDENTIAL_KEYS = env.list("CREDENTIAL_KEYS")
# The base of links, unsubscribe headers and webhook URLs. It is never taken from a request's Host header.
PUBLIC_BASE_URL = env.str("PUBLIC_BASE_URL", default="http://localhost:8000").rstrip("/")
PUBLIC_ORIGIN = "{0.scheme}://{0.netloc}".format(urlsplit(PUBLIC_BASE_URL))
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["*"])
# Hosts that provider accounts may reach without TLS or at private addresses: host, host:port, or * for all. Leave it
# empty, or list internal relays (channels/providers/egress.py).
ALLOWED_PROVIDER_HOSTS = env.list("ALLOWED_PROVIDER_HOSTS", default=[])
# The sandbox pages show all messages of the sandbox provider: to everybody if this is on, otherwise to staff only.
SANDBOX_OPEN = env.bool("SANDBOX_OPEN", default=False)
# The API key of the demo. Its page at `/` shows it to browsers on the same machine (distributor/pages/home.py); where
# the sandbox is open, the API reference offers it for trying calls out.
DEMO_API_KEY = env.str("DEMO_API_KEY", default="")

# Hand-overs are written down in this folder before they are made, so that a restored database can be told what it has
# forgotten (docs/production.md). Empty: they are not. Files are kept for JOURNAL_DAYS: longer than the oldest backup.
JOURNAL_FOLDER = env.str("JOURNAL_FOLDER", default="")
JOURNAL_DAYS = env.int("JOURNAL_DAYS", default=30)

# PostgreSQL

DATABASES: dict[str, dict[str, Any]] = {"default": env.db_url("DATABASE_URL")}
DATABASES["default"]["ENGINE"] = "config.postgresql"
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"].setdefault("OPTIONS", {}).update(server_side_binding=True, prepare_threshold=3)
# `DATABASE_POOL=1` is for the web process only. A worker keeps its one connection open instead (CELERY_DB_REUSE_MAX):
# a pool in every worker process doubled the connections and saved nothing.
if env.bool("DATABASE_POOL", default=False):
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {"min_size": 2, "max_size": 8, "timeout": 5}
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = False  # our backend checks the pool's connections itself
else:
    DATABASES["default"]["CONN_MAX_AGE"] = None
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Valkey or Redis, the broker, and Celery

# Counts answers through anonymous links. Empty, which RabbitMQ as the broker allows: they are not counted.
REDIS_URL = env.str("REDIS_URL", default="") if env.str("BROKER_URL", default="") else env.str("REDIS_URL")
_BROKER = broker_settings(env.str("BROKER_URL", default="") or REDIS_URL, env.str("BROKER_SENTINEL_NAME", default=""))
CELERY_BROKER_URL = _BROKER["url"]
CELERY_BROKER_TRANSPORT_OPTIONS = _BROKER["transport_options"]
CELERY_BROKER_USE_SSL = _BROKER["use_ssl"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_DEFAULT_QUEUE = "system"
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = True
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20.0
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_DB_REUSE_MAX = 100_000

# Applications and requests

INSTALLED_APPS = [
    "config.celery_start.CeleryConfig",
    "config.admin_app.OperatorsAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_structlog",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "django_otp_webauthn",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "contacts",
    "channels",
    "distributor",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.request_id.RequestIdMiddleware",
    "config.tracing.TracingMiddleware",
    "distributor.api.calls.call_records.CallRecordMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "distributor.api.request_body.RequestBodyMiddleware",
    "distributor.api.calls.request_rate.RateLimitHeadersMiddleware",
    "distributor.api.calls.key_kinds.ModeHeaderMiddleware",
    "config.page_middlewares.PageSessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "config.page_middlewares.PageAuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "config.page_middlewares.PageMessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "distributor.control_room.layout.policy.AdminPagesMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # First, so that distributor/templates/admin/base_site.html stands before Django's.
        "DIRS": [BASE_DIR / "distributor/templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "libraries": {"control_room": "distributor.control_room.layout.tags"},
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
# The body of a call with 1,000 contacts and embedded data is 0.3–5 MB; more than 10 MB is no valid call.
# Other limits are in distributor/api/body_limits.py.
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
FILE_UPLOAD_HANDLERS = ["distributor.api.request_body.RefuseFiles"]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[PUBLIC_ORIGIN])
_IS_HTTPS = PUBLIC_ORIGIN.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _IS_HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if _IS_HTTPS else 0
# How many proxies of ours each request passes. The outermost ends TLS and replaces what a client says in
# X-Forwarded-Proto and X-Forwarded-For. 0: nobody is believed.
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY_COUNT else None
SECURE_SSL_REDIRECT = _IS_HTTPS and TRUSTED_PROXY_COUNT > 0
SECURE_REDIRECT_EXEMPT = ["^healthz$", "^readyz$", "^metrics$"]  # asked from inside
# Whether other subdomains speak TLS is not this service's to say, and the sandbox shows its messages in a frame.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021", "security.W019"]

# The API and its OpenAPI document

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["distributor.api.calls.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["distributor.api.calls.authentication.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["distributor.api.answers.rendering.OrjsonRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "distributor.api.answers.negotiation.LenientNegotiation",
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "distributor.api.documentation.DocumentedView",
    "DEFAULT_THROTTLE_CLASSES": ["distributor.api.calls.request_rate.RequestRate"],
    "EXCEPTION_HANDLER": "distributor.api.answers.problems.render_exception",
    "UNAUTHENTICATED_USER": None,
}
# The functions that write requests in formats other than the standard one (engine/events/formats.py).
EVENT_FORMATS = {"lists_and_links": "distributor.api.dialects.distributions_v3.subscriptions.message"}
# Requests a minute of each API key that has no limit of its own; 0: any number (distributor/api/calls/request_rate.py).
REQUESTS_PER_MINUTE = env.int("REQUESTS_PER_MINUTE", default=0)
SPECTACULAR_SETTINGS = {
    # Each API names the types of links differently.
    "ENUM_NAME_OVERRIDES": {
        "ChannelEnum": ["email", "sms", "whatsapp"],  # a `channel`, or some `channels`
        "LinkTypeEnum": ["one_time", "multiple", "anonymous"],
        "SingleSendTypeEnum": ["one_time", "anonymous"],
        "PersonalLinkTypeEnum": ["Individual", "Multiple", "Anonymous"],
        "StepKindEnum": ["invitation", "reminder", "thank_you"],  # provider accounts have a `kind`, too
    },
    "TITLE": "Distributor",
    "VERSION": "0.1.0",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "distributor.api.reference.finish.finish_document",
    ],
    "OAS_VERSION": "3.1.0",  # pydantic writes JSON Schema 2020-12, which 3.0 is not
    "WEBHOOKS": [
        "distributor.api.native.events.webhooks.one_event",
        "distributor.api.native.events.webhooks.several_events",
    ],
    "SERVE_INCLUDE_SCHEMA": False,
    # True would mark our classes as those of a PATCH for good, so a second document would show them in a POST.
    "COMPONENT_SPLIT_PATCH": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
}

# Operators

# Permissions come from roles in organisations (contacts/operators/roles.py), not from Django's tables.
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "contacts.operators.backend.RoleBackend",
    "django_otp_webauthn.backends.WebAuthnBackend",
]
LOGIN_REDIRECT_URL = LOGIN_URL = "/admin/"
# A login ends after 12 hours, used or not (sign_in/session.py).
SESSION_COOKIE_AGE = 12 * 60 * 60
# Failed logins are counted for 15 minutes by user name and address, without what was entered (sign_in/throttling.py).
AXES_HANDLER = "distributor.sign_in.throttling.LoginThrottle"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "distributor.sign_in.throttling.answer_locked"
AXES_CLIENT_IP_CALLABLE = "distributor.sign_in.client_address.client_address"
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = AXES_VERBOSE = False
# Whether all operators need a second factor. Operators who have one are always asked for it (sign_in/second_factor.py).
REQUIRE_SECOND_FACTOR = env.bool("REQUIRE_SECOND_FACTOR", default=False)
OTP_TOTP_ISSUER = OTP_WEBAUTHN_RP_NAME = "Distributor"
# Passkeys belong to the host of PUBLIC_BASE_URL, and work there only. Browsers make none without TLS but at localhost.
OTP_WEBAUTHN_RP_ID = urlsplit(PUBLIC_BASE_URL).hostname or "localhost"
OTP_WEBAUTHN_ALLOWED_ORIGINS = [PUBLIC_ORIGIN]
SILENCED_SYSTEM_CHECKS += ["otp_webauthn.E031"]  # such an origin, as http://10.0.0.5, has no passkeys; the rest works
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

# Sign-in with an OpenID Connect provider, if there is a client id (sign_in/oidc.py; needs the dependency group `oidc`).
OIDC_RP_CLIENT_ID = env.str("OIDC_RP_CLIENT_ID", default="")
if OIDC_RP_CLIENT_ID:
    AUTHENTICATION_BACKENDS.append("distributor.sign_in.oidc.OidcBackend")
    OIDC_RP_CLIENT_SECRET = env.str("OIDC_RP_CLIENT_SECRET")
    OIDC_OP_ISSUER = env.str("OIDC_OP_ISSUER")
    OIDC_OP_AUTHORIZATION_ENDPOINT = env.str("OIDC_OP_AUTHORIZATION_ENDPOINT")
    OIDC_OP_TOKEN_ENDPOINT = env.str("OIDC_OP_TOKEN_ENDPOINT")
    OIDC_OP_USER_ENDPOINT = env.str("OIDC_OP_USER_ENDPOINT")
    OIDC_OP_JWKS_ENDPOINT = env.str("OIDC_OP_JWKS_ENDPOINT")
OIDC_RP_SIGN_ALGO = env.str("OIDC_RP_SIGN_ALGO", default="RS256")
OIDC_USE_PKCE = True
OIDC_CREATE_USER = False
OIDC_TIMEOUT = 10  # seconds
LOGIN_REDIRECT_URL_FAILURE = "/admin/login/"

# Pages

# Anybody may have an anonymous link: each takes at most this many answers a minute (engine/responses/answer_limit.py).
ANONYMOUS_ANSWERS_PER_MINUTE = env.int("ANONYMOUS_ANSWERS_PER_MINUTE", default=100)

# Languages and time

LANGUAGE_CODE = "en"
_TRANSLATIONS = (BASE_DIR / "distributor/locale").glob("*/LC_MESSAGES/django.mo")
# English, and each language with compiled translations: adding a language to the pages is adding its file.
LANGUAGES = [
    (code, LANG_INFO.get(code, {}).get("name_local", code))
    for code in ["en", *sorted(file.parts[-3].lower().replace("_", "-") for file in _TRANSLATIONS)]
]
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True

# Static files

STATIC_URL = "/static/"
# Where `collectstatic` puts the files in production. Without it (on a laptop) they are served from their packages.
STATIC_ROOT = env.str("STATIC_ROOT", default=None)
WHITENOISE_USE_FINDERS = STATIC_ROOT is None

# Monitoring

# What `GET /metrics` asks for, as `Authorization: Bearer …`. Empty: there is no such page.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

# Logs (their format is in config/logging.py)

DJANGO_STRUCTLOG_CELERY_ENABLED = True
# An IP address identifies a person, also one who responds through an anonymous link.
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True  # RequestIdMiddleware has checked the id
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG  # one line per request: the one that says how it ended
DJANGO_STRUCTLOG_CELERY_DEFAULT_LOG_LEVEL = logging.DEBUG  # wake-ups are frequent; failures stay at ERROR
