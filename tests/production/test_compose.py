"""docker-compose.yml and .env.example: nothing missing, nothing insecure, every documented variable passed on."""

import re
import subprocess
import sys
from base64 import urlsafe_b64encode

import pytest
import yaml

from tests.production.compose import PROJECT, example_variables, read_compose
from tests.stack.running import clean_environment

SECRETS = {
    "SECRET_KEY": "sS3cret-" * 8,
    "ADDRESS_KEY_SECRET": "aNother-" * 8,
    "DATABASE_PASSWORD": "database-password",
    "BROKER_PASSWORD": "broker-password",
    "CREDENTIAL_KEYS": urlsafe_b64encode(b"k" * 32).decode(),
}
FILLED = example_variables() | SECRETS
# Of one process only, of a laptop only, or a choice that compose makes.
NOT_PASSED = {"DATABASE_POOL", "SANDBOX_OPEN", "CSRF_TRUSTED_ORIGINS", "BIND", "DEBUG"}
NOT_PASSED |= {"DEMO_API_KEY", "FORCE_COLOR", "LOG_TIME"}


def test_the_example_names_every_variable_that_compose_requires() -> None:
    assert {name for name, value in example_variables().items() if not value} >= set(SECRETS)
    read_compose(**FILLED)
    for name in [*SECRETS, "PUBLIC_BASE_URL"]:
        with pytest.raises(KeyError, match=name):
            read_compose(**{**FILLED, name: ""})


def test_every_documented_variable_reaches_the_processes() -> None:
    page = (PROJECT / "docs/reference/settings.md").read_text()
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", page, re.MULTILINE)) | set(re.findall(r"`(OTEL_[A-Z_]+)`", page))
    assert len(documented) > 12
    for name in ("web", "worker", "worker-urgent", "worker-events", "beat", "migrate"):
        assert documented - NOT_PASSED <= set(read_compose(**FILLED)[name]["environment"]), name


def test_what_compose_asks_itself_is_allowed_whatever_hosts_are() -> None:
    web = read_compose(**FILLED | {"ALLOWED_HOSTS": "surveys.example.com"})["web"]
    [url] = re.findall(r"http://([\w.]+):8000/", " ".join(web["healthcheck"]["test"]))
    scrapes = yaml.safe_load((PROJECT / "monitoring/prometheus.yml").read_text())["scrape_configs"]
    [target] = [target for scrape in scrapes for each in scrape["static_configs"] for target in each["targets"]]
    allowed = web["environment"]["ALLOWED_HOSTS"].split(",")
    assert set(allowed) == {"surveys.example.com", url, target.partition(":")[0]}


def test_processes_have_time_to_finish_what_they_began() -> None:
    services = read_compose(**FILLED)
    for name in ("worker", "worker-urgent", "worker-events", "web"):
        assert int(services[name]["stop_grace_period"].removesuffix("s")) > 20


def test_only_the_proxy_is_reachable_from_outside() -> None:
    services = read_compose(**FILLED)
    open_ports = [(name, port) for name, service in services.items() for port in service.get("ports", ())]
    assert {name for name, port in open_ports if not port.startswith("127.0.0.1:")} == {"proxy"}


def test_secrets_are_in_no_service_that_does_not_need_them() -> None:
    services = read_compose(**FILLED)
    for name in ("proxy", "postgres", "valkey"):
        given = services[name]["environment"].values()
        assert not {SECRETS["SECRET_KEY"], SECRETS["CREDENTIAL_KEYS"]} & set(given)


def test_the_deployment_check_finds_nothing() -> None:
    environment = {name: str(value) for name, value in read_compose(**FILLED)["web"]["environment"].items()}
    checked = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=PROJECT,
        env=clean_environment(**environment | {"STATIC_ROOT": ""}),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stderr
    assert "no issues" in checked.stdout
