"""How to call a route from a shell, from Python and from JavaScript, as text for the docs page."""

import json
import shlex
from typing import Any, Final

ADDRESS: Final = "http://127.0.0.1:8000"


def snippets(method: str, path: str, body: Any) -> dict[str, str]:
    """Return one text for each language; the body is an example, None for a route without one."""
    return {
        "curl": _curl(method, path, body),
        "Python": _python(method, path, body),
        "JavaScript": _javascript(method, path, body),
    }


def _curl(method: str, path: str, body: Any) -> str:
    options = "" if method == "GET" else f" -X {method}"
    if body is None:
        return f"curl -s{options} {shlex.quote(ADDRESS + path)}"
    data = shlex.quote(_json(body))
    return f"curl -s {ADDRESS}{path} -H 'content-type: application/json' \\\n  -d {data}"


def _python(method: str, path: str, body: Any) -> str:
    if body is None:
        request = f'urllib.request.Request("{ADDRESS}{path}", method="{method}")'
        return (
            "import urllib.request\n\n"
            f"request = {request}\n"
            "print(urllib.request.urlopen(request).read().decode())"
        )
    return (
        "import json, urllib.request\n\n"
        f"body = {body!r}\n"
        "request = urllib.request.Request(\n"
        f'    "{ADDRESS}{path}",\n'
        "    json.dumps(body).encode(),\n"
        '    {"Content-Type": "application/json"},\n'
        ")\n"
        "print(json.load(urllib.request.urlopen(request)))"
    )


def _javascript(method: str, path: str, body: Any) -> str:
    if body is None:
        return (
            f'const response = await fetch("{ADDRESS}{path}", {{ method: "{method}" }});\n'
            "console.log(await response.text());"
        )
    return (
        f'const response = await fetch("{ADDRESS}{path}", {{\n'
        f'  method: "{method}",\n'
        '  headers: { "Content-Type": "application/json" },\n'
        f"  body: JSON.stringify({_json(body)}),\n"
        "});\n"
        "console.log(await response.json());"
    )


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
