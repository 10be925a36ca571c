"""What the clients find in the stack: ids as the published API writes them. It uses the standard library only."""

import json
import os
from dataclasses import asdict, dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

# The clients put this before `.qualtrics.com`.
DATA_CENTER = "distributor"
HOST = f"{DATA_CENTER}.qualtrics.com"
_DIRECT = build_opener(ProxyHandler({}))


@dataclass(frozen=True)
class World:
    """A running stack. `address` leads to it directly, `node_address` through the front that ends TLS."""

    address: str
    node_address: str
    api_key: str
    survey: str = ""
    directory: str = ""
    library: str = ""
    message: str = ""
    sms_message: str = ""
    response: str = ""

    @classmethod
    def read(cls) -> "World":
        """Return the world of this process, from its environment."""
        return cls(**json.loads(os.environ["WORLD"]))

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    def call(self, method: str, path: str, body: object = None, *, base: str = "/API/v3/") -> Any:
        """Call the stack without a client, and return the answer's JSON. Raises AssertionError for an error."""
        request = Request(
            f"{self.address}{base}{path}",
            None if body is None else json.dumps(body).encode(),
            {"X-API-TOKEN": self.api_key, "x-api-key": self.api_key, "Content-Type": "application/json"},
            method=method,
        )
        try:
            with _DIRECT.open(request, timeout=60) as answer:
                return json.load(answer)
        except HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()}") from error

    def create(self, path: str, body: object) -> Any:
        """POST and return the answer's `result`."""
        return self.call("POST", path, body)["result"]

    def create_list(self, name: str, *contacts: dict[str, Any]) -> str:
        """Create a mailing list with contacts; return its id."""
        lists = f"directories/{self.directory}/mailinglists"
        list_id: str = self.create(lists, {"name": name})["id"]
        for contact in contacts:
            self.create(f"{lists}/{list_id}/contacts", contact)
        return list_id


def prepare_world(address: str, node_address: str, api_key: str) -> World:
    """Find the demo organisation's ids, and store three responses: two anonymous ones and a contact's."""
    bare = World(address, node_address, api_key)
    (survey, *_), (directory, *_), (library, *_) = (
        bare.call("GET", path)["result"]["elements"] for path in ("surveys", "directories", "libraries")
    )
    world = World(address, node_address, api_key, survey["id"], directory["directoryId"], library["libraryId"])
    for values in ({"QID1": 9, "QID2_TEXT": "Kind staff.\nAgain"}, {"QID1": 3, "QID2_TEXT": "-5"}):
        world.create(f"surveys/{world.survey}/responses", {"values": values})
    messages = f"libraries/{world.library}/messages"
    text = {"en": "<p>Hello ${m://FirstName}, ${l://SurveyLink?d=answer here}</p>"}
    invite = world.create(messages, {"description": "Clients", "category": "invite", "messages": text})
    sms_text = {"en": "Please answer: ${l://SurveyURL}"}
    sms = world.create(messages, {"description": "Clients SMS", "category": "smsInvite", "messages": sms_text})
    return World(
        **asdict(world) | {"message": invite["id"], "sms_message": sms["id"], "response": _respond_by_link(world)}
    )


def _respond_by_link(world: World) -> str:
    """Answer a contact's link; return the response's id."""
    contact = {"extRef": "RESPONDENT", "email": "respondent@example.com", "embeddedData": {"ward": "A"}}
    list_id = world.create_list("Respondents", contact)
    link = world.create(
        "distributions",
        {"action": "CreateDistribution", "surveyId": world.survey, "linkType": "Individual", "mailingListId": list_id},
    )["id"]
    found = world.call("GET", f"distributions/{link}/links?surveyId={world.survey}")["result"]["elements"]
    code = found[0]["link"].rpartition("/")[2]
    world.call("POST", f"links/{code}/responses", {"answers": {"score": 7, "comment": "By link"}}, base="/api/v1/")
    history = world.call("GET", f"distributions/{link}/history")["result"]["elements"]
    response: str = history[0]["responseId"]
    return response
