"""Structural check of any OpenAPI 3.1 document."""

import re
from typing import Any

from ari_app.web.openapi import references
from foundation.routes import Role

METHODS = {"get", "put", "post", "delete", "patch"}


def faults(document: dict[str, Any]) -> list[str]:
    """Return the faults of a document."""
    found = [] if document["openapi"].startswith("3.1.") else ["not OpenAPI 3.1"]
    found += [f"info lacks {name}" for name in ("title", "version") if not document["info"].get(name)]
    found += [f"unresolved {one}" for one in sorted(set(references(document))) if not _resolves(document, one)]
    used: set[str] = set()
    for path, item in document["paths"].items():
        for method, operation in item.items():
            faulty = _operation_faults(path, method, operation, used, set(document["components"]["securitySchemes"]))
            found += [f"{method.upper()} {path}: {fault}" for fault in faulty]
    return found


def _operation_faults(
    path: str, method: str, operation: dict[str, Any], used: set[str], schemes: set[str]
) -> list[str]:
    found = [] if method in METHODS and path.startswith("/") else ["no method or path"]
    name = operation["operationId"]
    if name in used:
        found.append(f"operationId {name} is used twice")
    used.add(name)
    declared = [one["name"] for one in operation["parameters"] if one["in"] == "path"]
    written = re.findall(r"{(\w+)}", path)
    if declared != written:
        found.append(f"path parameters {declared} instead of {written}")
    names = [(one["in"], one["name"]) for one in operation["parameters"]]
    if len(names) != len(set(names)):
        found.append("a parameter is declared twice")
    found += [f"parameter {one['name']} has no schema" for one in operation["parameters"] if "schema" not in one]
    found += [f"unknown role {role}" for role in operation["x-roles"] if role not in set(Role)]
    if bool(operation["x-roles"]) != bool(operation["security"]):
        found.append("roles and security contradict each other")
    found += [f"unknown scheme {one}" for choice in operation["security"] for one in choice if one not in schemes]
    statuses = operation["responses"]
    found += [f"response {status} has no description" for status, one in statuses.items() if not one.get("description")]
    if not any(status.startswith("2") for status in statuses):
        found.append("no way to succeed")
    return found


def _resolves(document: dict[str, Any], reference: str) -> bool:
    node: Any = document
    if not reference.startswith("#/"):
        return False
    for part in reference[2:].split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(node, dict) or key not in node:
            return False
        node = node[key]
    return True
