"""Import files of any origin are read safely, and their rows become devices or are refused with a reason."""

import gzip
import io
import json
import os
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pytest

from dashboard.catalog.sources import (
    PRESETS,
    Defaults,
    MappedDevice,
    ReadLimits,
    Refusal,
    RowProblem,
    SourceError,
    SourceRow,
    check_mapping,
    find_preset,
    map_row,
    open_rows,
    parse_price,
    suggest_mapping,
)

TODAY = date(2026, 11, 21)
SHARED = Path(os.environ.get("TRADECOUNTER_SHARED") or Path(__file__).parents[3] / "shared") / "data"
TABLE = "make,name\nApple,iPhone 16\nSamsung,Galaxy S25\n"

Write = Callable[[str, bytes | str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(name: str, content: bytes | str) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file


def zipped(**files: bytes | str) -> bytes:
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stored.getvalue()


def names(path: Path, column: str = "name") -> list[str]:
    return [row.values[column] for row in open_rows(path) if isinstance(row, SourceRow)]


def test_rows_are_numbered_as_a_spreadsheet_shows_them(write: Write) -> None:
    source = open_rows(write("devices.csv", TABLE))
    assert (source.format, source.columns, source.row_count) == ("csv", ["make", "name"], 2)
    assert list(source) == [
        SourceRow(2, {"make": "Apple", "name": "iPhone 16"}),
        SourceRow(3, {"make": "Samsung", "name": "Galaxy S25"}),
    ]
    assert list(source) == list(source)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(write: Write, delimiter: str) -> None:
    path = write("devices.csv", TABLE.replace(",", delimiter))
    assert open_rows(path).delimiter == delimiter
    assert names(path) == ["iPhone 16", "Galaxy S25"]


def test_a_line_that_tells_the_delimiter_is_no_header(write: Write) -> None:
    assert names(write("devices.csv", "sep=^\nmake^name\nApple^iPhone 16\n")) == ["iPhone 16"]


@pytest.mark.parametrize(
    ("codec", "taken"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("cp1252", "cp1252"),
        ("latin-1", "cp1252"),
    ],
)
def test_the_encoding_is_found_and_said(write: Write, codec: str, taken: str) -> None:
    source = open_rows(write("devices.csv", "make,name\nArçelik,Größe\n".encode(codec)))
    assert source.encoding == taken
    assert source.encoding_note
    assert [row.values for row in source if isinstance(row, SourceRow)] == [{"make": "Arçelik", "name": "Größe"}]


def test_bytes_that_windows_does_not_know_are_read_as_latin_1(write: Write) -> None:
    assert open_rows(write("devices.csv", b"make,name\nA\x81,B\xe9\n")).encoding == "latin-1"


def test_a_letter_cut_by_the_reading_buffer_is_still_utf_8(write: Write) -> None:
    before = "name\n" + "x\n" * (128 * 1024 - 3)
    assert len(before) == 256 * 1024 - 1
    assert open_rows(write("devices.csv", f"{before}é\n")).encoding == "utf-8"


@pytest.mark.parametrize("packing", ["gzip", "zip"])
@pytest.mark.parametrize("content", [TABLE, json.dumps([{"make": "A", "name": "iPhone 16"}, {"name": "Galaxy S25"}])])
def test_packed_files_are_read(write: Write, packing: str, content: str) -> None:
    data = gzip.compress(content.encode()) if packing == "gzip" else zipped(**{"inside": content, "__MACOSX/x": "y"})
    path = write("devices.bin", data)
    assert open_rows(path).packing == packing
    assert names(path) == ["iPhone 16", "Galaxy S25"]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.csv", b"", "empty"),
        ("a.csv", b" \r\n \n", "empty"),
        ("a.csv", b"1,2\n3,4\n", "no column names"),
        ("a.csv", b"make,name\n", "no rows"),
        ("a.csv", b"Name,make,name \nx,y,z\n", '"name" appears twice'),
        ("a.csv", b"make,name\nA\0B,c\n", "NUL bytes.*byte 12"),
        ("a.csv", "make,name\nA,B\n".encode("utf-16-le"), "NUL bytes"),
        ("a.csv", "make,name\nA,B\n".encode("utf-32"), "UTF-32"),
        ("a.csv", "make,name\nA\0,B\n".encode("utf-16"), "NUL characters"),
        ("a.csv", b"\xff\xfea", "says it is UTF-16 but is not"),
        ("a.csv", b'make,name\n"A,' + b"x" * 200_000, "never closed"),
        ("a.txt", b"[", "broken at line 1, column 2"),
        ("a.json", b'[{"name":"A"},\n {"name":}]', "broken at line 2, column 10"),
        ("a.json", b'[{"name":"A"} {"name":"B"}]', "column 15: expected a comma"),
        ("a.json", b'[{"name":"A"}] x', "more after the array"),
        ("a.json", b'[{"name":"A","name":"B"}]', 'key "name" twice'),
        ("a.json", b"[]", "no rows"),
        ("a.json", b'{\n "name": "A"\n}', "line 1.*array of objects, or one a line"),
        ("a.json", b"[" * 200_000, "deeper than 4 levels"),
        ("a.json", b'[{"a":{"b":{"c":{"d":{"e":1}}}}}]', "deeper than 4 levels"),
        ("a.gz", gzip.compress(TABLE.encode())[:-9], "damaged"),
        ("a.gz", gzip.compress(gzip.compress(TABLE.encode())), "packed twice"),
        ("a.zip", zipped(one=TABLE, two=TABLE), "holds 2 files"),
        ("a.zip", zipped(), "holds 0 files"),
        ("a.zip", zipped(**{"[Content_Types].xml": "x", "xl/a.xml": "y"}), "Excel workbook"),
        ("a.zip", zipped(one=TABLE)[:60], "damaged"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1", "Excel workbook"),
    ],
    ids=lambda value: "content" if isinstance(value, bytes) else str(value),  # packed bytes hold the time
)
def test_a_file_that_is_no_table_is_refused_with_the_reason(
    write: Write, name: str, content: bytes, reason: str
) -> None:
    with pytest.raises(SourceError, match=reason):
        open_rows(write(name, content))


def test_a_file_is_refused_above_the_limit_packed_or_not(write: Write) -> None:
    limits = ReadLimits(max_bytes=10_000)
    plain = TABLE + "Apple,iPhone\n" * 1000
    with pytest.raises(SourceError, match="larger than"):
        open_rows(write("a.csv", plain), limits=limits)
    with pytest.raises(SourceError, match="holds more than"):
        open_rows(write("a.gz", gzip.compress(plain.encode())), limits=limits)
    with pytest.raises(SourceError, match="holds more than"):
        open_rows(write("a.zip", zipped(inside=plain)), limits=limits)


@pytest.mark.parametrize("packing", ["gzip", "zip"])
def test_a_bomb_is_refused_while_it_is_unpacked_and_takes_no_memory(write: Write, packing: str) -> None:
    bomb = b"make,name\n" + b"\n" * 30_000_000
    path = write("bomb", gzip.compress(bomb) if packing == "gzip" else zipped(inside=bomb))
    del bomb
    tracemalloc.start()
    try:
        with pytest.raises(SourceError, match="more than 200 times its size"):
            open_rows(path)
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


def test_a_line_without_end_is_not_drawn_into_memory(write: Write) -> None:
    with pytest.raises(SourceError, match="longer than 1,000 characters"):
        open_rows(write("a.csv", "name\n" + "x" * 5000), limits=ReadLimits(max_record=1000))


def test_reading_takes_the_same_memory_for_few_rows_and_for_many(write: Write) -> None:
    rows = ",".join(json.dumps({"name": f"Device {n}", "note": "x" * 500}) for n in range(20_000))
    path = write("many.json", f"[{rows}]")
    tracemalloc.start()
    try:
        assert sum(1 for _ in open_rows(path)) == 20_000
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()


def test_a_row_with_too_many_cells_and_a_second_header_are_reported_and_the_rest_is_read(write: Write) -> None:
    path = write("a.csv", "make,name\nA,B,C\nD,E,,\n\nmake,name\nF\n")
    assert list(open_rows(path)) == [
        RowProblem(2, "has 3 cells, but the header has only 2"),
        SourceRow(3, {"make": "D", "name": "E"}),
        RowProblem(5, "is the header once more and was skipped"),
        SourceRow(6, {"make": "F", "name": ""}),
    ]


def test_a_column_without_name_is_numbered(write: Write) -> None:
    assert open_rows(write("a.csv", ",name\n0,x\n")).columns == ["Column 1", "name"]


def test_a_cell_may_hold_line_ends_and_a_formula_stays_text(write: Write) -> None:
    path = write("a.csv", 'make,name\n=1+1,"@SUM(A1)\nline two"\n')
    assert list(open_rows(path)) == [SourceRow(2, {"make": "=1+1", "name": "@SUM(A1)\nline two"})]


def test_json_objects_are_flattened_and_numbers_stay_as_written(write: Write) -> None:
    item = '{"name":"A","gtin":0195949770272,"specs":{"RAM":"8 GB","5G":true},"models":["X","Y",null],"n":NaN}'
    (row,) = open_rows(write("a.json", "[" + item.replace("0195949770272", "195949770272.50") + "]"))
    assert row == SourceRow(
        1, {"name": "A", "gtin": "195949770272.50", "specs.RAM": "8 GB", "specs.5G": "true", "models": "X, Y", "n": ""}
    )


def test_a_number_of_any_length_is_only_text(write: Write) -> None:
    assert names(write("a.json", '[{"name":' + "9" * 6000 + "}]")) == ["9" * 6000]


def test_json_items_that_are_no_rows_are_reported(write: Write) -> None:
    path = write("a.json", '[{"name":"A"}, 12, {"name":"B","prices":[{"usd":1}]}, {"make":"C"}]')
    source = open_rows(path)
    assert source.columns == ["name", "make"]
    assert [row.message for row in source if isinstance(row, RowProblem)] == [
        "is not an object",
        'has a list of lists or objects under "prices"',
    ]


def test_one_object_a_line_is_numbered_by_line(write: Write) -> None:
    source = open_rows(write("a.json", '{"name":"A"}\n\n{"name":"B"}\n{"name":"C","name":"D"}\n'))
    assert source.format == "json-lines"
    assert list(source) == [
        SourceRow(1, {"name": "A"}),
        SourceRow(3, {"name": "B"}),
        RowProblem(4, 'has the key "name" twice'),
    ]


def test_an_array_is_read_whole_wherever_the_buffer_ends(write: Write) -> None:
    items = [{"name": f"é{'x' * (n % 300)}", "n": str(n)} for n in range(3000)]
    path = write("a.json", json.dumps(items, ensure_ascii=False, indent=1))
    assert [row.values for row in open_rows(path) if isinstance(row, SourceRow)] == items


def test_a_number_cut_by_the_reading_buffer_stays_one(write: Write) -> None:
    source = open_rows(write("a.json", "[" + " " * (64 * 1024 - 3) + '12345, {"name":"A"}]'))
    assert list(source) == [RowProblem(1, "is not an object"), SourceRow(2, {"name": "A"})]


def test_a_file_of_empty_lines_is_given_up_soon(write: Write) -> None:
    limits = ReadLimits(max_blank_lines=50)
    for name, start in (("a.csv", "make,name\nA,B\n"), ("a.json", '{"name":"A"}\n')):
        with pytest.raises(SourceError, match="More than 50 empty lines"):
            open_rows(write(name, start + "\n" * 51), limits=limits)
        assert open_rows(write(name, start + "\n" * 50), limits=limits).row_count == 1


def test_a_column_is_never_suggested_for_two_fields() -> None:
    assert suggest_mapping(["make", "Model"]) == {"make": "make", "Model": "name"}


def test_columns_are_suggested_by_their_names() -> None:
    columns = ["id", "Brand", "Manufacturer", "Device Name", "Model", "EAN", "Released", "battery_mah", "price_usd"]
    assert suggest_mapping([*columns, "Hinge", "Battery Capacity"]) == {
        "id": "",
        "Brand": "spec:Brand",
        "Manufacturer": "make",
        "Device Name": "name",
        "Model": "model_numbers",
        "EAN": "gtin",
        "Released": "release_date",
        "battery_mah": "spec:Battery (mAh)",
        "price_usd": "price:USD",
        "Hinge": "spec:Hinge",
        "Battery Capacity": "spec:Battery Capacity",
    }


def test_every_suggestion_and_preset_can_be_used() -> None:
    for preset in PRESETS.values():
        assert check_mapping(preset.mapping) == []
        assert find_preset(list(preset.mapping)) is preset
    columns = ["Display_Size", "Display Size", "display size", "name", "device"]
    assert check_mapping(suggest_mapping(columns)) == []


def test_a_mapping_that_cannot_be_used_is_explained() -> None:
    wrong = check_mapping({"a": "make", "b": "make", "c": "nonsense", "d": "price:XXX", "e": "spec:X", "f": "spec:X"})
    assert len(wrong) == 5


def row_of(**values: str) -> SourceRow:
    return SourceRow(2, values)


def mapped(mapping: Mapping[str, str], *, defaults: Defaults | None = None, **values: str) -> MappedDevice:
    device = map_row(row_of(**values), mapping, defaults or Defaults(TODAY))
    assert isinstance(device, MappedDevice)
    return device


def test_a_row_becomes_a_device() -> None:
    values = {
        "make": "Apple",
        "name": "iPhone 16 Pro Max",
        "category": "Phone",
        "released": "2024-09-20",
        "model numbers": "A3089, A3290",
        "ean": "0195949770272",
        "image": "https://example.org/a.jpg",
        "price": "$1,199.00",
        "RAM": "8 GB",
        "weight_g": "227.0",
        "hinge": "N/A",
    }
    device = map_row(SourceRow(2, values), suggest_mapping(list(values)), Defaults(TODAY))
    assert device == MappedDevice(
        make="Apple",
        name="iPhone 16 Pro Max",
        category="Smartphones",
        release_date=date(2024, 9, 20),
        release_precision="day",
        model_numbers=["A3089", "A3290"],
        gtin="0195949770272",
        image_url="https://example.org/a.jpg",
        specs={"RAM": "8 GB", "Weight": "227 g"},
        normalized={"ram_gb": 8.0, "weight_g": 227.0},
        price=119900,
        currency="USD",
        problems=[],
    )


def test_what_cannot_be_used_is_left_out_and_named() -> None:
    targets = ("make", "name", "category", "release_date", "gtin", "image_url", "price", "spec:RAM")
    columns = ("make", "name", "category", "released", "ean", "image", "price", "ram")
    mapping: dict[str, str] = dict(zip(columns, targets, strict=True))
    device = mapped(
        mapping,
        make="X",
        name="Y",
        category="Drone",
        released="03/04/2024",
        ean="1.95949E+11",
        image="javascript://example.org/%0aalert(1)",
        price="100.0",
        ram="251803 MB",
    )
    assert (device.release_date, device.gtin, device.image_url, device.price) == (None, None, "", None)
    assert device.category == "Drone"
    assert device.normalized == {}
    assert device.specs == {"RAM": "251803 MB"}
    assert {problem.field for problem in device.problems} == {"release_date", "gtin", "image_url", "price", "ram_gb"}


@pytest.mark.parametrize("name", ["", " ", "tbd", "N/A", "---", "\x00", "x" * 201])
def test_a_row_without_a_name_to_show_is_refused(name: str) -> None:
    refusal = map_row(row_of(make="A", name=name), {"make": "make", "name": "name"}, Defaults(TODAY))
    assert isinstance(refusal, Refusal)
    assert "name" in refusal.reason


def test_a_make_may_come_from_the_defaults_or_from_the_name() -> None:
    mapping = {"name": "name"}
    assert map_row(row_of(name="B"), mapping, Defaults(TODAY)) == Refusal("has no make")
    assert mapped(mapping, defaults=Defaults(TODAY, make="nokia"), name="3310").make == "Nokia"
    assert mapped(mapping, defaults=Defaults(TODAY, make_from_name=True), name="AMD Ryzen 5").make == "AMD"


@pytest.mark.parametrize(
    ("form_factor", "category"),
    [
        ("Phone", "Smartphones"),
        ("Tablet", "Tablets"),
        ("Wearable", "Smartwatches"),
        ("TV", "Smart TVs"),
        ("Android Automotive", "Car Displays"),
        ("Car", "Car Displays"),
        ("Chromebook", "Laptops"),
        ("", "Other"),
    ],
)
def test_form_factors_are_our_categories(form_factor: str, category: str) -> None:
    mapping = {"make": "make", "name": "name", "form": "category"}
    assert mapped(mapping, make="A", name="B", form=form_factor).category == category


def test_a_file_of_phones_may_hold_tablets_and_watches() -> None:
    phones = Defaults(TODAY, category="Smartphones")
    mapping = {"make": "make", "name": "name"}
    found = [mapped(mapping, defaults=phones, make="A", name=n).category for n in ("galaxy tab s9", "watch 3", "p30")]
    assert found == ["Tablets", "Smartwatches", "Smartphones"]


def test_a_name_that_says_5g_is_evidence_and_one_that_does_not_is_none() -> None:
    mapping = {"make": "make", "name": "name", "form": "category"}
    assert mapped(mapping, make="A", name="A16 5G", form="Phone").normalized == {"has_5g": True}
    assert mapped(mapping, make="A", name="A16", form="Phone").normalized == {}
    assert mapped(mapping, make="A", name="Box 5G WiFi", form="TV").normalized == {}


def test_what_sets_cards_of_one_series_apart_goes_into_the_name_once() -> None:
    mapping = dict(PRESETS["pc-video-cards"].mapping)
    defaults = PRESETS["pc-video-cards"].defaults(TODAY)
    card = mapped(mapping, defaults=defaults, name="Sapphire PULSE", chipset="Radeon RX 9060 XT", memory="16")
    assert card.name == "Sapphire PULSE (Radeon RX 9060 XT, 16 GB)"
    assert card.specs == {"Chipset": "Radeon RX 9060 XT", "Graphics memory": "16 GB"}
    named = mapped(mapping, defaults=defaults, name="MSI Ventus", chipset="GeForce RTX 3060 12GB", memory="12")
    assert named.name == "MSI Ventus (GeForce RTX 3060 12GB)"


@pytest.mark.parametrize("cell", ["=HYPERLINK(1)", "+1", "-1+1", "@SUM(A1)"])
def test_a_formula_is_a_text_like_any_other(cell: str) -> None:
    device = mapped({"make": "make", "name": "name", "x": "spec:Note"}, make="A", name="B", x=cell)
    assert device.specs == {"Note": cell}


@pytest.mark.parametrize(
    ("text", "currency", "price"),
    [
        ("451.5", "USD", (45150, "USD")),
        ("$1,199", "", (119900, "USD")),
        ("USD 799", "", (79900, "USD")),
        ("799 EUR", "USD", (79900, "EUR")),
        ("1.299,00 €", "", (129900, "EUR")),
        ("INR 1,04,999", "", (10499900, "INR")),
        ("JPY 99,800", "", (99800, "JPY")),
        ("N/A", "", None),
    ],
)
def test_prices_become_minor_units(text: str, currency: str, price: tuple[int, str] | None) -> None:
    assert parse_price(text, currency) == price


@pytest.mark.parametrize("text", ["100", "0 USD", "2,000,000 USD", "XYZ 5", "free", "-5 USD", "1,2 3 USD"])
def test_a_price_that_is_doubtful_is_not_taken(text: str) -> None:
    with pytest.raises(ValueError, match=r"currency|outside|is not a price"):
        parse_price(text)


@pytest.mark.parametrize(
    ("file", "preset", "rows", "refused"),
    [
        ("devices/play-catalogue-2025-12.csv", "play-catalogue", 24_668, {"has no name": 66}),
        ("devices/phone-specs-1997-2024.csv", "phone-specs", 4_698, {}),
        ("parts/cpu.json", "pc-processors", 1_413, {}),
        ("parts/video-card.json", "pc-video-cards", 6_636, {}),
    ],
)
def test_every_row_of_the_real_files_is_a_device_or_refused_with_a_reason(
    file: str, preset: str, rows: int, refused: dict[str, int]
) -> None:
    path = SHARED / file
    if not path.exists():
        pytest.skip(f"{file} is not here; TRADECOUNTER_SHARED names the folder that holds data/")
    source = open_rows(path)
    found = find_preset(source.columns)
    assert found is PRESETS[preset]
    mapping, defaults = suggest_mapping(source.columns), PRESETS[preset].defaults(TODAY)
    devices = 0
    reasons: dict[str, int] = {}
    for row in source:
        assert isinstance(row, SourceRow)
        outcome = map_row(row, mapping, defaults)
        if isinstance(outcome, Refusal):
            reasons[outcome.reason] = reasons.get(outcome.reason, 0) + 1
        else:
            devices += 1
            assert outcome.make
            assert outcome.normalized
            assert all(problem.reason for problem in outcome.problems)
    assert reasons == refused
    assert devices + sum(refused.values()) == rows == source.row_count
