"""gunicorn's access log without anything a person wrote: no body, no query, no raw bytes."""

from collections.abc import MutableMapping
from datetime import timedelta
from typing import Any

from gunicorn.glogging import Logger

FORMAT = "%(t)s %(h)s %(m)s %(U)s %(s)s %(B)sB %(M)sms %({x-request-id}o)s"
_PATH_SHOWN = 80


class AccessLogger(Logger):
    """Logs the path as it came over the wire: decoded it could hold line breaks."""

    def atoms(
        self, resp: Any, req: Any, environ: MutableMapping[str, Any], request_time: timedelta
    ) -> Any:
        """Return the values that the log's format may use."""
        atoms = super().atoms(resp, req, environ, request_time)
        atoms["U"] = str(environ["RAW_URI"]).partition("?")[0][:_PATH_SHOWN]
        return atoms
