"""What pages cost: time and queries on the server, and bytes on the way."""

import gzip
import re
import time
from statistics import median, quantiles

from flask.testing import FlaskClient

from benchmarks.counting import statements_of
from benchmarks.report import Figure
from benchmarks.world import World
from dashboard import config, create_app
from dashboard.core.db import db

ADDRESSES = (
    "/catalog/devices",
    "/catalog/devices?q=galaxy",
    "/catalog/devices?make=samsung",
    "/catalog/devices?category=tablets&sort=name",
    "/catalog/devices?year=2024&view=cards",
)
REPEATS = 40
P95_MS = 50
QUERIES = 6
FIRST_LOAD_KB = 100

_LINKED = re.compile(r'(?:href|src)="(/static/[^"]+\.(?:css|js|svg|woff2)[^"]*)"')


def figures(world: World) -> list[Figure]:
    """Browse page and first page load, in this process: no other request is in the way."""
    app = create_app(config.from_environment({**world.environment, "LOG_LEVEL": "warning"}))
    client = app.test_client()
    sign_in(client, world)
    with app.app_context():
        try:
            return [*_browse(client), _first_load(client)]
        finally:
            db.engine.dispose()


def sign_in(client: FlaskClient, world: World) -> None:
    """Sign `client` in as the owner of `world`."""
    page = client.get("/sign-in").get_data(as_text=True)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token is not None
    answer = client.post("/sign-in", data={**world.login, "csrf_token": token[1], "next": ""})
    assert answer.status_code == 303, answer.status


def _browse(client: FlaskClient) -> list[Figure]:
    took: list[float] = []
    queries = 0
    for address in ADDRESSES:
        assert client.get(address).status_code == 200, address
        with statements_of(client.application) as executed:
            client.get(address)
        queries = max(queries, len(executed))
        for _ in range(REPEATS):
            started = time.perf_counter()
            client.get(address)
            took.append((time.perf_counter() - started) * 1000)
    p95 = quantiles(took, n=20)[18]
    words = f"p50 {median(took):.1f} ms, p95 {p95:.1f} ms"
    return [
        Figure("browse page, server time", words, target=f"p95 < {P95_MS} ms", met=p95 < P95_MS),
        Figure("browse page, queries", f"at most {queries}", target=f"≤ {QUERIES}", met=queries <= QUERIES),
    ]


def _first_load(client: FlaskClient) -> Figure:
    """The browse page with all that its head and body fetch, into an empty cache."""
    compressed = {"Accept-Encoding": "gzip"}
    page = client.get("/catalog/devices", headers=compressed)
    html = gzip.decompress(page.data) if page.headers.get("Content-Encoding") == "gzip" else page.data
    linked = sorted(set(_LINKED.findall(html.decode())))
    parts = [client.get(address.replace("&amp;", "&"), headers=compressed) for address in linked]
    total = (len(page.data) + sum(len(part.data) for part in parts)) / 1000
    words = f"{total:.1f} kB: page {len(page.data) / 1000:.1f} kB and {len(parts)} files"
    return Figure("first page load, compressed", words, target=f"< {FIRST_LOAD_KB} kB", met=total < FIRST_LOAD_KB)
