"""The built page, served from the folder that Vite writes."""

from pathlib import Path

from flask import Blueprint, Response, send_from_directory
from werkzeug.routing import BaseConverter

_A_YEAR = 365 * 24 * 3600
_NOT_BUILT = (
    "The page is not built: run `make serve`, or set GATEWAY_UI_DIR to the folder with its "
    "index.html.\n"
)


class FileName(BaseConverter):
    """Matches names with a suffix, so that a wrong method on `/predict` is no missing file."""

    regex = r"[^/]+\.[^/.]+"


def create_page(ui_dir: Path) -> Blueprint:
    """Return the routes of the page: `/`, its hashed assets, and the files beside them."""
    folder = ui_dir.resolve()
    page = Blueprint("page", __name__)
    page.record_once(lambda state: state.app.url_map.converters.update(file=FileName))

    @page.get("/")
    def index() -> Response:
        if not (folder / "index.html").is_file():
            return Response(_NOT_BUILT, 503, mimetype="text/plain")
        return _revalidated(folder, "index.html")

    @page.get("/assets/<path:name>")
    def asset(name: str) -> Response:
        # Vite puts a hash of the content into these names, so they never change.
        response = send_from_directory(folder / "assets", name, max_age=_A_YEAR)
        response.cache_control.public = True
        response.cache_control.immutable = True
        return response

    @page.get("/<file:name>")
    def beside(name: str) -> Response:
        return _revalidated(folder, name)

    return page


def _revalidated(folder: Path, name: str) -> Response:
    response = send_from_directory(folder, name)
    response.cache_control.no_cache = True
    return response
