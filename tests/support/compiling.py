"""Let xdist's processes share the compilation of test modules on a fresh clone.

pytest rewrites the assertions of each test module and keeps the result in a file. All processes import the modules in
the same order, so each would compile all of them, at the same moment. Here each first imports a share of its own, and
finds the others compiled afterwards.
"""

import contextlib
import importlib
import os
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ or not takes_all_tests(session.config):
        return
    number = int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw"))
    files = [path.relative_to(TESTS.parent).with_suffix("") for path in TESTS.rglob("test_*.py")]
    for name in sorted(".".join(file.parts) for file in files)[number :: int(os.environ["PYTEST_XDIST_WORKER_COUNT"])]:
        with contextlib.suppress(Exception):  # The collection reports it.
            importlib.import_module(name)


def takes_all_tests(config: pytest.Config) -> bool:
    asked = {(config.invocation_params.dir / argument).resolve() for argument in config.args}
    return asked == {(config.rootpath / folder).resolve() for folder in config.getini("testpaths")}
