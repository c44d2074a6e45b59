"""Pages and tables of the site that are made from files which are kept elsewhere (mkdocs hook).

Such a file is written once, where its room is; the site shows it and never holds a copy.
"""

import json
import posixpath
import re
from pathlib import Path
from typing import Any, Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from gateway.settings import settings_table

ROOT = Path(__file__).resolve().parent.parent
DOCS: Final = ROOT / "docs"
# Page of the site: the file it shows.
PAGES: Final = {
    "model-card.md": "model_store/checkpoint/README.md",
    "logs/training.md": "training/LOG.md",
    "logs/speed.md": "benchmarks/LOG.md",
}
IMAGES: Final = {"latest.png": "benchmarks/results/latest.png"}
# Where the site shows what lies elsewhere in the repository.
_PLACES: Final = {
    **{source: page for page, source in (PAGES | IMAGES).items()},
    "benchmarks/results/latest.md": "benchmarks.md",
}
_MARKER: Final = re.compile(r"<!-- derived: (.+?) -->")
_FRONT_MATTER: Final = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_LINK: Final = re.compile(r"(!?)\[([^\]]+)\]\((?!https?:|#)([^)#\s]+)(#[^)]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages and images that are files of other rooms."""
    for page, source in PAGES.items():
        files.append(File.generated(config, page, content=_text(ROOT / source)))
    for image, source in IMAGES.items():
        files.append(File.generated(config, image, abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Let links lead to what the site shows, and replace each `<!-- derived: name -->`."""
    uri = page.file.src_uri
    linked = _relink(markdown, ROOT / PAGES.get(uri, f"docs/{uri}"), uri)
    return _MARKER.sub(lambda found: _derived(found[1], uri), linked)


def _derived(name: str, page: str) -> str:
    if name == "gateway settings":
        return settings_table()
    if name == "routes":
        return _routes(json.loads((ROOT / "gateway" / "openapi.json").read_text()))
    if (ROOT / name).is_file():
        return _relink(_text(ROOT / name), ROOT / name, page)
    raise PluginError(f"Expected 'gateway settings', 'routes' or a file to derive, found {name!r}.")


def _text(source: Path) -> str:
    """Return a file's Markdown without front matter."""
    return _FRONT_MATTER.sub("", source.read_text())


def _relink(markdown: str, source: Path, page: str) -> str:
    """Rewrite the links of a file for the page that shows it; what is not on the site loses them.

    Links within docs/, and those to nothing, stay as they are: mkdocs checks them.
    """

    def rewrite(found: re.Match[str]) -> str:
        target = (source.parent / found[3]).resolve()
        if target.is_relative_to(DOCS) or not target.exists():
            return found[0]
        place = _PLACES.get(str(target.relative_to(ROOT)))
        if place is None:
            return found[2]
        shown = posixpath.relpath(place, posixpath.dirname(page) or ".")
        return f"{found[1]}[{found[2]}]({shown}{found[4] or ''})"

    return _LINK.sub(rewrite, markdown)


def _routes(description: dict[str, Any]) -> str:
    rows = [
        f"| `{method.upper()} {path}` | {route['summary']} | {', '.join(route['responses'])} |"
        for path, methods in description["paths"].items()
        for method, route in methods.items()
        if "summary" in route
    ]
    return "\n".join(["| request | what it does | answers |", "|---|---|---|", *rows])
