"""The environment that the stack gives to every process of the product."""

import sys
from collections.abc import Mapping
from pathlib import Path

from config.stack.data_folder.keys import StackKeys

# Names what `make env` has set in a shell: a stack started from that shell does not take the other one's servers.
EXPORTED = "DISTRIBUTOR_EXPORTED"


def without_exports(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without what `make env` has set."""
    exported = {EXPORTED, *environment.get(EXPORTED, "").split()}
    return {name: value for name, value in environment.items() if name not in exported}


def product_environment(
    base: Mapping[str, str], keys: StackKeys, *, data: Path, public_base_url: str = "http://localhost:8000"
) -> dict[str, str]:
    """Return what config.settings reads, except the servers' URLs. The caller's environment takes precedence."""
    defaults = {
        "SECRET_KEY": keys.secret_key,
        "CREDENTIAL_KEYS": keys.credential_key,
        "PUBLIC_BASE_URL": public_base_url,
        "SANDBOX_OPEN": "1",
        "ALLOWED_PROVIDER_HOSTS": "*",  # stand-ins of providers listen on this machine
        "LOG_TIME": "off",
        "JOURNAL_FOLDER": str(data / "journal"),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DEMO_API_KEY": keys.api_key,
        "DEMO_ADMIN_PASSWORD": keys.admin_password,
    }
    programs = str(Path(sys.executable).parent)
    return {
        **defaults,
        **base,
        "DISTRIBUTOR_DATA": str(data),
        "PATH": f"{programs}:{base.get('PATH', '/usr/bin:/bin')}",
        "PYTHONUNBUFFERED": "1",
    }
