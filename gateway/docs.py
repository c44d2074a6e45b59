"""The API's description: as an OpenAPI document, and as a page made from it."""

import json
import re
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, render_template, send_from_directory
from markupsafe import Markup, escape

from gateway.snippets import snippets

_FOLDER = Path(__file__).parent
_METHODS = ("get", "post", "delete")


def read_document() -> dict[str, Any]:
    """Return the OpenAPI document."""
    document: dict[str, Any] = json.loads((_FOLDER / "openapi.json").read_text("utf-8"))
    return document


def create_docs() -> Blueprint:
    """Return the routes of the API's description."""
    docs = Blueprint("docs", __name__, template_folder="templates")
    docs.add_app_template_filter(_as_json, "as_json")
    docs.add_app_template_filter(_with_code, "with_code")
    document = read_document()

    @docs.get("/openapi.json")
    def openapi() -> Response:
        response = send_from_directory(_FOLDER, "openapi.json")
        response.cache_control.no_cache = True
        return response

    @docs.get("/docs")
    def page() -> str:
        return render_template("docs.html", document=document, operations=_operations(document))

    @docs.get("/docs/<any('docs.css', 'docs.js'):name>")
    def file(name: str) -> Response:
        response = send_from_directory(_FOLDER / "static", name)
        response.cache_control.no_cache = True
        return response

    return docs


def _as_json(value: Any) -> str:
    # Jinja's own filter would sort the keys.
    return json.dumps(value, indent=2, ensure_ascii=False)


def _with_code(text: str) -> Markup:
    """Return a text as HTML in which `code` between backticks is marked as such."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "method": method.upper(),
            "path": path,
            "body": _example_body(operations[method]),
            "snippets": snippets(method.upper(), path, _example_body(operations[method])),
            **operations[method],
        }
        for path, operations in document["paths"].items()
        for method in _METHODS
        if method in operations
    ]


def _example_body(operation: dict[str, Any]) -> Any:
    """Return the first example of what an operation is sent, None if it is sent nothing."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    examples = list(content.get("examples", {}).values())
    return examples[0]["value"] if examples else None
