"""Tokens of mailed links, kept in the signed cookie: an address with a token must not be shown, nor be a Referer.

The link's own address only takes the token into the cookie and leads on; looking at it uses nothing up, so a program
that opens links in mail ahead of their reader does no harm.
"""

from flask import Response, url_for
from flask import session as cookie

from dashboard.web.pages import see_other

_MAX_TOKEN = 100


def keep(name: str, token: str, endpoint: str) -> Response:
    """Keep `token` under `name` and go to the page `endpoint`."""
    cookie[_key(name)] = token[:_MAX_TOKEN]
    return see_other(url_for(endpoint))


def kept(name: str) -> str:
    """The token kept under `name`, or an empty text, which no link has."""
    token = cookie.get(_key(name))
    return token if isinstance(token, str) else ""


def forget(name: str) -> None:
    """Forget the token kept under `name`."""
    cookie.pop(_key(name), None)


def _key(name: str) -> str:
    return f"link:{name}"
