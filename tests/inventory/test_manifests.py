"""Manifests: expected, scanned, decided, received."""

import pytest

from dashboard.core import jobs
from dashboard.core.errors import Conflict, Invalid
from dashboard.inventory.imei import check_digit
from dashboard.inventory.models import Manifest
from dashboard.inventory.queries import UnitFilter, count_units, show_unit, uploads
from dashboard.inventory.queries.uploads import ManifestRow
from dashboard.inventory.service import manifests
from dashboard.inventory.service.unit_files import pasted_rows
from dashboard.inventory.service.unit_import import keep_upload
from tests.conftest import Merchants
from tests.inventory.shop import Shop, imei, open_shop


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    return open_shop(merchants.alice)


def expecting(shop: Shop, *lines: str) -> Manifest:
    manifest = manifests.open_manifest(shop.by, "Delivery 7", shop.place.code)
    rows = pasted_rows("\n".join(lines))
    keep_upload(shop.by, rows, filename="list", location_id=shop.place.id, manifest_id=manifest.id)
    return manifest


def counts(shop: Shop, manifest: Manifest) -> ManifestRow:
    return uploads.get_manifest(shop.by, manifest.id)


def problems(shop: Shop, manifest: Manifest) -> dict[int, str]:
    (upload,) = uploads.recent_uploads(shop.by, manifest.id)
    return {each.row: each.reason for each in uploads.upload_problems(shop.by, upload.id).items}


def test_good_lines_are_kept_and_each_bad_one_says_why(shop: Shop) -> None:
    good, other = imei(1), imei(2)
    wrong = good[:-1] + str((int(good[-1]) + 1) % 10)
    manifest = expecting(
        shop, "imei;sku;cost", f"{good};APP-IP14P-256-A;310.00", wrong, good, "35209900000", f"{other};NOPE",
        "C39XXXXX1;APP-IP14P-256-A;1.234", "3.52099E+14", "SER-12345",
    )  # fmt: skip
    found = problems(shop, manifest)
    assert sorted(found) == [3, 4, 6, 7, 8]
    assert "check digit" in found[3]
    assert "row 2 already" in found[4]
    assert "no SKU 'NOPE'" in found[6]
    assert "no amount" in found[7]
    assert "rounded" in found[8]
    assert counts(shop, manifest).expected == 3


def test_what_is_scanned_is_matched_or_unexpected_and_the_rest_is_missing(shop: Shop) -> None:
    manifest = expecting(shop, f"{imei(1)},APP-IP14P-256-A,310.00", f"{imei(2)},APP-IP14P-256-A")
    scans = [manifests.scan(shop.by, manifest.id, number).kind for number in (imei(1), imei(1), imei(9))]
    assert scans == ["matched", "again", "unexpected"]
    found = counts(shop, manifest)
    assert (found.matched, found.missing, found.unexpected, found.undecided) == (1, 1, 1, 1)
    kinds = {kind: len(uploads.manifest_lines(shop.by, manifest.id, kind).items) for kind in uploads.KINDS}
    assert kinds == {"matched": 1, "missing": 1, "unexpected": 1, "problem": 1}


def test_receiving_takes_in_what_is_matched_and_the_unexpected_only_after_a_decision(shop: Shop) -> None:
    shop.add_units(1)  # so that the SKU of all others of its kind is known
    manifest = expecting(shop, f"{imei(2)},APP-IP14P-256-A,310.00", f"{imei(3)},APP-IP14P-256-A")
    for number in (imei(2), imei(8), imei(9)):
        manifests.scan(shop.by, manifest.id, number)
    assert manifests.start_receiving(shop.by, manifest.id) is None
    assert count_units(shop.by, UnitFilter()) == 2
    with pytest.raises(Conflict, match="2 scanned units still wait"):
        manifests.close_manifest(shop.by, manifest.id)
    aside, away = (line.id for line in uploads.manifest_lines(shop.by, manifest.id, "unexpected").items)
    with pytest.raises(Invalid, match="Say why"):
        manifests.decide(shop.by, manifest.id, away, "refuse")
    manifests.decide(shop.by, manifest.id, away, "refuse", reason="not ours")
    manifests.decide(shop.by, manifest.id, aside, "quarantine", reason="ask the supplier")
    manifests.start_receiving(shop.by, manifest.id)
    assert count_units(shop.by, UnitFilter()) == 3
    assert count_units(shop.by, UnitFilter(status="quarantined")) == 1
    manifests.close_manifest(shop.by, manifest.id)
    found = counts(shop, manifest)
    assert (found.received, found.missing, found.status) == (2, 1, "closed")
    with pytest.raises(Conflict, match="closed"):
        manifests.scan(shop.by, manifest.id, imei(3))


def test_a_number_that_is_in_stock_already_stops_nothing_else(shop: Shop) -> None:
    shop.add_units(1)
    manifest = expecting(shop, f"{imei(1)},APP-IP14P-256-A", f"{imei(2)},APP-IP14P-256-A,99")
    for number in (imei(1), imei(2)):
        manifests.scan(shop.by, manifest.id, number)
    manifests.start_receiving(shop.by, manifest.id)
    (line,) = uploads.manifest_lines(shop.by, manifest.id, "problem").items
    assert line.typed == imei(1)
    assert "already" in (line.problem or "")
    received = [each.unit for each in uploads.manifest_lines(shop.by, manifest.id).items if each.unit]
    assert [show_unit(shop.by, unit or "").cost for unit in received] == [9_900]


def test_a_scan_can_be_taken_back(shop: Shop) -> None:
    manifest = expecting(shop, f"{imei(1)},APP-IP14P-256-A")
    for number in (imei(1), imei(9)):
        manifests.take_scan_back(shop.by, manifest.id, manifests.scan(shop.by, manifest.id, number).line_id)
    found = counts(shop, manifest)
    assert (found.missing, found.unexpected, found.scanned) == (1, 0, 0)


def test_a_number_that_was_scanned_before_the_list_came_is_matched_by_it(shop: Shop) -> None:
    manifest = expecting(shop, imei(1))
    manifests.scan(shop.by, manifest.id, imei(2))
    keep_upload(
        shop.by, pasted_rows(f"{imei(2)},APP-IP14P-256-A"), filename="more", location_id=shop.place.id,
        manifest_id=manifest.id,
    )  # fmt: skip
    assert counts(shop, manifest).matched == 1


def test_fifty_thousand_lines_with_errors_come_in_by_background_work(shop: Shop) -> None:
    lines = [f"{'35209901' + f'{n:06d}'}{check_digit('35209901' + f'{n:06d}')},APP-IP14P-256-A" for n in range(50_000)]
    lines[100] = "1234"
    lines[20_000] = lines[0]
    manifest = expecting(shop, *lines)
    (upload,) = uploads.recent_uploads(shop.by, manifest.id)
    assert uploads.get_upload(shop.by, upload.id).state == "waiting"
    jobs.run_due()
    view = uploads.get_upload(shop.by, upload.id)
    assert (view.state, view.upload.counts) == ("done", {"taken": 49_998, "refused": 2})
    assert counts(shop, manifest).expected == 49_998
    assert sorted(problems(shop, manifest)) == [101, 20_001]
