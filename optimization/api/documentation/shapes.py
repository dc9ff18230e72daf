"""Named JSON Schemas as components of the OpenAPI document.

A schema may hold other shapes; each appears there as a reference to its own component.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction

JsonSchema = dict[str, Any]

TEXT: JsonSchema = {"type": "string"}
UUID: JsonSchema = {"type": "string", "format": "uuid"}
MOMENT: JsonSchema = {"type": "string", "format": "date-time"}
NUMBER: JsonSchema = {"type": "number"}
COUNT: JsonSchema = {"type": "integer", "minimum": 0}
FLAG: JsonSchema = {"type": "boolean"}
PROBABILITY: JsonSchema = {"type": "number", "minimum": 0, "maximum": 1}
MONEY_USD: JsonSchema = {"type": "string", "format": "decimal", "description": "US dollars."}
SHA256: JsonSchema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}


# Compared by identity, because a schema cannot be hashed.
@dataclass(frozen=True, eq=False)
class Shape:
    name: str
    schema: JsonSchema


def a_record(name: str, fields: JsonSchema, *, description: str = "") -> Shape:
    """An object that always has all of ``fields``; later releases may add others."""
    words = {"description": description} if description else {}
    return Shape(
        name,
        {"type": "object", **words, "properties": fields, "required": list(fields)},
    )


def a_page(name: str, entry: Shape) -> Shape:
    path = or_null({**TEXT, "description": "Path of that page; null at the end of the list."})
    return a_record(name, {"data": a_list(entry), "next": path, "previous": path})


def a_list(items: JsonSchema | Shape, **rules: Any) -> JsonSchema:
    return {"type": "array", "items": items, **rules}


def by_name(values: JsonSchema | Shape, **rules: Any) -> JsonSchema:
    """An object with any names, all of whose values are alike."""
    return {"type": "object", "additionalProperties": values, **rules}


def one_of(name: str, choices: Iterable[str]) -> Shape:
    return Shape(name, {"type": "string", "enum": list(choices)})


def or_null(schema: JsonSchema | Shape) -> JsonSchema:
    if isinstance(schema, Shape):
        return {"oneOf": [schema, {"type": "null"}]}
    return {**schema, "type": [schema["type"], "null"]}


class ShapeExtension(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    target_class = Shape

    def get_name(self, auto_schema: AutoSchema, direction: Direction) -> str:
        name: str = self.target.name
        return name

    def get_identity(self, auto_schema: AutoSchema, direction: Direction) -> Any:
        return id(self.target)

    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> JsonSchema:
        schema: JsonSchema = _with_references(self.target.schema, auto_schema, direction)
        return schema


def _with_references(node: Any, auto_schema: AutoSchema, direction: Direction) -> Any:
    if isinstance(node, Shape):
        # The extension above makes a shape as good as a serializer here.
        shape: Any = node
        return auto_schema.resolve_serializer(shape, direction).ref
    if isinstance(node, dict):
        return {k: _with_references(v, auto_schema, direction) for k, v in node.items()}
    if isinstance(node, list):
        return [_with_references(item, auto_schema, direction) for item in node]
    return node
