"""Headers that every answer carries."""

from flask import Flask, Response, g, request

from dashboard.config import Settings
from dashboard.web.dialects import is_api_path

CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; font-src 'self'; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
EXPLORER_CSP = CSP.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
"""The API explorer writes its own styles; its page alone may."""


def install(app: Flask, settings: Settings) -> None:
    """Add security headers to every answer of `app`."""

    @app.after_request
    def add_headers(response: Response) -> Response:
        headers = response.headers
        headers["X-Content-Type-Options"] = "nosniff"
        headers["X-Request-Id"] = g.get("request_id", "")
        if settings.secure:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        if is_api_path(request.path) and "Content-Security-Policy" not in headers:
            headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
            headers.setdefault("Cache-Control", "no-store")
            headers.add("Vary", "Authorization")
            return response
        headers.setdefault("Content-Security-Policy", CSP)
        headers["Referrer-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "camera=(self), geolocation=(self), microphone=()"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        if response.mimetype == "text/html":
            headers.setdefault("Cache-Control", "no-store")
        return response
