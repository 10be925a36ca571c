"""A migration operation for changes that the database does not hold, such as help texts."""

from typing import Any

from django.db import migrations


class StateOnly(migrations.SeparateDatabaseAndState):
    """Change the models' state and nothing in the database.

    Django renders all related models again after each AlterField: 82 of them took 3 s of every new database. Without
    rendered models there is nothing to render again; the next operation that needs them renders them once.
    """

    def __init__(self, state_operations: list[Any]) -> None:
        super().__init__(state_operations=state_operations)

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.__dict__.pop("apps", None)
        super().state_forwards(app_label, state)
