"""The floor's statements: the fewest round trips and the cheapest plan that I know for each question."""

import re
from dataclasses import dataclass, fields

_SHOWN = "d.id, d.name, d.slug, m.name, c.name, d.image_url, d.released"
_NAMED = "JOIN make m ON m.id = d.make_id JOIN category c ON c.id = d.category_id"

HEAD = f"""
SELECT {_SHOWN} FROM (
    SELECT kind, newest_first, device_id FROM search_head
    WHERE text = :text AND make_id = :make_id AND category_id = 0
    ORDER BY kind, newest_first, device_id DESC LIMIT {{limit}}
) best JOIN device d ON d.id = best.device_id {_NAMED}
ORDER BY best.kind, best.newest_first, best.device_id DESC
"""

RANGE = f"""
SELECT {_SHOWN} FROM (
    SELECT device_id, min(CASE WHEN text = :text AND kind = 0 THEN -1 ELSE kind END) AS kind, released FROM search_key
    WHERE text >= :text AND text < :high
    GROUP BY device_id, released ORDER BY 2, 3 DESC, 1 DESC LIMIT {{limit}}
) best JOIN device d ON d.id = best.device_id {_NAMED}
ORDER BY best.kind, best.released DESC, best.device_id DESC
"""

DETAIL = """
SELECT d.name, d.slug, m.name, c.name, d.image_url, {day}, {numbers}, d.gtin, d.quality_score, {specs},
       d.price_avg, d.price_min, d.price_max, d.price_sources, {observed},
       d.display_size_in, d.display_px_w, d.display_px_h, d.chipset, d.cpu_cores, d.ram_gb, d.storage_gb,
       d.main_camera_mp, d.battery_mah, d.weight_g, d.thickness_mm, d.os, d.has_5g
FROM device d JOIN make m ON m.id = d.make_id JOIN category c ON c.id = d.category_id
WHERE d.slug = :slug
"""

PAGE = """
SELECT d.name, d.slug, m.name, c.name, d.image_url, {day}, {numbers}, d.gtin, d.quality_score, d.price_avg
FROM (SELECT * FROM device ORDER BY released DESC, id DESC LIMIT 50) d
JOIN make m ON m.id = d.make_id JOIN category c ON c.id = d.category_id
ORDER BY d.released DESC, d.id DESC
"""

_SQLITE = {
    "day": "substr(d.release_date, 1, CASE d.release_precision WHEN 'year' THEN 4 WHEN 'month' THEN 7 ELSE 10 END)",
    "numbers": "d.model_numbers",
    "specs": "d.specs",
    "observed": "strftime('%Y-%m-%dT%H:%M:%SZ', d.price_observed_at)",
}
_POSTGRESQL = {
    "day": "left(d.release_date::text, CASE d.release_precision WHEN 'year' THEN 4 WHEN 'month' THEN 7 ELSE 10 END)",
    "numbers": "d.model_numbers::text",
    "specs": "d.specs::text",
    "observed": """to_char(d.price_observed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')""",
}


@dataclass(frozen=True, slots=True)
class Statements:
    """All statements, in the words of one database."""

    makes: str
    head: str  # with {limit}: as a parameter PostgreSQL would take it for a tenth of the table
    range: str
    range_of_make: str
    detail: str
    total: str
    page: str


def for_sqlite() -> Statements:
    """Parameters as `:name`."""
    return _statements(_SQLITE)


def for_postgresql() -> Statements:
    """Parameters as `%(name)s`."""
    found = _statements(_POSTGRESQL)
    named = {each.name: re.sub(r"(?<![:\w\"])[:](\w+)", r"%(\1)s", getattr(found, each.name)) for each in fields(found)}
    return Statements(**named)


def _statements(words: dict[str, str]) -> Statements:
    return Statements(
        makes="SELECT id, search_name FROM make",
        head=HEAD,
        range=RANGE,
        range_of_make=RANGE.replace("WHERE", "WHERE make_id = :make_id AND"),
        detail=DETAIL.format(**words),
        total="SELECT sum(devices) FROM device_count",
        page=PAGE.format(**words),
    )
