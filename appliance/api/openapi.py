"""The OpenAPI 3.1 description, made from the declarations of all operations."""

from __future__ import annotations

from typing import Any

import msgspec

from appliance.api.answers import ErrorAnswer
from appliance.protocol.operations import (
    API_VERSION,
    OPERATIONS,
    Accepted,
    Access,
    Kind,
    OperationSpec,
)
from appliance.protocol.uploads import CHECKSUM, COMPLETE, NO, OFFSET, YES

REF = "#/components/schemas/{name}"
LIST_PARAMETERS: list[tuple[str, str, dict[str, Any]]] = [
    ("limit", "Items on a page", {"type": "integer", "minimum": 1, "maximum": 1000}),
    ("cursor", "`next` of the page before", {"type": "string"}),
    (
        "filter",
        'Which items: `state = running and (memory_bytes > 2GiB or nics.address like "10.0.%")`',
        {"type": "string", "maxLength": 4000},
    ),
    (
        "sort",
        "Fields with commas between, each with - before it for descending order",
        {"type": "string"},
    ),
    ("fields", "Return only these fields, like `id,name,nics.address`", {"type": "string"}),
    ("count", "false: do not count, `total` is -1", {"type": "boolean", "default": True}),
    ("q", "Text to look for in names, ids and addresses", {"type": "string"}),
]


CHANGE_HEADERS: list[tuple[str, str, dict[str, Any]]] = [
    ("Idempotency-Key", "Repetitions with the same key take effect once", {"type": "string"}),
    ("Anyun-Reason", "Why, for audit log and hosts' logs", {"type": "string", "maxLength": 256}),
]
TARGET_HEADERS: list[tuple[str, str, dict[str, Any]]] = [
    ("If-Match", "ETag of the resource as it was read; else 412", {"type": "string"}),
]
JOB_HEADERS: list[tuple[str, str, dict[str, Any]]] = [
    (
        "Anyun-Priority",
        "Greater goes first; above 0 for administrators only",
        {"type": "integer", "minimum": -10, "maximum": 10},
    ),
    ("Anyun-After", "Ids of jobs that must have succeeded before", {"type": "string"}),
    ("Anyun-Deadline", "Seconds after which the job is taken back", {"type": "number"}),
]
ID_PARAMETER: dict[str, Any] = {
    "name": "id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "format": "uuid"},
}
UPLOAD_HEADERS = (
    (OFFSET, "Where in the content this part begins; 0 begins anew", {"type": "integer"}),
    (COMPLETE, "?0: more follows; ?1: nothing follows", {"type": "string", "enum": [YES, NO]}),
    (CHECKSUM, "SHA-256 of the whole content", {"type": "string", "pattern": "^[0-9a-f]{64}$"}),
)
RANGE = {"type": "string", "pattern": "^bytes=[0-9]+-$"}


def describe() -> dict[str, Any]:
    """The whole document, ready for JSON."""
    specs = list(OPERATIONS.values())
    types = [ErrorAnswer]
    types += [spec.request for spec in specs if spec.method != "GET"]
    types += [spec.response for spec in specs if spec.response is not None]
    unique = list(dict.fromkeys(types))
    schemas, components = msgspec.json.schema_components(unique, ref_template=REF)
    by_type = dict(zip(unique, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for spec in specs:
        paths.setdefault(spec.path, {})[spec.method.lower()] = _operation(spec, by_type)
    paths |= _byte_paths(by_type)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Anyun", "version": f"{API_VERSION}", "license": {"name": "Apache-2.0"}},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"session": {"type": "http", "scheme": "bearer"}},
        },
    }


def _byte_paths(by_type: dict[Any, Any]) -> dict[str, Any]:
    """Routes that carry bytes rather than structs."""
    accepted = {"application/json": {"schema": by_type[Accepted]}}
    refused = {
        "description": "Refused",
        "content": {"application/json": {"schema": by_type[ErrorAnswer]}},
    }
    common: dict[str, Any] = {"parameters": [ID_PARAMETER], "security": [{"session": []}]}
    png = {"image/png": {"schema": {"type": "string", "format": "binary"}}}
    content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    screenshot = {
        "operationId": "vm.screenshot",
        "summary": "A picture of a virtual machine's screen",
        "tags": ["vm"],
        "responses": {"200": {"description": "PNG", "content": png}, "default": refused},
    }
    upload = {
        "operationId": "image.upload",
        "summary": "Send the content of an image that waits for it, or a part of it",
        "tags": ["image"],
        "parameters": [ID_PARAMETER, *(_header(*one) for one in UPLOAD_HEADERS)],
        "requestBody": {"content": content, "required": True},
        "responses": {"202": {"description": "Accepted", "content": accepted}, "default": refused},
    }
    file = {"description": "The file, or the rest of it", "content": content}
    download = {
        "operationId": "image.download",
        "summary": "Get the file of an image, from an offset on if asked",
        "tags": ["image"],
        "parameters": [ID_PARAMETER, _header("Range", "bytes=N-", RANGE)],
        "responses": {"200": file, "206": file, "default": refused},
    }
    return {
        "/v1/vms/{id}/screenshot": {"get": common | screenshot},
        "/v1/images/{id}/content": {"put": common | upload, "get": common | download},
    }


def _header(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "header", "description": description, "schema": schema}


def _operation(spec: OperationSpec, by_type: dict[Any, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": spec.name,
        "summary": spec.summary,
        "tags": [spec.noun],
        "responses": _responses(spec, by_type),
    }
    if spec.access != Access.PUBLIC:
        described["security"] = [{"session": []}]
    parameters = _parameters(spec)
    if parameters:
        described["parameters"] = parameters
    if spec.method != "GET":
        content = {"application/json": {"schema": by_type[spec.request]}}
        is_needed = any(item.required for item in msgspec.structs.fields(spec.request))
        described["requestBody"] = {"content": content, "required": is_needed}
    return described


def _parameters(spec: OperationSpec) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if "{id}" in spec.path:
        found.append(ID_PARAMETER)
    if spec.verb == "list":
        found += [
            {"name": name, "in": "query", "description": text, "schema": schema}
            for name, text, schema in LIST_PARAMETERS
        ]
    headers: list[tuple[str, str, dict[str, Any]]] = []
    if spec.kind != Kind.READ:
        headers += CHANGE_HEADERS
        headers += TARGET_HEADERS if "{id}" in spec.path else []
        headers += JOB_HEADERS if spec.kind == Kind.JOB else []
    found += [
        {"name": name, "in": "header", "description": text, "schema": schema}
        for name, text, schema in headers
    ]
    return found


def _responses(spec: OperationSpec, by_type: dict[Any, Any]) -> dict[str, Any]:
    if spec.response is None:
        good: dict[str, Any] = {"204": {"description": "Done"}}
    else:
        status = "200"
        if spec.kind == Kind.JOB:
            status = "202"
        elif spec.kind == Kind.CHANGE and spec.verb == "create":
            status = "201"
        content = {"application/json": {"schema": by_type[spec.response]}}
        good = {status: {"description": spec.summary, "content": content}}
    refused = {"application/json": {"schema": by_type[ErrorAnswer]}}
    return {**good, "default": {"description": "Refused", "content": refused}}
