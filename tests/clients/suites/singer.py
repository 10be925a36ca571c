"""singer-python 6.8.0, with the streams of a tap: every record fits its schema and has all of its fields."""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from typing import Any
from urllib.request import Request, urlopen

import singer
from jsonschema import Draft4Validator

from tests.clients.checking import Suite, expect, wait_for
from tests.clients.suites import singer_schemas as schemas
from tests.clients.world import HOST, World

world, suite = World.read(), Suite()
BASE = f"https://{HOST}/API/v3"
CONTACTS = f"directories/{world.directory}/contacts"
LISTS = f"directories/{world.directory}/mailinglists"


def _get(url: str) -> Any:
    with urlopen(Request(url, headers={"X-API-TOKEN": world.api_key}), timeout=60) as answer:
        return json.load(answer)


def _records(path: str) -> Iterator[dict[str, Any]]:
    """Read every page, as a tap does."""
    url: str | None = f"{BASE}/{path}"
    while url:
        result = _get(url)["result"]
        yield from result["elements"]
        url = result["nextPage"]


def _sync(stream: str, schema: dict[str, Any], records: list[dict[str, Any]], keys: list[str]) -> None:
    """Write the stream, and judge what a target reads: the schema, then records that are valid and complete.

    Fields that the schema does not name are removed by singer, as for every tap.
    """
    assert records, f"{stream} has no record"
    written = io.StringIO()
    with redirect_stdout(written), singer.Transformer() as transformer:
        singer.write_schema(stream, schema, keys)
        for record in records:
            singer.write_record(stream, transformer.transform(record, schema))
    first, *rest = [singer.parse_message(line) for line in written.getvalue().splitlines()]
    validator = Draft4Validator(first.schema)
    for message in rest:
        validator.validate(message.record)
        expect(_missing(message.record, schema), set())
        assert all(message.record[key] for key in keys), f"{stream} has a record without its key"
    expect(len(rest), len(records))


def _missing(value: Any, schema: dict[str, Any], place: str = "") -> set[str]:
    """Return the fields that the schema names and the value lacks, also in objects inside it."""
    if not isinstance(value, dict):
        return set()
    missing: set[str] = set()
    for name, inner in schema.get("properties", {}).items():
        missing |= _missing(value[name], inner, f"{place}{name}.") if name in value else {place + name}
    return missing


def _stream(name: str, path: Callable[[], str], schema: dict[str, Any], *keys: str) -> None:
    """Add a check of a stream that is a list."""

    def check() -> None:
        _sync(name, schema, list(_records(path())), list(keys))

    check.__name__ = name
    suite.check(check)


@suite.check
def send_something() -> None:
    """Make what the streams read: a list with a contact who gets an e-mail and an SMS."""
    contact = {"extRef": "SINGER", "email": "singer@example.com", "phone": "+48601000011", "embeddedData": {"a": "b"}}
    made["list"] = world.create_list("Singer", contact)
    shared = {"recipients": {"mailingListId": made["list"]}, "sendDate": _now()}
    email = {
        "message": {"libraryId": world.library, "messageId": world.message},
        "surveyLink": {"surveyId": world.survey},
        "header": {"subject": "Hi"},
    }
    made["distribution"] = world.create("distributions", shared | email)["id"]
    sms = {
        "message": {"libraryId": world.library, "messageId": world.sms_message},
        "surveyId": world.survey,
        "method": "Invite",
        "name": "SMS",
    }
    world.create("distributions/sms", shared | sms)
    history = f"distributions/{made['distribution']}/history"
    wait_for(lambda: any(row["sentAt"] for row in world.call("GET", history)["result"]["elements"]))


def _now() -> str:
    return str(singer.utils.strftime(singer.utils.now())).partition(".")[0] + "Z"


made: dict[str, str] = {}
_stream("surveys", lambda: "surveys", schemas.SURVEYS, "id")
_stream("directories", lambda: "directories", schemas.DIRECTORIES, "directoryId")
_stream("directory_contacts", lambda: f"{CONTACTS}?pageSize=1000", schemas.CONTACTS, "contactId")
_stream("mailing_lists", lambda: f"{LISTS}?pageSize=1", schemas.LISTS, "mailingListId")
_stream("list_contacts", lambda: f"{LISTS}/{made['list']}/contacts", schemas.LIST_CONTACTS, "contactId")
_stream("distributions", lambda: f"distributions?surveyId={world.survey}", schemas.DISTRIBUTIONS, "id")
_stream("sms_distributions", lambda: f"distributions/sms?surveyId={world.survey}", schemas.SMS_DISTRIBUTIONS, "id")
_stream("distribution_history", lambda: f"distributions/{made['distribution']}/history", schemas.HISTORY, "contactId")
_stream(
    "distribution_links",
    lambda: f"distributions/{made['distribution']}/links?surveyId={world.survey}",
    schemas.LINKS,
    "contactId",
)
_stream("library_messages", lambda: f"libraries/{world.library}/messages", schemas.MESSAGES, "id")
_stream("users", lambda: "users", schemas.USERS, "id")


@suite.check
def user_details() -> None:
    users = [_get(f"{BASE}/users/{user['id']}")["result"] for user in _records("users")]
    _sync("user_details", schemas.USER, users, ["id"])


@suite.check
def groups() -> None:
    expect(list(_records("groups")), [])


@suite.check
def survey_details() -> None:
    _sync("survey_details", schemas.SURVEY, [_get(f"{BASE}/surveys/{world.survey}")["result"]], ["id"])


@suite.check
def survey_responses() -> None:
    exports = f"surveys/{world.survey}/export-responses"
    started = world.create(exports, {"format": "json", "compress": False})["progressId"]
    file_id = wait_for(lambda: _get(f"{BASE}/{exports}/{started}")["result"].get("fileId"))
    records = _get(f"{BASE}/{exports}/{file_id}/file")["responses"]
    _sync("survey_responses", schemas.RESPONSES, records, ["responseId"])


suite.leave_out("automations are not offered: imports and exports are started by a call", "automations")
if __name__ == "__main__":
    suite.run()
