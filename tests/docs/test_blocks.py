"""Code blocks of the documents are sound. tests/stack/test_run.py runs those that are commands."""

import ast
import json
import re
import shlex
from pydoc import locate

import pytest
from pydantic import BaseModel

from tests.docs.blocks import BLOCKS, Block
from tests.docs.test_paths import ROOT

LANGUAGES = {"sh", "json", "python", "text", "ini", "csv"}
MOST_NOT_RUN = 12
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
SOME_ID = "0195e3a1-0000-7000-8000-000000000001"


def blocks_of(language: str) -> list[Block]:
    return [block for block in BLOCKS if block.language == language]


def test_every_block_names_a_language() -> None:
    assert [block.place for block in BLOCKS if block.language not in LANGUAGES] == []


def test_few_blocks_are_not_run_and_each_says_why() -> None:
    left_out = [block for block in blocks_of("sh") if block.reason_not_to_run]
    for block in left_out:
        print(f"{block.place}: {block.reason_not_to_run}")
    assert len(left_out) <= MOST_NOT_RUN
    assert all(len(block.reason_not_to_run.split()) > 2 for block in left_out)


def test_most_blocks_are_run() -> None:
    assert len([block for block in BLOCKS if block.is_run]) > 40


def test_make_has_the_targets_and_pytest_the_folders() -> None:
    commands = [
        (block.place, shlex.split(line)) for block in blocks_of("sh") if block.is_looked_up for line in block.commands
    ]
    unknown = []
    for place, words in commands:
        if words[0] == "make":
            unknown += [f"{place}: {words[1]}"] * (words[1] not in TARGETS)
        else:
            unknown += [
                f"{place}: {word}" for word in words if word.startswith("tests/") and not (ROOT / word).exists()
            ]
    assert commands
    assert not unknown


@pytest.mark.parametrize("block", blocks_of("json"), ids=lambda block: block.place)
def test_json_is_what_its_model_says(block: Block) -> None:
    """The comment above it names the model: `<!-- distributor.api.bodies.dry_run.PlanDocument -->`."""
    model = locate(block.note)
    assert isinstance(model, type)
    assert issubclass(model, BaseModel)
    document = json.loads(block.text.replace('"…"', f'"{SOME_ID}"'))
    assert json.loads(model.model_validate(document).model_dump_json(by_alias=True)).keys() == document.keys()


@pytest.mark.parametrize("block", blocks_of("python"), ids=lambda block: block.place)
def test_python_is_python(block: Block) -> None:
    ast.parse(block.text)
