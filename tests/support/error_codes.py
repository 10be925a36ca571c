"""During all tests: a problem whose code is not in the catalogue of error codes fails the test that it occurs in."""

from collections.abc import Iterator
from typing import Any

import pytest

from distributor.api.answers.problems import UNDESCRIBED, Problem
from distributor.api.reference.errors.catalogue import CATALOGUE


@pytest.fixture(scope="session", autouse=True)
def every_code_is_in_the_catalogue() -> Iterator[None]:
    as_written = Problem.__init__

    def check(self: Problem, *args: Any, **kwargs: Any) -> None:
        as_written(self, *args, **kwargs)
        codes = {self.code, *(fault.code for fault in self.faults if fault is not UNDESCRIBED)}
        assert codes <= CATALOGUE.keys(), f"not in api/reference/errors: {codes - CATALOGUE.keys()}"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Problem, "__init__", check)
        yield
