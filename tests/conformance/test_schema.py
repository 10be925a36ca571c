"""The OpenAPI document, called: whatever it allows and forbids is answered with what it says, and never with a 5xx.

Four requests an operation are made up, the same in every run. GENERATED_CALLS in the environment makes up as many as it
says, and one for every limit of the schema besides (`make conform`). Each is undone after its answer: the next finds
everything as it was.
"""

import json
import logging
import os
from collections import Counter
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from django.db import connection, transaction
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, settings
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import negative_data_rejection

from contacts.api_keys import create_api_key
from contacts.models import Organization
from tests.conformance.completing import PEOPLE, complete
from tests.conformance.stand_ins import Ids, known_to

GENERATED_CALLS = int(os.environ.get("GENERATED_CALLS", "0"))
CONFIG = schemathesis.Config.from_dict(
    {
        "generation": {"max-examples": GENERATED_CALLS or 4, "deterministic": True, "database": "none"},
        "phases": {
            "coverage": {"enabled": bool(GENERATED_CALLS)},
            # What was answered, ids among it, would make every run another one.
            "fuzzing": {"extra-data-sources": {"responses": False}, "error-feedback": {"enabled": False}},
        },
        # What a call needs without a key is told below, and what a schema cannot say is no fault of a call.
        "checks": {"ignored_auth": {"enabled": False}, "positive_data_acceptance": {"enabled": False}},
    }
)
DOCUMENT: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT, config=CONFIG)
SCHEMA.app = get_wsgi_application()
OPERATIONS = [
    (method.upper(), path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]

Statuses = Counter[int]


@pytest.fixture
def statuses() -> Iterator[Statuses]:
    """How an operation's calls were answered. Where none succeeds, the others have shown nothing."""
    counted: Statuses = Counter()
    yield counted
    assert any(200 <= status < 300 for status in counted), f"No call succeeded: {counted}"


@SCHEMA.parametrize()
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
def test_every_call_is_answered_as_documented(
    case: schemathesis.Case[Any],
    ids: Ids,
    one_connection: None,
    api_key: str,
    statuses: Statuses,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nor does it leave an error in the log: the recipient-add dialect has no 5xx, and tells of everything by 400."""
    caplog.clear()
    say_what_there_is(case, ids)
    with transaction.atomic():
        response = case.call(headers={"x-api-key": api_key})
        connection.check_constraints()  # as committing would
        transaction.set_rollback(True)
    statuses[response.status_code] += 1
    # Whatever is sent as a text is a text; and a batch is accepted, with the faults in the results of its rows.
    is_any_text = case.media_type == "text/csv" and not is_right(case, ParameterLocation.BODY)
    is_judged_by_row = case.operation.definition.raw["operationId"] == "saveContacts"
    # A case may be made up as wrong, and yet have no part that is.
    has_no_wrong_part = all(is_right(case, location) for location in ParameterLocation)
    may_be_wrong = is_any_text or is_judged_by_row or has_no_wrong_part
    case.validate_response(response, excluded_checks=[negative_data_rejection] if may_be_wrong else [])
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def say_what_there_is(case: schemathesis.Case[Any], ids: Ids) -> None:
    """Let the call name what there is, where it is not meant to be wrong."""
    operation_id = case.operation.definition.raw["operationId"]
    known = known_to(operation_id)
    if is_right(case, ParameterLocation.PATH):
        case.path_parameters = {name: known[name] for name in case.path_parameters}
    if is_right(case, ParameterLocation.QUERY):
        case.query = {name: known.get(name, value) for name, value in case.query.items()}
    if is_right(case, ParameterLocation.BODY) and isinstance(case.body, dict):
        case.body = complete(operation_id, case.body)
    elif is_right(case, ParameterLocation.BODY) and isinstance(case.body, str):
        case.body = PEOPLE  # a text is a file in CSV
    case.path_parameters = ids.put_into(case.path_parameters)
    case.query = ids.put_into(case.query)
    if isinstance(case.body, (dict, list)):
        case.body = ids.put_into(case.body)


def is_right(case: schemathesis.Case[Any], location: ParameterLocation) -> bool:
    part = case.meta.components.get(location) if case.meta else None
    return part is None or part.mode is schemathesis.GenerationMode.POSITIVE


def test_every_call_needs_a_key_and_its_scope(ids: Ids, organization: Organization) -> None:
    scopeless = {"x-api-key": create_api_key(organization, "may nothing", [])[1]}
    keyed = [(method, path, operation) for method, path, operation in OPERATIONS if operation.get("security")]
    assert len(keyed) >= 50
    for headers, status in (({}, HTTPStatus.UNAUTHORIZED), (scopeless, HTTPStatus.FORBIDDEN)):
        for method, path, operation in keyed:
            named = path.format(**ids.put_into(dict(known_to(operation["operationId"]))))
            answer = Client(headers=headers).generic(method, named, "{}", content_type="application/json")
            # As its reference has it, recipient add knows no 401.
            is_400 = not headers and operation["operationId"] == "addRecipients"
            wanted = HTTPStatus.BAD_REQUEST if is_400 else status
            assert answer.status_code == wanted, (method, path)
            [documented] = operation["responses"][str(wanted.value)]["content"]
            assert answer["Content-Type"] == documented
            assert json.loads(answer.content)
