"""`make env`: what a shell needs to work with a running stack."""

import json
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from config.stack.data_folder.keys import write_private
from config.stack.errors import StackError
from config.stack.product.environment import EXPORTED
from config.stack.product.programs import PROJECT

_NAMES = (
    "DATABASE_URL",
    "REDIS_URL",
    "BROKER_URL",
    "BROKER_SENTINEL_NAME",
    "SECRET_KEY",
    "ADDRESS_KEY_SECRET",
    "CREDENTIAL_KEYS",
    "PUBLIC_BASE_URL",
    "SANDBOX_OPEN",
    "ALLOWED_PROVIDER_HOSTS",
    "JOURNAL_FOLDER",
    "DJANGO_SETTINGS_MODULE",
)


def write_exports(path: Path, environment: Mapping[str, str], demo: Mapping[str, Any]) -> None:
    """Write environment.json. It exists as long as the stack runs, and only its user can read it."""
    values = {name: environment[name] for name in _NAMES if name in environment}
    values |= {"DISTRIBUTOR_URL": demo["baseUrl"], "DISTRIBUTOR_API_KEY": demo["apiKey"]}
    # The names in the commands of the documents.
    values |= {"BASE": demo["baseUrl"], "API_KEY": demo["apiKey"], "SURVEY_ID": demo["surveyId"]}
    values |= {"PROVIDER_ID": demo["providers"]["email"], "TEMPLATE_ID": demo["templates"]["email"]}
    write_private(path, {**values, EXPORTED: " ".join(values)})


def render_exports(path: Path) -> str:
    """Return `export` commands for a shell. Raises StackError if no stack runs on the data folder."""
    try:
        values = json.loads(path.read_text())
    except FileNotFoundError:
        raise StackError(f"no stack runs on {path.parent}. Start it: make run") from None
    except OSError as error:
        raise StackError(f"cannot read {path}: {error.strerror}.") from error
    programs = shlex.quote(f"{PROJECT / 'bin'}:{Path(sys.executable).parent}")
    lines = [f"export {name}={shlex.quote(value)}" for name, value in values.items()]
    return "\n".join([*lines, f'export PATH={programs}:"$PATH"'])
