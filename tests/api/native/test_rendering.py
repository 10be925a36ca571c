"""What is rendered without its model, for speed, is what the model documents."""

from datetime import UTC, datetime

import pytest

from contacts.identity import Identified
from contacts.ids import new_id
from distributor.api.native.distributions.documents import PersonalLink, render_link
from distributor.engine.acceptance.rows import NewRecipient


@pytest.mark.parametrize(
    ("external_id", "email"), [("PAT-1", "ann@example.com"), (None, "ann@example.com"), ("PAT-1", "")]
)
def test_a_link_is_rendered_as_its_model_says(external_id: str | None, email: str) -> None:
    contact = Identified(new_id(), external_id, email, "", None, "")
    link = render_link(NewRecipient(contact, "Xk3vQ9bTz1Lm", 0, {}, datetime.now(UTC)))
    assert PersonalLink.model_validate(link, extra="forbid").rendered() == link
    assert set(link) == set(PersonalLink.model_json_schema(mode="serialization")["required"])
