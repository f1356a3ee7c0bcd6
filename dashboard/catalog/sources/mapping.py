"""Which column of a file becomes which fact of a device."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from dashboard.catalog.normalise import clean_text, search_text, split_unit

# Targets a column may have, besides "spec:<Label>", "name_suffix:<Label>", "price:<currency>" and "" for
# none.
FIELDS = ("make", "name", "model_numbers", "category", "release_date", "gtin", "image_url", "price")

# Folded column names of each field, the surest first: where a file has several, the first takes the field.
_SYNONYMS: Mapping[str, str] = {
    "make": "make manufacturer maker brand company companyname vendor makename brandname marke hersteller",
    "name": "name devicename modelname productname device model title product description",
    "model_numbers": "modelnumbers modelnumber modelno modelcode modelcodes models model mpn partnumber",
    "category": "category formfactor devicetype producttype type kind",
    "release_date": "releasedate released release announced launchdate launched launchedyear launchyear year",
    "gtin": "gtin gtin13 ean ean13 upc barcode gtinupc eancode upccode",
    "image_url": "imageurl image imageuri picture pictureurl photo photourl thumbnail img",
    "price": "price msrp listprice retailprice rrp",
}
_PRICED = {"priceusd": "USD", "avgpriceusd": "USD", "priceeur": "EUR", "pricegbp": "GBP"} | {
    "launchedpriceusa": "USD",
    "msrpusd": "USD",
}
# Columns that number, link or count rows and say nothing about a device.
# fmt: off
_NO_FACT = frozenset((
    "id", "index", "row", "no", "slug", "url", "link", "createdat", "updatedat", "installbase",
    "userperceivedanrrate", "userperceivedcrashrate", "excessivebatteryusagewatchface",
))
# fmt: on
_SPEC_LABELS: Mapping[str, str] = {
    "batterycapacity": "Battery (mAh)",
    "batterymah": "Battery (mAh)",
    "weightg": "Weight (g)",
    "ramgb": "RAM (GB)",
    "storagegb": "Storage (GB)",
    "displaysizein": "Display size (in)",
    "screensizein": "Display size (in)",
    "thicknessmm": "Thickness (mm)",
}


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a file leaves out and all its rows share, and the day on which it is read (bounds release dates).

    `make_from_name` takes the first word or words of the name as make where no column gives one.
    """

    today: date
    make: str = ""
    category: str = ""
    make_from_name: bool = False


@dataclass(frozen=True, slots=True)
class Preset:
    """A mapping kept under a name, for one kind of file, with what such files leave out."""

    key: str
    label: str
    mapping: Mapping[str, str]
    make: str = ""
    category: str = ""
    make_from_name: bool = False

    def fits(self, columns: Sequence[str]) -> bool:
        """Whether every column that the preset reads is there."""
        return {column for column, target in self.mapping.items() if target} <= set(columns)

    def defaults(self, today: date) -> Defaults:
        return Defaults(today, self.make, self.category, self.make_from_name)


