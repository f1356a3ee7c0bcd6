"""JSON out: one encoder for everything the API says."""

from typing import Any

import orjson
from flask import Response
from flask.json.provider import JSONProvider

_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC | orjson.OPT_OMIT_MICROSECONDS


def dumps(value: Any) -> bytes:
    """UTF-8 JSON; keys in their order, times in UTC with `Z` and whole seconds."""
    return orjson.dumps(value, option=_OPTIONS)


def json_reply(body: Any, status: int = 200) -> Response:
    """`body` as an application/json response."""
    return Response(dumps(body), status, mimetype="application/json")


class OrjsonProvider(JSONProvider):
    """Makes Flask's own `jsonify` speak the same JSON."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return dumps(obj).decode()

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        return orjson.loads(s)
