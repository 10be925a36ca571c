"""A schema of the OpenAPI document as Python."""

import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic.alias_generators import to_camel

_PRIMITIVES: Final = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
_FORMATS: Final = {"uuid": "UUID", "date-time": "datetime", "binary": "bytes"}
_RESERVED: Final = {"from", "copy", "json", "schema", "dict", "construct", "self"}
# Methods have a parameter of their own for it, because it chooses the type of the answer.
_LEFT_OUT_OF_BODIES: Final = "dryRun"


def snake(name: str) -> str:
    """Return `externalId` as `external_id`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


@dataclass(frozen=True)
class Renderer:
    """`bodies` and `answers` are the names of the schemas that requests and answers reach."""

    schemas: Mapping[str, dict[str, Any]]
    bodies: frozenset[str]
    answers: frozenset[str]

    def definitions(self, name: str) -> Iterator[tuple[str, str]]:
        """Yield the names that a schema defines, and their text. A schema of bodies and answers defines two."""
        schema = self.schemas[name]
        if "enum" in schema:
            yield name, f"{name} = {_literal(schema['enum'])}\n"
            return
        if name in self.answers:
            yield name, self._document(name, schema)
        if name in self.bodies:
            yield self._body_name(name), self._body(name, schema)

    def _body_name(self, name: str) -> str:
        return f"{name}Given" if name in self.answers else name

    def _document(self, name: str, schema: dict[str, Any]) -> str:
        required = set(schema.get("required", ()))
        lines = []
        for key, part in schema.get("properties", {}).items():
            kind = self._type(part, is_body=False)
            attribute = _attribute(key)
            default = []
            if key not in required:
                kind, default = _optional(kind), ["None"]
            if to_camel(attribute) != key:
                default = [*(default or ["..."]), f'alias="{key}"']
            value = f" = Field({', '.join(default)})" if len(default) > 1 else f" = {default[0]}" if default else ""
            lines += [f"    {attribute}: {kind}{value}", _docstring(part.get("description", ""))]
        return f"class {name}(Document):\n{_docstring(schema.get('description', name))}\n" + "\n".join(lines) + "\n"

    def _body(self, name: str, schema: dict[str, Any]) -> str:
        required = set(schema.get("required", ()))
        lines = []
        for key, part in schema.get("properties", {}).items():
            if key == _LEFT_OUT_OF_BODIES:
                continue
            attribute = _attribute(key)
            kind = self._type(part, is_body=True)
            if to_camel(attribute) != key:
                kind = f'Annotated[{kind}, Field(alias="{key}")]'
            kind = f"Required[{kind}]" if key in required else kind
            lines += [f"    {attribute}: {kind}", _docstring(part.get("description", ""))]
        head = f"@with_config(BODY)\nclass {self._body_name(name)}(TypedDict, total=False):\n"
        return head + f"{_docstring(schema.get('description', name))}\n" + "\n".join(lines) + "\n"

    def _type(self, part: dict[str, Any], *, is_body: bool) -> str:
        if "$ref" in part:
            return self._reference(part["$ref"].rpartition("/")[2], is_body=is_body)
        if "allOf" in part:
            [only] = part["allOf"]
            return self._type(only, is_body=is_body)
        for several in ("anyOf", "oneOf"):
            if several in part:
                return _union(self._type(each, is_body=is_body) for each in part[several])
        if "const" in part:
            return _literal([part["const"]])
        if "enum" in part:
            return _literal(part["enum"]) if is_body else f"{_literal(part['enum'])} | str"
        kind = part.get("type")
        if kind == "array":
            return f"list[{self._type(part.get('items', {}), is_body=is_body)}]"
        if kind == "object":
            return f"dict[str, {self._values(part, is_body=is_body)}]"
        if isinstance(kind, list):
            return _union(_PRIMITIVES[each] for each in kind)
        if kind is None:
            return "Any"
        special = _FORMATS.get(part.get("format", ""))
        if special is None:
            return _PRIMITIVES[kind]
        return f"{special} | str" if is_body else special

    def _reference(self, name: str, *, is_body: bool) -> str:
        if "enum" in self.schemas[name]:
            # Answers of a newer server may have values that this client does not know.
            return name if is_body else f"{name} | str"
        return self._body_name(name) if is_body else name

    def _values(self, part: dict[str, Any], *, is_body: bool) -> str:
        values = part.get("additionalProperties")
        if not isinstance(values, dict):
            values = next(iter(part.get("patternProperties", {}).values()), {})
        return self._type(values, is_body=is_body)


def _attribute(key: str) -> str:
    name = snake(key)
    return f"{name}_" if name in _RESERVED else name


def _literal(values: list[Any]) -> str:
    return f"Literal[{', '.join(repr(value) for value in values)}]"


def _union(kinds: Iterator[str]) -> str:
    return " | ".join(dict.fromkeys(part for kind in kinds for part in kind.split(" | ")))


def _optional(kind: str) -> str:
    return kind if kind in ("Any", "None") or kind.endswith("| None") else f"{kind} | None"


def _docstring(text: str) -> str:
    text = text.replace("\\", "\\\\").strip()
    lines = [line for part in text.splitlines() for line in textwrap.wrap(part, 110) or [""]]
    if len(lines) == 1:
        return f'    """{lines[0]}"""'
    return "\n".join([f'    """{lines[0]}', *(f"    {line}".rstrip() for line in lines[1:]), '    """'])
