"""The keys and passwords that a stack generates once and keeps, so that a restart can decrypt its data."""

import base64
import json
import os
import secrets
import string
from dataclasses import asdict, dataclass
from pathlib import Path

from config.stack.errors import StackError

_BASE62 = string.digits + string.ascii_letters


@dataclass(frozen=True)
class StackKeys:
    """`credential_key` is a Fernet key; `api_key` has the product's form, `dk_` + 8 base-62 + `_` + 28 base-62."""

    secret_key: str
    credential_key: str
    api_key: str
    admin_password: str


def make_keys() -> StackKeys:
    return StackKeys(
        secret_key=secrets.token_urlsafe(48),
        credential_key=base64.urlsafe_b64encode(os.urandom(32)).decode(),
        api_key=f"dk_{_base62(8)}_{_base62(28)}",
        admin_password=_base62(16),
    )


def keep_keys(path: Path) -> StackKeys:
    """Return the keys in the file, which the first call makes (mode 0600). Raises StackError if it is unreadable."""
    try:
        return StackKeys(**json.loads(path.read_text()))
    except FileNotFoundError:
        keys = make_keys()
        write_private(path, asdict(keys))
        return keys
    except (ValueError, TypeError, OSError) as error:
        raise StackError(
            f"cannot read the keys in {path} ({error}). The data in the database beside it is encrypted with them:"
            " restore the file, or move the whole folder away to start afresh."
        ) from error


def write_private(path: Path, content: dict[str, object]) -> None:
    """Write JSON that only this user can read. The file is replaced as a whole."""
    unfinished = path.with_name(path.name + ".unfinished")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(content, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def _base62(length: int) -> str:
    return "".join(secrets.choice(_BASE62) for _ in range(length))
