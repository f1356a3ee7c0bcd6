"""The phone list of mobile-phone-recommendation-system: years and specs, by storage variant, to be read with doubt."""

import csv
import io
import re
from collections import Counter
from typing import TypedDict, cast

from tools.build_catalogue.device import Catalogue, Device, entry, set_spec
from tools.build_catalogue.names import RULES, Row, category_of, norm, split_make, tidy
from tools.build_catalogue.packages import PHONES, capacity, refused_rows


class Reading(TypedDict):
    """One measured column of the phone list."""

    column: str
    unit: str
    range: tuple[float, float]


READINGS = cast(dict[str, Reading], RULES["reading"])
CHIPSETS = [(str(row["pattern"]), int(str(row["year"]))) for row in cast(list[dict[str, object]], RULES["chipset"])]
PHONE_MAKES = {"POCO": "Xiaomi", "Poco": "Xiaomi", "iQOO": "Vivo"}


def add_phones(catalogue: Catalogue, text: str) -> Counter[str]:
    """Add the year and the specs of the phone list where its variants agree and its values are plausible."""
    dropped: Counter[str] = Counter()
    refused = refused_rows()
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in csv.DictReader(io.StringIO(text)):
        company = row["Company Name"]
        model = re.sub(r"\s+\d+\s?[GT]B\b.*", "", row["Model Name"]).strip()
        model = f"POCO {model}" if company.lower() == "poco" else f"iQOO {model}" if company == "iQOO" else model
        make, name = split_make(PHONE_MAKES.get(company, company), tidy(model))
        if make == "Apple" or (make, norm(name)) in refused:
            dropped["typed instead" if make == "Apple" else "not a product"] += 1
            continue
        # The list leaves the 5G out of names like Galaxy A54 5G.
        if (make, norm(name)) not in catalogue and (make, norm(f"{name} 5G")) in catalogue:
            name = f"{name} 5G"
        groups.setdefault((make, name), []).append(row)
    for (make, name), rows in groups.items():
        device = entry(catalogue, make, name, PHONES)
        device.category = device.category or category_of(make, name)
        dropped += merge_phone(device, rows)
    return dropped


def merge_phone(device: Device, rows: list[Row]) -> Counter[str]:
    """Merge the storage variants of one phone into ``device``; return what was refused."""
    refused: Counter[str] = Counter()
    year = min(int(row["Launched Year"]) for row in rows)
    if not device.release_date and 2010 <= year <= 2025:
        device.release_date = str(year)
        device.sources["release_date"] = PHONES
    for label, reading in READINGS.items():
        found = [re.search(r"\d+(\.\d+)?", row[reading["column"]].replace(",", "")) for row in rows]
        values = sorted({float(number[0]) for number in found if number})
        low, high = reading["range"]
        texts = [f"{value:g} {reading['unit']}" for value in values]
        if not values or values[0] < low or values[-1] > high:
            refused[f"{label} absurd"] += 1
        elif len(values) == 1 or label == "RAM":
            set_spec(device, label if len(values) == 1 else "RAM options", ", ".join(texts), PHONES)
        else:
            refused[f"{label} differs between variants"] += 1
    sizes = {size[1] + " " + size[2] for row in rows if (size := re.search(r"(\d+)\s?([GT]B)", row["Model Name"]))}
    set_spec(
        device, "Storage" if len(sizes) == 1 else "Storage options", ", ".join(sorted(sizes, key=capacity)), PHONES
    )
    chipsets = {row["Processor"].strip() for row in rows}
    if len(chipsets) == 1 and not any(re.search(p, min(chipsets)) and year < since for p, since in CHIPSETS):
        set_spec(device, "Chipset", chipset_name(chipsets.pop()), PHONES)
    else:
        refused["chipset differs or is newer than the phone"] += 1
    set_spec(device, "5G", "Yes" if re.search(r"\b5G\b", device.name) else "", PHONES)
    return refused


def chipset_name(chipset: str) -> str:
    """Return a chipset under the name it is sold by: "Snapdragon 8 Gen 3", "MediaTek Helio G99"."""
    return re.sub(r"^(?=Dimensity|Helio)", "MediaTek ", chipset.removeprefix("Qualcomm ").removeprefix("Samsung "))