PLAY_CATALOGUE = Preset(
    key="play-catalogue",
    label="Google Play device catalogue (CSV)",
    mapping=MappingProxyType(
        {
            "Brand": "spec:Brand",
            "Device": "spec:Code name",
            "Manufacturer": "make",
            "Model Name": "name",
            "RAM (TotalMem)": "spec:RAM (TotalMem)",
            "Form Factor": "category",
            "System on Chip": "spec:System on Chip",
            "GPU": "spec:GPU",
            "Screen Sizes": "spec:Screen resolution",
            "Screen Densities": "spec:Screen density (dpi)",
            "ABIs": "spec:ABIs",
            "Android SDK Versions": "spec:Android SDK versions",
            "OpenGL ES Versions": "spec:OpenGL ES versions",
        }
    ),
)
PHONE_SPECS = Preset(
    key="phone-specs",
    label="Phone specifications, 1997 to 2024 (CSV)",
    category="Smartphones",
    mapping=MappingProxyType(
        {
            "name": "name",
            "brand": "make",
            "2G": "spec:2G",
            "3G": "spec:3G",
            "4G": "spec:4G",
            "5G": "spec:5G",
            "Announced": "release_date",
            "Status": "spec:Status",
            "Weight": "spec:Weight (g)",
            "Length": "spec:Height (mm)",
            "Width": "spec:Width (mm)",
            # The source calls it so; its values are how thick the phones are.
            "Diameter": "spec:Thickness (mm)",
            "SIM": "spec:SIM",
            "Display Type": "spec:Display type",
            "Display Size": "spec:Display size (in)",
            "ppi": "spec:Pixel density (ppi)",
            "body ratio": "spec:Screen-to-body ratio (%)",
            "OS": "spec:OS",
            "battery_capacity": "spec:Battery (mAh)",
            "Price": "price",
            "CPU": "spec:CPU cores (cores)",
            "ratio": "spec:Aspect ratio",
            "pixel": "spec:Pixels in all (px)",
            "WLAN": "spec:WLAN",
            "Colors": "spec:Colours",
            "Sensors": "spec:Sensors",
            "Bluetooth": "spec:Bluetooth",
            "GPU": "spec:GPU",
            "Loudspeaker": "spec:Loudspeaker",
            "3.5mm jack": "spec:3.5 mm jack",
            "Chipset": "spec:Chipset",
            "Network": "spec:Bands and speed",
            "Card slot": "spec:Card slot",
            "Storage": "spec:Storage",
            "RAM": "spec:RAM",
        }
    ),
)
PC_PROCESSORS = Preset(
    key="pc-processors",
    label="PC processors (JSON)",
    category="Processors",
    make_from_name=True,
    mapping=MappingProxyType(
        {
            "name": "name",
            "price": "price:USD",
            "core_count": "spec:CPU cores (cores)",
            "core_clock": "spec:Base clock (GHz)",
            "boost_clock": "spec:Boost clock (GHz)",
            "microarchitecture": "spec:Microarchitecture",
            "tdp": "spec:Thermal design power (W)",
            "graphics": "spec:Integrated graphics",
        }
    ),
)
PC_VIDEO_CARDS = Preset(
    key="pc-video-cards",
    label="PC graphics cards (JSON)",
    category="Graphics Cards",
    make_from_name=True,
    mapping=MappingProxyType(
        {
            "name": "name",
            "price": "price:USD",
            # "Gigabyte GAMING OC" is a series of 70 cards: only with chip and memory it is one of them.
            "chipset": "name_suffix:Chipset",
            "memory": "name_suffix:Graphics memory (GB)",
            "core_clock": "spec:Core clock (MHz)",
            "boost_clock": "spec:Boost clock (MHz)",
            "color": "spec:Colour",
            "length": "spec:Length (mm)",
        }
    ),
)
PRESETS: Mapping[str, Preset] = MappingProxyType(
    {preset.key: preset for preset in (PLAY_CATALOGUE, PHONE_SPECS, PC_PROCESSORS, PC_VIDEO_CARDS)}
)


def find_preset(columns: Sequence[str]) -> Preset | None:
    """The preset that knows most of the columns, among those whose columns are all there."""
    fitting = [preset for preset in PRESETS.values() if preset.fits(columns)]
    return max(fitting, key=lambda preset: len(preset.mapping), default=None)


def suggest_mapping(columns: Sequence[str]) -> dict[str, str]:
    """A target for every column: a field, "price:USD", "spec:<Label>", or "" for columns that state
    nothing.

    A file of a known kind gets its preset's mapping; else names are compared with synonyms, each field is
    given once, and what is left becomes a spec under the column's own name.
    """
    preset = find_preset(columns)
    if preset:
        return {column: preset.mapping.get(column, "") for column in columns}
    fields = _fields(columns)
    mapping: dict[str, str] = {}
    taken: set[str] = set()
    for column in columns:
        target = fields.get(column) or _spec_target(column)
        # Two columns that mean one spec both stay, the second under its own name.
        if target and _label_key(target) in taken:
            target = f"spec:{column}"
        while target and _label_key(target) in taken:
            target += " again"
        taken.add(_label_key(target))
        mapping[column] = target
    return mapping


def _label_key(target: str) -> str:
    return split_unit(target)[0].casefold()


def _fields(columns: Sequence[str]) -> dict[str, str]:
    by_fold: dict[str, str] = {}
    for column in columns:
        by_fold.setdefault(search_text(column), column)
    mapping: dict[str, str] = {}
    for target, synonyms in _SYNONYMS.items():
        for synonym in synonyms.split():
            column = by_fold.get(synonym)
            if column is not None and column not in mapping:
                mapping[column] = target
                break
    priced = [(column, _PRICED[fold]) for fold, column in by_fold.items() if fold in _PRICED]
    if priced and "price" not in mapping.values():
        mapping[priced[0][0]] = f"price:{priced[0][1]}"
    return mapping


def _spec_target(column: str) -> str:
    folded = search_text(column)
    if not folded or folded in _NO_FACT or folded.startswith("unnamed") or _is_numbered(folded):
        return ""
    if folded in _SPEC_LABELS:
        return f"spec:{_SPEC_LABELS[folded]}"
    label = clean_text(column.removeprefix("specs.").replace("_", " "))
    return f"spec:{label[:1].upper()}{label[1:]}"


def _is_numbered(folded: str) -> bool:
    """Whether it is the name that a nameless column was given."""
    return folded.startswith("column") and folded[6:].isdigit()
