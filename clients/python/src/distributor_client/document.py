"""What all generated models share."""

from typing import Final

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

# Keys that this version does not know are kept, in answers and in bodies.
BODY: Final = ConfigDict(alias_generator=to_camel, extra="allow")


class Document(BaseModel):
    """An answer. Attributes are in snake case; fields of a newer server are kept in `model_extra`."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="allow", protected_namespaces=())
