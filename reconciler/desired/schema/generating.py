"""From the models to JSON Schema 2020-12, as pydantic makes it, without what our files do not know: null."""

from collections.abc import Mapping
from typing import Any

from annotated_types import Ge, Le, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from reconciler.desired.schema.words import WORDS, described

Schema = dict[str, Any]


class _Generator(GenerateJsonSchema):
    """Leaves a key out where it has no value, takes every name as a key, and has no titles but ours."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        made = super().default_schema(schema)
        if not made.get("default"):
            made.pop("default", None)
        return made

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        keys, values = (self.generate_inner(schema[part]) for part in ("keys_schema", "values_schema"))
        return {"type": "object", "propertyNames": keys, "additionalProperties": values}

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401, ARG002 - pydantic's own signature
        return False


def generate(model: type[BaseModel], named: Mapping[str, tuple[Schema, Schema]]) -> Schema:
    """Make the schema of a document, in the words of `words`.

    `named` are forms of scalars that stand once below `$defs`, each with what stands there in its place.
    """
    raw = model.model_json_schema(schema_generator=_Generator)
    found = {**raw.pop("$defs", {}), model.__name__: raw}
    models = {each.__name__: each for each in WORDS}
    made = {name: _worded(models[name], _hoisted(schema, named)) for name, schema in found.items()}
    whole = made.pop(model.__name__)
    used = {name: schema for name, (_, schema) in named.items() if _refers(made, name) or _refers(whole, name)}
    return {"$schema": _Generator.schema_dialect, **whole, "$defs": dict(sorted((made | used).items()))}


def _refers(schema: object, name: str) -> bool:
    if isinstance(schema, dict):
        return schema.get("$ref") == f"#/$defs/{name}" or any(_refers(each, name) for each in schema.values())
    return isinstance(schema, list) and any(_refers(each, name) for each in schema)


def _hoisted(schema: Any, named: Mapping[str, tuple[Schema, Schema]]) -> Any:  # noqa: ANN401 - any part of a schema
    """Put a reference wherever one of the named forms stands."""
    if isinstance(schema, list):
        return [_hoisted(each, named) for each in schema]
    if not isinstance(schema, dict):
        return schema
    for name, (form, _) in named.items():
        if schema == form:
            return {"$ref": f"#/$defs/{name}"}
    return {key: _hoisted(value, named) for key, value in schema.items()}


def _worded(model: type[BaseModel], schema: Schema) -> Schema:
    """Say what the keys are for, and bound their values as the model does."""
    about, keys = WORDS[model]
    for name, field in model.model_fields.items():
        key = field.alias or name
        schema["properties"][key] |= _bounds(field) | keys[key].keywords
    schema.pop("title", None)
    return described(about) | {key: value for key, value in schema.items() if key != "description"}


def _bounds(field: FieldInfo) -> Schema:
    """Give the bounds of a field, which pydantic does not tell behind validators of ours."""
    bounds: Schema = {}
    for each in field.metadata:
        match each:
            case Ge(ge=least):
                bounds["minimum"] = least
            case Le(le=most):
                bounds["maximum"] = most
            case MinLen(min_length=least):
                bounds["minProperties"] = least
            case _:
                pass
    return bounds
