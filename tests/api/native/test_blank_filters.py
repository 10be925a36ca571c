"""A filter that is blank is a fault: a script whose variable is empty is not shown everything."""

import pytest
from django.test import Client

from tests.support.api.bodies import faults_in


@pytest.mark.parametrize(
    ("path", "name"),
    [("responses", "surveyId"), ("sandbox/messages", "distributionId"), ("suppressions", "channel")],
)
def test_a_blank_filter_is_refused(client: Client, path: str, name: str) -> None:
    answer = client.get(f"/api/v1/{path}", {name: ""})
    assert answer.status_code == 400
    assert faults_in(answer) == [(f"?{name}", "invalid")]
