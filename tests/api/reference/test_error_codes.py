"""The catalogue of error codes: complete, and each code has a page to which problems link."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from distributor.api.reference.errors.catalogue import CATALOGUE, example_of
from distributor.engine.imports.faults import SENTENCES

API = Path(settings.BASE_DIR) / "distributor" / "api"
# What makes an error or a fault, and the place of its code among the arguments.
MAKERS = {"Fault": 1, "Problem": 1, "DataFault": 1, "RequestBodyError": 1, "PydanticCustomError": 0}


def codes_in(source: str) -> Iterator[str]:
    """The codes that a module names: in calls, and in pairs of a code and its sentence."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MAKERS:
            given = node.args[MAKERS[node.func.id] :][:1]
            yield from (part.value for part in given if isinstance(part, ast.Constant) and isinstance(part.value, str))
        if isinstance(node, ast.Tuple) and len(node.elts) == 2:
            code, sentence = (getattr(part, "value", "") for part in node.elts)
            is_pair = isinstance(sentence, str) and sentence.endswith(".") and isinstance(code, str)
            if is_pair and re.fullmatch(r"[a-z]+(_[a-z]+)+", code):
                yield code


def test_every_code_that_the_source_names_is_in_the_catalogue() -> None:
    named = {code for file in API.rglob("*.py") if "errors" not in file.parts for code in codes_in(file.read_text())}
    assert len(named) > 80
    assert named - CATALOGUE.keys() == set()


def test_every_fault_of_a_file_and_of_an_export_is_in_the_catalogue() -> None:
    exports = Path(settings.BASE_DIR) / "distributor/engine/exports/start.py"
    named = set(re.findall(r'ExportFault\(.*?, "(\w+)"', exports.read_text()))
    assert len(named) >= 8
    assert (named | SENTENCES.keys()) - CATALOGUE.keys() == set()


@pytest.mark.parametrize("code", CATALOGUE)
def test_every_code_has_a_page_with_its_meaning_an_example_and_what_to_do(code: str) -> None:
    entry = CATALOGUE[code]
    assert entry.meaning.endswith(".")
    assert entry.remedy.endswith(".")
    answer = Client().get(f"/errors/{code}")
    assert answer.status_code == 200
    page = answer.content.decode()
    assert f"<h1><code>{code}</code></h1>" in page
    assert "What to do" in page


def test_the_list_links_to_every_page() -> None:
    page = Client().get("/errors/").content.decode()
    assert set(re.findall(r'href="/errors/(\w+)"', page)) == set(CATALOGUE)


def test_a_text_that_is_no_code_is_404_and_is_shown_as_text() -> None:
    answer = Client().get("/errors/%3Cscript%3E")
    assert answer.status_code == 404
    assert b"<script>" not in answer.content


def test_the_type_of_a_problem_is_the_address_of_its_page(db: None) -> None:
    problem = Client().get("/api/v1/surveys").json()
    assert problem["type"] == f"{settings.PUBLIC_BASE_URL}/errors/not_authenticated"
    assert Client().get(problem["type"].removeprefix(settings.PUBLIC_BASE_URL)).status_code == 200


def test_examples_are_of_the_status_that_the_catalogue_names() -> None:
    for code, entry in CATALOGUE.items():
        example = example_of(code)
        assert example["status"] == (entry.status or 400)
        assert code in (example["code"], *(fault["code"] for fault in example["errors"]))
