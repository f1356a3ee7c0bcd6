"""Static files: named by their content, compressed once, cached by browsers for a year."""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, Response, abort, request

from dashboard.web.api import PUBLIC
from dashboard.web.registry import registry_of

_COMPRESSIBLE = ("text/", "application/javascript", "text/javascript", "image/svg+xml", "application/json")
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is served."""

    body: bytes
    compressed: bytes | None
    media_type: str
    fingerprint: str


class Assets:
    """The files under `root`. In development a changed file is read again."""

    def __init__(self, root: Path, *, watch: bool) -> None:
        self._root = root.resolve()
        self._watch = watch
        self._known: dict[str, tuple[float, Asset]] = {}

    def find(self, name: str) -> Asset | None:
        """The asset `name` (`css/base.css`), or None where there is none."""
        known = self._known.get(name)
        if known is not None and not self._watch:
            return known[1]
        if "\0" in name or len(name) > _LONGEST_NAME:
            return None  # the file system would raise instead of finding nothing
        path = (self._root / name).resolve()
        if not path.is_relative_to(self._root) or not path.is_file():
            return None
        changed = path.stat().st_mtime
        if known is None or known[0] != changed:
            known = self._known[name] = (changed, self._read(path))
        return known[1]

    @staticmethod
    def _read(path: Path) -> Asset:
        body = path.read_bytes()
        media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        compressed = gzip.compress(body, 9, mtime=0) if media_type.startswith(_COMPRESSIBLE) else None
        return Asset(body, compressed, media_type, hashlib.sha256(body).hexdigest()[:12])

    def url(self, name: str) -> str:
        """The address of `name`, which changes with its content. Raises FileNotFoundError: a mistake in a template."""
        asset = self.find(name)
        if asset is None:
            raise FileNotFoundError(name)
        return f"/static/{name}?v={asset.fingerprint}"


def install(app: Flask, root: Path, *, watch: bool) -> Assets:
    """Serve the files under `root` at /static and offer `asset()` to templates."""
    assets = Assets(root, watch=watch)

    def static(filename: str) -> Response:
        asset = assets.find(filename)
        if asset is None:
            abort(404)
        response = Response(asset.body, mimetype=asset.media_type)
        if asset.compressed is not None and "gzip" in request.headers.get("Accept-Encoding", ""):
            response = Response(asset.compressed, mimetype=asset.media_type, headers={"Content-Encoding": "gzip"})
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["ETag"] = f'"{asset.fingerprint}"'
        fresh = request.args.get("v") == asset.fingerprint
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if fresh else "no-cache"
        response.make_conditional(request)
        return response

    app.add_url_rule("/static/<path:filename>", "static", static)
    registry_of(app).rights["GET /static/<path:filename>"] = PUBLIC
    app.add_template_global(assets.url, "asset")
    return assets
