"""Names, codes, specs and dates of any source come into one form."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.catalog.normalise import (
    FIELD_BY_KEY,
    SPEC_FIELDS,
    NormalizedSpecs,
    SpecError,
    clean_gtin,
    clean_model_numbers,
    clean_text,
    format_spec,
    gtin_is_valid,
    make_name,
    merge_key,
    normalise_specs,
    parse_release_date,
    parse_spec,
    search_text,
    slugify,
    split_make,
    tidy_name,
    words,
)

TODAY = date(2026, 11, 21)
anything = settings(max_examples=200, deadline=None, database=None)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("SM-S938", "sms938"),
        ("Galaxy S25 U", "galaxys25u"),
        ("S25+", "s25plus"),
        ("S25\uff0b", "s25plus"),
        ("Ünï Straße", "unistrasse"),
        ("Łódź", "lodz"),
        ("Verge™", "verge"),
        ("a\0b\x01c\u200ed", "abcd"),
        ("華為 9e", "華為9e"),
        ("\ud800", ""),
        ("", ""),
    ],
)
def test_search_text_keeps_folded_letters_and_digits_alone(text: str, folded: str) -> None:
    assert search_text(text) == folded


def test_words_split_at_punctuation_and_white_space_but_not_at_control_characters() -> None:
    assert words("Galaxy_S25+ (5G)\tNew\x00s") == ["galaxy", "s25", "plus", "5g", "news"]
    assert words("Gal\u200eaxy\u3000S25") == ["galaxy", "s25"]


@anything
@given(st.text(alphabet=st.characters()))
def test_folding_never_raises_and_is_stable(text: str) -> None:
    folded = search_text(text)
    assert folded == "".join(words(text))
    assert folded.isalnum() or not folded
    assert search_text(folded) == folded
    assert clean_text(clean_text(text)) == clean_text(text)
    slugify(text).encode("ascii")


def test_an_ascii_text_folds_the_same_beside_letters_of_another_script() -> None:
    assert words("Galaxy S25+\x00 \x1f5G 華") == [*words("Galaxy S25+\x00 \x1f5G"), "華"]


def test_clean_text_is_one_line_without_what_cannot_be_seen_or_stored() -> None:
    assert clean_text(" Find\u3000X5\n\x00Pro\u200b \ud83d ") == "Find X5 Pro"


@pytest.mark.parametrize(
    ("text", "slug"),
    [("iPhone 16 Pro Max", "iphone-16-pro-max"), ("Galaxy S25+", "galaxy-s25-plus"), ("...", "")],
)
def test_a_slug_is_ascii_kebab_case(text: str, slug: str) -> None:
    assert slugify(text) == slug


def test_names_that_differ_only_outside_ascii_keep_two_slugs() -> None:
    first, second = slugify("华为畅享 9e"), slugify("荣耀畅玩 9e")
    assert first.startswith("9e-")
    assert first != second
    assert slugify("拯救者")


def test_a_slug_is_cut_between_words_and_stays_unique() -> None:
    long, longer = slugify("word " * 60), slugify("word " * 61)
    assert len(long) <= 100
    assert long != longer


def test_one_device_has_one_merge_key_however_it_is_written() -> None:
    written = [
        ("Samsung", "Samsung Galaxy S25+"),
        ("samsung", "galaxy s25 plus"),
        ("SAMSUNG", "Galaxy S25+ Dual SIM"),
        ("Samsung Electronics", "Galaxy-S25 Plus (Unlocked)"),
    ]
    assert {merge_key(make, name) for make, name in written} == {"samsung:galaxys25plus"}


def test_a_line_of_a_house_is_one_device_under_both_makes_and_no_other() -> None:
    assert merge_key("Redmi", "Redmi 12") == merge_key("xiaomi", "xiaomi redmi 12") == merge_key("Redmi", "12")
    assert merge_key("Redmi", "Redmi 12") != merge_key("Xiaomi", "Xiaomi 12")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Galaxy A16", "Galaxy A16 5G"),
        ("Galaxy A16", "Galaxy A16 LTE"),
        ("1B (2020)", "1B (2022)"),
        ("P30", "P30 Lite"),
        ("A1", "A11"),
    ],
)
def test_what_can_be_another_device_keeps_another_merge_key(one: str, other: str) -> None:
    assert merge_key("Some", one) != merge_key("Some", other)


def test_a_name_that_is_its_make_keeps_a_merge_key() -> None:
    assert merge_key("Volvo", "Volvo") == "volvo:volvo"


@pytest.mark.parametrize(
    ("given_make", "name", "shown"),
    [
        ("LGE", "", "LG"),
        ("Vivo", "", "vivo"),
        ("samsung", "", "Samsung"),
        ("HANSUNGCOMPUTER", "", "HANSUNGCOMPUTER"),
        ("TCT (Alcatel)", "TCL A3", "TCL"),
        ("TCT (Alcatel)", "PIXI4", "alcatel"),
    ],
)
def test_makes_are_shown_in_their_own_spelling(given_make: str, name: str, shown: str) -> None:
    assert make_name(given_make, name) == shown


def test_a_make_can_be_told_from_a_name() -> None:
    assert split_make("MSI GeForce RTX 3060") == "MSI"
    assert split_make("Club 3D RX 580") == "Club 3D"
    assert split_make("  ") == ""


@pytest.mark.parametrize(
    ("raw", "tidy"),
    [
        ("alcatel 1b (2022)", "alcatel 1B (2022)"),
        ("apple iphone 4s", "Apple iPhone 4s"),
        ("vivo 1907", "vivo 1907"),
        ("samsung i9506 galaxy s4", "Samsung I9506 Galaxy S4"),
        ("xiaomi poco x3 pro", "Xiaomi POCO X3 Pro"),
        ("huawei nova 7i", "Huawei Nova 7i"),
        ("iPhone 16 Pro", "iPhone 16 Pro"),
        ("realme C61", "realme C61"),
        ("シンプルスマホ7", "シンプルスマホ7"),
    ],
)
def test_only_names_all_in_small_letters_are_given_capitals(raw: str, tidy: str) -> None:
    assert tidy_name(raw) == tidy


@pytest.mark.parametrize("code", ["96385074", "195949770272", "0195949770272", "4006381333931", "10012345678902"])
def test_a_gtin_of_every_length_with_the_right_check_digit_is_valid(code: str) -> None:
    assert gtin_is_valid(code)


@pytest.mark.parametrize(
    "code", ["", "0195949770273", "123", "4006381333931 ", "٤006381333931", "00000000", "40063813339310000"]
)
def test_other_codes_are_no_gtin(code: str) -> None:
    assert not gtin_is_valid(code)


def test_a_gtin_is_cleaned_of_spaces_and_hyphens_or_refused() -> None:
    assert clean_gtin(" 4-006381-333931 ") == "4006381333931"
    assert clean_gtin("4006381333932") is None


def test_model_numbers_are_split_and_none_is_kept_twice() -> None:
    text = "A3089, A3290/A3291;\nSM-G960F/DS | MYNF3LL/A, a3089, -, "
    assert clean_model_numbers(text) == ["A3089", "A3290", "A3291", "SM-G960F/DS", "MYNF3LL/A"]


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("display_size_in", "6.9 inches", 6.9),
        ("display_size_in", '6.9"', 6.9),
        ("display_size_in", "6,9″", 6.9),
        ("display_size_in", "175.3 mm", 6.9),
        ("display_size_in", "17.5 cm", 6.89),
        ("display_size_in", "6.9 inches, 115.6 cm² (~91.4% screen-to-body ratio)", 6.9),
        ("display_size_in", "5.5", 5.5),
        ("ram_gb", "8 GB", 8.0),
        ("ram_gb", "8GB", 8.0),
        ("ram_gb", "8192 MB", 8.0),
        ("ram_gb", "512MB", 0.5),
        ("ram_gb", "576MB", 0.5625),
        ("ram_gb", "3618-7825MB", 8.0),
        ("ram_gb", "4508-17179MB", 16.0),
        ("ram_gb", "2048-3840MB", 4.0),
        ("ram_gb", "4/6/8 GB", 8.0),
        ("ram_gb", "256GB 8GB RAM, 512GB 12GB RAM", 12.0),
        ("storage_gb", "256GB 8GB RAM, 512GB 12GB RAM", 512.0),
        ("storage_gb", "8GB 12GB RAM", 8.0),
        ("storage_gb", "1 TB", 1024.0),
        ("battery_mah", "5000 mAh", 5000),
        ("battery_mah", "Li-Ion 4,685 mAh, non-removable", 4685),
        ("battery_mah", "3000.0", 3000),
        ("weight_g", "227 g", 227.0),
        ("weight_g", "8.0 oz", 226.8),
        ("weight_g", "1.2 kg", 1200.0),
        ("thickness_mm", "0.32 in", 8.13),
        ("cpu_cores", "Octa-core (2x4.3 GHz)", 8),
        ("cpu_cores", "10 cores", 10),
        ("main_camera_mp", "50MP + 2MP", 50.0),
        ("main_camera_mp", "50+12+5", 50.0),
        ("has_5g", "SA/NSA/Sub6", True),
        ("has_5g", "False", False),
        ("chipset", "  Apple  A18 Pro ", "Apple A18 Pro"),
        ("weight_g", "N/A", None),
        ("os", "unknown", None),
        ("has_5g", "-", None),
    ],
)
def test_a_spec_is_read_as_people_write_it(field: str, text: str, value: object) -> None:
    read = parse_spec(field, text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("field", "text", "reason"),
    [
        ("ram_gb", "251803 MB", "more than 128 GB"),
        ("ram_gb", "900-251803MB", "more than 128 GB"),
        ("battery_mah", "8 mAh", "less than 10 mAh"),
        ("battery_mah", "18.17 Wh", "cannot be read as Battery"),
        ("weight_g", "A18 Pro", "cannot be read as Weight"),
        ("weight_g", "9" * 5000, "more than 100,000 g"),
        ("weight_g", "-5 g", "negative"),
        ("display_size_in", "175.3", "more than 130 in"),
        ("has_5g", "maybe", "neither yes nor no"),
        ("chipset", "x" * 121, "longer than 120"),
    ],
)
def test_an_absurd_or_unreadable_spec_is_refused_in_words(field: str, text: str, reason: str) -> None:
    with pytest.raises(SpecError, match=reason):
        parse_spec(field, text)


def test_memory_that_a_system_reports_is_rounded_up_to_what_was_sold() -> None:
    assert parse_spec("ram_gb", "3840 MB") == 3.75
    assert parse_spec("ram_gb", "3840 MB", reported=True) == 4.0
    with pytest.raises(SpecError, match="less than the 64 MB"):
        parse_spec("ram_gb", "0MB", reported=True)


@anything
@given(st.sampled_from([spec.key for spec in SPEC_FIELDS]), st.text(alphabet='0123456789.,-/x+ "mMgGbBtTkiInch()²″e'))
def test_a_spec_is_within_its_bounds_or_refused_whatever_is_written(field: str, text: str) -> None:
    try:
        value = parse_spec(field, text)
    except SpecError:
        return
    spec = FIELD_BY_KEY[field]
    if isinstance(value, float | int) and not isinstance(value, bool):
        assert spec.minimum is not None
        assert spec.maximum is not None
        assert spec.minimum <= value <= spec.maximum


def test_what_is_formatted_can_be_read_again() -> None:
    samples = {"number": 8.5, "integer": 100, "text": "Exynos 2400", "flag": True}
    for spec in SPEC_FIELDS:
        value = samples[spec.kind]
        assert parse_spec(spec.key, format_spec(spec, value)) == value


def test_every_example_of_the_table_can_be_read() -> None:
    for spec in SPEC_FIELDS:
        assert parse_spec(spec.key, spec.example) is not None


def test_the_table_names_every_normalised_spec_once() -> None:
    assert {spec.key for spec in SPEC_FIELDS} == set(NormalizedSpecs.__annotations__)
    assert len(FIELD_BY_KEY) == len(SPEC_FIELDS)
    assert FIELD_BY_KEY["has_5g"].api_key == "5g"


@pytest.mark.parametrize(
    ("field", "value", "written"),
    [
        ("display_size_in", 6.9, "6.9 in"),
        ("ram_gb", 8.0, "8 GB"),
        ("ram_gb", 0.5625, "576 MB"),
        ("storage_gb", 1024.0, "1 TB"),
        ("battery_mah", 5000, "5,000 mAh"),
        ("weight_g", 227.0, "227 g"),
        ("weight_g", 14200.0, "14.2 kg"),
        ("cpu_cores", 8, "8"),
        ("has_5g", False, "No"),
        ("os", "iOS 18", "iOS 18"),
        ("os", None, ""),
    ],
)
def test_a_spec_is_written_with_its_unit(field: str, value: float | str | None, written: str) -> None:
    assert format_spec(field, value) == written


def test_display_specs_are_understood_by_their_labels_and_values() -> None:
    specs, problems = normalise_specs(
        {
            "CPU": "Octa-core (2x3.2 GHz)",
            "System on Chip": "QTI SM8750",
            "Display": "6.9 inches, 1320 x 2868 pixels",
            "Internal storage": "256GB 12GB RAM",
            "RAM (TotalMem)": "11776MB",
            "Weight (oz)": "8.0",
            "battery_capacity": "5000.0",
            "Dimensions": "163 x 77.6 x 8.25 mm (6.42 x 3.06 x 0.32 in)",
            "Network": "GSM / HSPA / LTE / 5G",
            "Android SDK Versions": "34;35",
            "Back camera": "48 MP",
            "Colours": "Black",
            "Price": "N/A",
        }
    )
    assert problems == []
    assert specs == {
        "cpu_cores": 8,
        "chipset": "QTI SM8750",
        "display_size_in": 6.9,
        "display_px_w": 1320,
        "display_px_h": 2868,
        "storage_gb": 256.0,
        "ram_gb": 12.0,
        "weight_g": 226.8,
        "battery_mah": 5000,
        "thickness_mm": 8.25,
        "has_5g": True,
        "os": "Android 15",
        "main_camera_mp": 48.0,
    }


def test_a_label_that_means_one_thing_wins_over_one_that_may_mean_another() -> None:
    assert normalise_specs({"CPU": "A-series", "Chipset": "Apple A18"})[0] == {"chipset": "Apple A18"}
    assert normalise_specs({"CPU": "Snapdragon 8 Elite"})[0] == {"chipset": "Snapdragon 8 Elite"}


def test_memory_and_storage_in_one_cell_are_told_apart() -> None:
    both = {"ram_gb": 8.0, "storage_gb": 256.0}
    assert normalise_specs({"Internal": "256GB 8GB RAM"})[0] == both
    assert normalise_specs({"Memory": "256GB 8GB RAM"})[0] == both
    assert normalise_specs({"Internal": "256 GB", "Memory": "8 GB"})[0] == both


def test_of_several_resolutions_the_largest_is_taken_and_none_is_a_size() -> None:
    specs, problems = normalise_specs({"Screen Sizes": "900x1920;1440x2880"})
    assert specs == {"display_px_w": 1440, "display_px_h": 2880}
    assert problems == []


def test_a_bad_spec_is_left_out_with_its_reason_and_the_rest_stays() -> None:
    specs, problems = normalise_specs({"RAM": "251803 MB", "Weight": "heavy", "OS": "Android 15", "Screen": "OLED"})
    assert specs == {"os": "Android 15"}
    assert [(problem.field, problem.value) for problem in problems] == [
        ("ram_gb", "251803 MB"),
        ("weight_g", "heavy"),
    ]
    assert "more than 128 GB" in problems[0].reason


@pytest.mark.parametrize(
    ("text", "day", "precision"),
    [
        ("2024-09-20", date(2024, 9, 20), "day"),
        ("2024-09-20T10:00:00Z", date(2024, 9, 20), "day"),
        ("September 20, 2024", date(2024, 9, 20), "day"),
        ("Released 2024, September 20", date(2024, 9, 20), "day"),
        ("20 Sept. 2024", date(2024, 9, 20), "day"),
        ("20/09/2024", date(2024, 9, 20), "day"),
        ("20.09.2024", date(2024, 9, 20), "day"),
        ("Sep 2024", date(2024, 9, 1), "month"),
        ("2024-09", date(2024, 9, 1), "month"),
        ("2024 Q3", date(2024, 7, 1), "quarter"),
        ("2024", date(2024, 1, 1), "year"),
        ("2022.0", date(2022, 1, 1), "year"),
        ("N/A", None, None),
        ("", None, None),
    ],
)
def test_a_release_date_is_as_exact_as_it_is_written(text: str, day: date | None, precision: str | None) -> None:
    assert parse_release_date(text, TODAY) == (day, precision)


@pytest.mark.parametrize(
    "text", ["1969", "2029", "0", "2024-02-30", "2024-13-01", "03/04/2024", "soon", "Mai 2024", "20240920"]
)
def test_an_absurd_or_doubtful_date_is_refused(text: str) -> None:
    with pytest.raises(SpecError):
        parse_release_date(text, TODAY)


def test_two_years_ahead_are_still_a_release_date() -> None:
    assert parse_release_date("2028", TODAY) == (date(2028, 1, 1), "year")
