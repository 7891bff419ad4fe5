"""The API's description is made from what answers: the routes, what they take and the fields."""

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from collector import __version__
from collector.web.api.field import Field
from collector.web.api.fields import OBJECTS
from collector.web.api.given import Given

if TYPE_CHECKING:
    from collector.web.api.routes import Route

Json = dict[str, Any]

ABOUT = (
    "What the pages of the collector show, for programs. Each request carries a personal access "
    "token, which may do what its role and its owner both may; what it may not see answers as if "
    "it were not there. Every use is written into the audit log, changes before they are made. "
    "Times are UTC (RFC 3339)."
)
PROBLEM: Json = {
    "type": "object",
    "description": "RFC 9457: what went wrong and what to do.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "detail"],
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
KINDS: dict[str, Json] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "boolean": {"type": "boolean"},
    "moment": {"type": "string", "format": "date-time"},
    "map": {"type": "object", "additionalProperties": {"type": ["string", "integer"]}},
    "strings": {"type": "array", "items": {"type": "string"}},
}
REFUSALS = {
    "400": "A field cannot be taken; nothing was done.",
    "401": "The token is missing, wrong or has ended.",
    "404": "It is not there, or this token may not see it.",
    "429": "Too many; wait for as long as Retry-After says.",
    "503": "It could not be written down or the store does not answer; nothing was done.",
}


def document(routes: "Iterable[Route]") -> Json:
    paths: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(route.template, {})[route.method.lower()] = _operation(route)
    objects = {name: _object(name) for name in OBJECTS}
    return {
        "openapi": "3.1.1",
        "info": {"title": "Muster", "version": __version__, "description": ABOUT},
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A personal access token (muster_pat_...), made on the page "
                    "/account/tokens.",
                }
            },
            "schemas": {**objects, "Problem": PROBLEM},
        },
    }


def _operation(route: "Route") -> Json:
    operation: Json = {
        "operationId": _operation_id(route),
        "summary": route.says,
        "description": f"Needs the permission {route.permission.name.lower()}.",
        "x-permission": route.permission.name.lower(),
        "responses": {"200": _answer(route), **_refusals(route)},
    }
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in route.names
    ]
    parameters += [_parameter(each) for each in route.query]
    if parameters:
        operation["parameters"] = parameters
    if route.body is not None:
        required = any(each.required for each in route.body)
        content = {"application/json": {"schema": _body(route.body)}}
        operation["requestBody"] = {"required": required, "content": content}
    return operation


def _operation_id(route: "Route") -> str:
    words = [part.strip("{}").replace("-", "_").replace(".", "_") for part in route.path.split("/")]
    return "_".join([route.method.lower(), *filter(None, words)])


def _answer(route: "Route") -> Json:
    if route.file:
        binary = {"type": "string", "format": "binary"}
        content = {"application/octet-stream": {"schema": binary}}
        return {"description": route.says, "content": content}
    if not route.gives:
        schema: Json = {"type": "object"}
    elif not route.several:
        schema = _reference(route.gives)
    else:
        schema = {
            "type": "object",
            "required": ["items", "next"],
            "properties": {
                "items": {"type": "array", "items": _reference(route.gives)},
                "next": {
                    "type": ["string", "null"],
                    "description": "The cursor of the next page; null: this is the last.",
                },
            },
        }
    return {"description": route.says, "content": {"application/json": {"schema": schema}}}


def _refusals(route: "Route") -> Json:
    said = dict(REFUSALS)
    if route.changes:
        said["409"] = "It is not possible as things are; nothing was done."
    if route.body is not None:
        said |= {"413": "A body is larger than 64 KiB.", "415": "The body is not JSON."}
    schema = _reference("Problem")
    content = {"application/problem+json": {"schema": schema}}
    return {code: {"description": said[code], "content": content} for code in sorted(said)}


def _parameter(given: Given) -> Json:
    return {
        "name": given.name,
        "in": "query",
        "required": given.required,
        "description": _said(given.says, given.needs.name if given.needs else ""),
        "schema": _schema(given),
    }


def _body(known: Sequence[Given]) -> Json:
    schema: Json = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            each.name: {**_schema(each), "description": _capital(each.says)} for each in known
        },
    }
    required = [each.name for each in known if each.required]
    return {**schema, "required": required} if required else schema


def _schema(given: Given) -> Json:
    bounds: dict[str, Json] = {
        "number": {"type": "integer", "minimum": given.least, "maximum": given.most},
        "boolean": {"type": "boolean"},
        "choice": {"type": "string", "enum": [str(each) for each in given.choices]},
        "day": {"type": "string", "format": "date"},
    }
    text = {"type": "string", "minLength": given.least, "maxLength": given.most}
    if given.form:
        text |= {"pattern": f"^({given.form})?$"}
    schema = bounds.get(given.kind, text)
    return {**schema, "default": given.default} if given.default not in (None, "") else schema


def _object(name: str) -> Json:
    table = OBJECTS[name]
    return {
        "type": "object",
        "properties": {each: _property(field) for each, field in table.items()},
        "required": [each for each, field in table.items() if field.needs is None],
    }


def _property(field: Field) -> Json:
    kind = field.kind.removesuffix("?")
    if kind.startswith("list of "):
        schema: Json = {"type": "array", "items": _reference(kind.removeprefix("list of "))}
    else:
        schema = dict(KINDS[kind])
    may_be_null = field.kind.endswith("?")
    if field.choices:
        schema["enum"] = [*field.choices, *([None] if may_be_null else [])]
    if may_be_null:
        schema["type"] = [schema["type"], "null"]
    needs = field.needs.name if field.needs else "SEE_PEOPLE for names in it" * field.veiled
    said = _said(field.says, needs)
    return {**schema, "description": said} if said else schema


def _said(says: str, needs: str) -> str:
    return " ".join(filter(None, (_capital(says), f"Needs {needs.lower()}." if needs else "")))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _reference(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def as_text(routes: "Iterable[Route]") -> str:
    """As it is kept in the repository."""
    return json.dumps(document(routes), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    from collector.web.api.routes import routes

    print(as_text(routes()), end="")
