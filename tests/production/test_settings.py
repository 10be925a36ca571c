"""Settings that follow from the environment, as a process of its own reads them."""

import json
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from config.broker import broker_settings
from tests.production.compose import PROJECT
from tests.stack.running import clean_environment

NAMES = ["SECRET_KEY", "CSRF_TRUSTED_ORIGINS", "SECURE_HSTS_SECONDS", "SESSION_COOKIE_SECURE", "SECURE_SSL_REDIRECT"]
NAMES += ["CELERY_BROKER_URL", "REDIS_URL"]
PRINT = f"import json; from config import settings as s; print(json.dumps({{n: getattr(s, n) for n in {NAMES}}}))"
NEEDED = {"CREDENTIAL_KEYS": "", "DATABASE_URL": "postgresql:///x", "REDIS_URL": "redis://valkey", "SECRET_KEY": "s"}


def settings_with(**environment: str) -> dict[str, object]:
    read = subprocess.run(
        [sys.executable, "-c", PRINT],
        cwd=PROJECT,
        env=clean_environment(**{**NEEDED, **environment}),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    settings: dict[str, object] = json.loads(read.stdout)
    return settings


def test_an_https_address_makes_cookies_secure_and_lets_its_forms_in(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from a file")
    settings = settings_with(
        PUBLIC_BASE_URL="https://surveys.example.com/eu/",
        TRUSTED_PROXY_COUNT="1",
        SECRET_KEY_FILE=str(secret),
        SECRET_KEY="",
        BROKER_URL="amqp://rabbit//",
        REDIS_URL="",
    )
    assert settings == {
        "SECRET_KEY": "from a file",
        "CSRF_TRUSTED_ORIGINS": ["https://surveys.example.com"],
        "SECURE_HSTS_SECONDS": 31_536_000,
        "SESSION_COOKIE_SECURE": True,
        "SECURE_SSL_REDIRECT": True,
        "CELERY_BROKER_URL": "amqp://rabbit//",
        "REDIS_URL": "",
    }


def test_a_laptop_needs_no_tls() -> None:
    settings = settings_with(PUBLIC_BASE_URL="http://localhost:8000")
    assert (settings["SECURE_HSTS_SECONDS"], settings["SESSION_COOKIE_SECURE"]) == (0, False)
    assert settings["CSRF_TRUSTED_ORIGINS"] == ["http://localhost:8000"]
    assert settings["CELERY_BROKER_URL"] == "redis://valkey"


@pytest.mark.parametrize(
    ("url", "kombu_url", "use_ssl"),
    [
        ("redis://:pw@valkey:6379/0", "redis://:pw@valkey:6379/0", None),
        ("rediss://valkey:6380/0", "rediss://valkey:6380/0", {"ssl_cert_reqs": ssl.CERT_REQUIRED}),
        ("unix:///run/valkey?db=1", "redis+socket:///run/valkey?virtual_host=1", None),
        ("unix:///run/valkey", "redis+socket:///run/valkey?virtual_host=0", None),
        ("amqp://a:b@rabbit:5672//", "amqp://a:b@rabbit:5672//", None),
        ("amqps://a:b@rabbit:5671//", "amqps://a:b@rabbit:5671//", {"cert_reqs": ssl.CERT_REQUIRED}),
        ("sentinel://one:26379;sentinel://two:26379", "sentinel://one:26379;sentinel://two:26379", None),
    ],
)
def test_one_url_names_any_broker(url: str, kombu_url: str, use_ssl: object) -> None:
    settings = broker_settings(url, "valkey-main")
    assert (settings["url"], settings["use_ssl"]) == (kombu_url, use_ssl)
    assert settings["transport_options"].get("master_name") == ("valkey-main" if url.startswith("sentinel") else None)
