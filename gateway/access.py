"""Who may ask what: known hosts, known origins, known keys, and how often.

Everything is off as long as nothing is set, as on a developer's own machine. Page, probes and
documentation need no key: they show nothing that a key would protect, and the page asks with its
user's key, if one is needed at all.
"""

import math
import time
from typing import Final

from flask import Flask, Response, g, request
from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from werkzeug.exceptions import NotFound

from contract.request import is_json
from gateway.errors import GatewayError
from gateway.keys import Keys
from gateway.settings import Settings

# What costs the model work, or keeps what somebody wrote.
GUARDED: Final = ("/predict", "/explain", "/feedback")
# In the environment of a request that came by the address for metrics.
METRICS_ADDRESS: Final = "gateway.metrics_address"
_METHODS: Final = "GET, POST"
_HEADERS: Final = "authorization, content-type, x-request-id"
_EXPOSED: Final = "retry-after, ratelimit-limit, ratelimit-remaining, ratelimit-reset, x-request-id"


def register_access(app: Flask, access: "Access") -> None:
    """Check every request before its route does, as far as the settings ask for it."""
    app.before_request(access.check)
    app.after_request(access.name_limits)
    app.after_request(access.allow_origin)


def _limits(text: str) -> list[RateLimitItem]:
    return list(parse_many(text)) if text else []


class Access:
    """The rules of one gateway, and what each caller has used up."""

    def __init__(self, settings: Settings) -> None:
        self._metrics_port = settings.metrics_port
        self._hosts = settings.trusted_hosts
        self._origins = settings.cors_origins
        self._keys = Keys(settings.keys_file) if settings.keys_file else None
        self._limits = _limits(settings.rate_limit)
        self._used = MovingWindowRateLimiter(MemoryStorage())

    def check(self) -> Response | None:
        """Raise GatewayError (400, 401, 403 or 429) for what is not allowed."""
        g.caller = request.remote_addr or ""
        if request.path == "/metrics" and not self._may_see_metrics():
            raise NotFound
        self._check_host()
        self._check_origin()
        if request.method == "OPTIONS" and request.headers.get("Origin"):
            return Response(status=204)
        if request.path in GUARDED:
            self._check_key()
            self._check_rate()
        return None

    def _may_see_metrics(self) -> bool:
        return self._metrics_port is None or METRICS_ADDRESS in request.environ

    def _check_host(self) -> None:
        host = request.headers.get("Host", "").lower()
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
        if self._hosts and name.strip("[]") not in self._hosts:
            raise GatewayError(
                403,
                "unknown_host",
                "Expected one of the hosts that this service is known by, found another; "
                "it has to be added to GATEWAY_TRUSTED_HOSTS.",
            )

    def _check_origin(self) -> None:
        origin = request.headers.get("Origin")
        if origin is None or request.method in ("GET", "HEAD"):
            return
        if origin.partition("://")[2].lower() == request.headers.get("Host", "").lower():
            return
        if origin not in self._origins:
            raise GatewayError(
                403,
                "foreign_origin",
                "Expected a page of this service or of an allowed origin, found another; "
                "its origin has to be added to GATEWAY_CORS_ORIGINS.",
            )
        if request.method == "POST" and not is_json(request.content_type or ""):
            # Without one, a browser would send the request before it asks whether it may.
            raise GatewayError(
                400,
                "not_json",
                "Expected the content type application/json from a page of another origin, found "
                "none or another; send the header `content-type: application/json`.",
            )

    def caller(self, address: str, authorization: str) -> str | None:
        """Return who asks: a key, or an address where none is needed; None if the key is unfit."""
        if self._keys is None:
            return address
        scheme, _, sent = authorization.partition(" ")
        key = self._keys.find(sent.strip()) if scheme.lower() == "bearer" else None
        return f"key {key.id}" if key else None

    def _check_key(self) -> None:
        authorization = request.headers.get("Authorization", "")
        caller = self.caller(g.caller, authorization)
        if caller is None:
            sent = authorization.partition(" ")[2]
            found = "one that is unknown or revoked" if sent else "none"
            raise GatewayError(
                401,
                "invalid_key",
                f"Expected an API key as `Authorization: Bearer KEY`, found {found}.",
            )
        g.caller = caller

    def _check_rate(self) -> None:
        for limit in self._limits:
            if not self._used.hit(limit, g.caller):
                seconds = max(1, math.ceil(self._stats(limit)[1]))
                raise GatewayError(
                    429,
                    "quota_used_up",
                    f"Expected at most {limit}, found one more; try again in {seconds} s.",
                    seconds,
                )

    def _stats(self, limit: RateLimitItem) -> tuple[int, float]:
        stats = self._used.get_window_stats(limit, g.caller)
        return stats.remaining, max(0.0, stats.reset_time - time.time())

    def name_limits(self, response: Response) -> Response:
        """Tell what is left of the limit that is reached first."""
        if self._limits and request.path in GUARDED and "caller" in g:
            limit = min(self._limits, key=lambda each: self._stats(each)[0])
            remaining, reset = self._stats(limit)
            response.headers["RateLimit-Limit"] = str(limit.amount)
            response.headers["RateLimit-Remaining"] = str(remaining)
            response.headers["RateLimit-Reset"] = str(math.ceil(reset))
        if response.status_code == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response

    def allow_origin(self, response: Response) -> Response:
        """Let a page of an allowed origin read the answer."""
        origin = request.headers.get("Origin", "")
        if origin not in self._origins:
            return response
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Methods"] = _METHODS
        response.headers["Access-Control-Allow-Headers"] = _HEADERS
        response.headers["Access-Control-Expose-Headers"] = _EXPOSED
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        response.headers.add("Vary", "Origin")
        return response
