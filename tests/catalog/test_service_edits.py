"""Editing fields of a device, and suggesting corrections to the operator."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import select

from dashboard.accounts import service as accounts
from dashboard.catalog import queries, service
from dashboard.catalog.models import CatalogSource, DeviceProposal
from dashboard.catalog.normalise import SPEC_FIELDS, format_spec, normalise_specs
from dashboard.catalog.service import EDITABLE, field_text, fingerprint, read_field
from dashboard.catalog.service.fields import shown_specs
from dashboard.core import events
from dashboard.core.context import NOBODY, SYSTEM, Principal
from dashboard.core.db import atomic, reads
from dashboard.core.errors import Conflict, Invalid, NotAllowed, NotFound
from dashboard.core.tenancy import EVERY_TENANT, UnguardedStatement
from tests.catalog.factories import add_devices, add_price, columns_of, phone
from tests.conftest import Merchants, World

KNOWN = phone(
    model_numbers=["GUR25", "G1B60"],
    specs={"RAM": "12GB", "Display": "6.3 inches, 1080 x 2424 pixels"},
    normalized={"ram_gb": 12.0, "display_size_in": 6.3, "display_px_w": 1080, "display_px_h": 2424},
)
PRESENT: dict[str, dict[str, Any]] = {
    "name": {"name": "Pixel 9a"},
    "model_numbers": {"model_numbers": ["GTF7P", "G3Y12"]},
    "gtin": {"gtin": "0195949770272"},
    "image_url": {"image_url": "https://img.example/p.jpg"},
    "release_date": {"released": 20240920, "release_precision": "day"},
    "ram_gb": {"ram_gb": 16.0},
    "display_size_in": {"display_size_in": 6.1},
    "has_5g": {"has_5g": True},
    "chipset": {"chipset": "Tensor G4"},
    "battery_mah": {"battery_mah": 5100},
}
TYPED = {
    "name": "  Pixel\u00a09a ",
    "model_numbers": "GTF7P; G3Y12, gtf7p",
    "gtin": "0 195949-770272",
    "image_url": "https://img.example/p.jpg",
    "release_date": "September 20, 2024",
    "ram_gb": "16",
    "display_size_in": "155 mm",
    "has_5g": "yes",
    "chipset": "Tensor G4",
    "battery_mah": "5,100 mAh",
}


def seen_of(device: Mapping[str, Any], *fields: str) -> dict[str, str]:
    """What an editor who opened `device` has seen."""
    return {field: fingerprint(field_text(device, field)) for field in fields}


def found(by: Principal, typed: str) -> list[str]:
    """Slugs that the search answers."""
    return [each.slug for each in queries.suggest(by, typed, limit=50)]


# Editing


@pytest.mark.parametrize("field", TYPED)
def test_the_operator_sets_a_field_from_what_was_typed(merchants: Merchants, field: str) -> None:
    (before,) = add_devices(merchants.operator, KNOWN)
    edited = service.edit_device(merchants.operator, "pixel-9", {field: TYPED[field]})
    device = columns_of(merchants.bob, "pixel-9")
    assert {name: device[name] for name in PRESENT[field]} == PRESENT[field]
    assert edited.fields == (field,)
    assert (edited.score_before, edited.score) == (before["quality_score"], device["quality_score"])
    assert device["version"] == before["version"] + 1


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("name", ""),
        ("name", "…"),
        ("name", "x" * 161),
        ("model_numbers", ", ".join(f"N{number}" for number in range(61))),
        ("model_numbers", "x" * 65),
        ("gtin", "0195949770273"),
        ("gtin", "12345"),
        ("image_url", "http://img.example/p.jpg"),
        ("image_url", "https://"),
        ("image_url", "javascript:alert(1)"),
        ("image_url", "https://[broken"),
        ("release_date", "soon"),
        ("release_date", "2024 Q3"),
        ("release_date", "31 February 2024"),
        ("release_date", "1.9.2999"),
        ("ram_gb", "lots"),
        ("ram_gb", "-8 GB"),
        ("ram_gb", "9" * 400),
        ("battery_mah", "2 kg"),
        ("has_5g", "perhaps"),
        ("chipset", "x" * 121),
        ("os", "x" * 10_000),
        ("gap_value", "1"),
        ("field\0", "1"),
    ],
)
def test_what_will_not_do_is_refused_and_changes_nothing(merchants: Merchants, field: str, typed: str) -> None:
    (before,) = add_devices(merchants.operator, KNOWN)
    with pytest.raises(Invalid) as refusal:
        service.edit_device(merchants.operator, "pixel-9", {"chipset": "Tensor G4", field: typed})
    assert [error.field for error in refusal.value.fields] == [field if field in EDITABLE else "field"]
    assert columns_of(merchants.bob, "pixel-9") == before


def test_a_refusal_says_what_was_typed_and_what_to_do(merchants: Merchants) -> None:
    add_devices(merchants.operator, KNOWN)
    for field, typed, said in (
        ("name", " ", "A device needs a name."),
        ("ram_gb", "lots", "“lots” cannot be read as RAM; write it as 8 GB."),
        ("gtin", "0195949770273", "“0195949770273” is no GTIN, for its last digit does not fit the others"),
        ("chipset", "x" * 121, f"“{'x' * 39}…” is longer than 120 characters."),
    ):
        with pytest.raises(Invalid) as refusal:
            service.edit_device(merchants.operator, "pixel-9", {field: typed})
        assert refusal.value.message.startswith(said)


def test_every_field_that_will_not_do_is_named_at_once(merchants: Merchants) -> None:
    add_devices(merchants.operator, KNOWN)
    with pytest.raises(Invalid) as refusal:
        service.edit_device(merchants.operator, "pixel-9", {"gtin": "1", "ram_gb": "lots", "os": "Android 15"})
    assert [error.field for error in refusal.value.fields] == ["gtin", "ram_gb"]


@pytest.mark.parametrize("field", [name for name in EDITABLE if name != "name"])
def test_an_empty_text_clears_a_field(merchants: Merchants, field: str) -> None:
    add_devices(merchants.operator, KNOWN)
    service.edit_device(merchants.operator, "pixel-9", {field: TYPED.get(field, "100")})
    service.edit_device(merchants.operator, "pixel-9", {field: ""})
    device = columns_of(merchants.bob, "pixel-9")
    assert field_text(device, field) == ""
    assert device["released"] == 0


def test_control_characters_and_other_scripts_are_taken_as_text(merchants: Merchants) -> None:
    add_devices(merchants.operator, KNOWN)
    service.edit_device(merchants.operator, "pixel-9", {"chipset": "Tensor\0 \u202eG4\u202c شريحة"})
    assert columns_of(merchants.bob, "pixel-9")["chipset"] == "Tensor G4 شريحة"
    logged = select(events.Event.data).where(events.Event.name == "device.edited")
    assert reads(merchants.operator).scalars(logged).one() == {"fields": {"chipset": "Tensor G4 شريحة"}}


def test_what_is_as_it_was_is_not_written(merchants: Merchants) -> None:
    (before,) = add_devices(merchants.operator, KNOWN)
    edited = service.edit_device(merchants.operator, "pixel-9", {"ram_gb": "12288 MB", "gtin": "", "name": "Pixel 9"})
    assert edited.fields == ()
    assert columns_of(merchants.bob, "pixel-9") == before


def test_a_new_name_is_found_at_once_and_the_old_one_no_more(merchants: Merchants) -> None:
    add_devices(merchants.operator, KNOWN)
    service.edit_device(merchants.operator, "pixel-9", {"name": "Komodo", "model_numbers": "ZZ77"})
    assert found(merchants.bob, "komo") == ["pixel-9"]
    assert found(merchants.bob, "zz7") == ["pixel-9"]
    assert found(merchants.bob, "pixel 9") == []
    assert found(merchants.bob, "gur25") == []


def test_a_new_name_is_found_also_where_many_devices_share_its_beginning(merchants: Merchants) -> None:
    crowd = [phone(f"Pixel {number}", f"pixel-{number}") for number in range(150)]
    add_devices(merchants.operator, *crowd, phone("Zebra", "zebra", release_date=None))
    service.rebuild_heads(merchants.operator)
    service.edit_device(merchants.operator, "zebra", {"name": "Pixel Zebra", "release_date": "2026-01-01"})
    service.edit_device(merchants.operator, "pixel-149", {"name": "Quagga"})
    suggested = found(merchants.bob, "pixel")
    assert suggested[0] == "zebra"
    assert "pixel-149" not in suggested
    assert found(merchants.bob, "quagga") == ["pixel-149"]


def test_a_name_that_another_device_has_is_a_conflict(merchants: Merchants) -> None:
    add_devices(merchants.operator, KNOWN, phone("Pixel 8", "pixel-8"))
    with pytest.raises(Conflict, match="in the catalogue already, as pixel-8") as refusal:
        service.edit_device(merchants.operator, "pixel-9", {"name": "PIXEL-8"})
    assert refusal.value.code == "device_exists"


def test_an_edit_is_credited_and_logged(merchants: Merchants) -> None:
    (before,) = add_devices(merchants.operator, KNOWN)
    service.edit_device(merchants.operator, "pixel-9", {"ram_gb": "16 GB", "gtin": "0195949770272"})
    device = columns_of(merchants.bob, "pixel-9")
    source_id = device["provenance"]["gtin"]
    changed = {name for name, credit in device["provenance"].items() if credit != before["provenance"].get(name)}
    assert changed == {"gtin", "ram_gb", "specs.RAM"}
    session = reads(merchants.operator)
    source = session.get_one(CatalogSource, source_id)
    assert (source.name, source.kind, source.added_by) == ("Otto", "operator", merchants.operator.label)
    logged = select(events.Event).where(events.Event.name == "device.edited")
    event = session.scalars(logged, execution_options=EVERY_TENANT).one()
    assert event.subject == f"device:{device['id']}"
    assert event.data == {"fields": {"ram_gb": "16 GB", "gtin": "0195949770272"}}


def test_the_specs_as_shown_follow_an_edit(merchants: Merchants) -> None:
    add_devices(merchants.operator, KNOWN)
    service.edit_device(merchants.operator, "pixel-9", {"ram_gb": "16", "weight_g": "198 g", "display_size_in": "6.4"})
    shown = columns_of(merchants.bob, "pixel-9")["specs"]
    assert shown == {"RAM": "16 GB", "Display": "6.3 inches, 1080 x 2424 pixels", "Weight": "198 g"}
    service.edit_device(merchants.operator, "pixel-9", {"ram_gb": ""})
    assert "RAM" not in columns_of(merchants.bob, "pixel-9")["specs"]


def test_an_edit_needs_a_device(merchants: Merchants) -> None:
    with pytest.raises(NotFound):
        service.edit_device(merchants.operator, "no-such-device", {"gtin": ""})


@pytest.mark.parametrize("name", ["alice", "bob", "charlie"])
def test_only_the_operator_edits_at_once(merchants: Merchants, name: str) -> None:
    (before,) = add_devices(merchants.operator, KNOWN)
    by: Principal = getattr(merchants, name)
    with pytest.raises(NotAllowed):
        service.edit_device(by, "pixel-9", {"gtin": ""})
    assert columns_of(merchants.bob, "pixel-9") == before


# Two editors


def test_another_edit_of_the_same_field_meanwhile_is_a_conflict_that_shows_it(merchants: Merchants) -> None:
    (device,) = add_devices(merchants.operator, KNOWN)
    seen = seen_of(device, "ram_gb", "os")
    service.edit_device(merchants.operator, "pixel-9", {"ram_gb": "16 GB"})
    with pytest.raises(Conflict, match="Otto changed this to “16 GB”") as refusal:
        service.edit_device(merchants.operator, "pixel-9", {"ram_gb": "8 GB", "os": "Android 15"}, seen=seen)
    assert refusal.value.details == {"theirs": {"ram_gb": "16 GB"}}
    assert [error.field for error in refusal.value.fields] == ["ram_gb"]
    device = columns_of(merchants.bob, "pixel-9")
    assert (device["ram_gb"], device["os"]) == (16.0, None)


def test_whoever_has_seen_the_other_value_may_save_over_it(merchants: Merchants) -> None:
    add_devices(merchants.operator, KNOWN)
    service.edit_device(merchants.operator, "pixel-9", {"ram_gb": "16 GB"})
    service.edit_device(merchants.operator, "pixel-9", {"ram_gb": "8 GB"}, seen={"ram_gb": fingerprint("16 GB")})
    assert columns_of(merchants.bob, "pixel-9")["ram_gb"] == 8.0


def test_an_import_of_the_same_field_meanwhile_is_a_conflict_too(merchants: Merchants) -> None:
    (device,) = add_devices(merchants.operator, phone())
    seen = seen_of(device, "os")
    add_devices(merchants.operator, phone(normalized={"os": "Android 14"}), source="GSM list")
    with pytest.raises(Conflict, match="GSM list changed this to “Android 14”"):
        service.edit_device(merchants.operator, "pixel-9", {"os": "Android 15"}, seen=seen)


def test_another_edit_of_another_field_is_no_conflict_and_is_kept(merchants: Merchants) -> None:
    (device,) = add_devices(merchants.operator, KNOWN)
    everything = {field: field_text(device, field) for field in EDITABLE}
    service.edit_device(merchants.operator, "pixel-9", {"ram_gb": "16 GB"})
    add_price(merchants.operator, device["id"], 40_000)
    edited = service.edit_device(
        merchants.operator, "pixel-9", {**everything, "os": "Android 15"}, seen=seen_of(device, *EDITABLE)
    )
    assert edited.fields == ("os",)
    device = columns_of(merchants.bob, "pixel-9")
    assert (device["ram_gb"], device["os"]) == (16.0, "Android 15")


def test_two_who_write_the_same_do_not_disagree(merchants: Merchants) -> None:
    (device,) = add_devices(merchants.operator, KNOWN)
    service.edit_device(merchants.operator, "pixel-9", {"ram_gb": "16 GB"})
    again = service.edit_device(merchants.operator, "pixel-9", {"ram_gb": "16"}, seen=seen_of(device, "ram_gb"))
    assert again.fields == ()


# Fields as text


def test_what_a_field_shows_can_be_typed_again_for_every_shipped_device(world: World) -> None:
    with world.app.app_context():
        page = queries.gap_page(SYSTEM, size=2000)
        for gap in page.items:
            for field in EDITABLE:
                text = field_text(gap.columns, field)
                for name, value in read_field(field, text).items():
                    assert name in ("search_name", "released") or gap.columns[name] == value, (gap.slug, field, text)


@pytest.mark.parametrize("spec", SPEC_FIELDS, ids=lambda spec: spec.key)
def test_a_spec_shown_under_its_own_label_reads_back_as_that_spec(spec: Any) -> None:
    value = read_field(spec.key, spec.example)[spec.key]
    assert normalise_specs({spec.label: format_spec(spec, value)})[0] == {spec.key: value}
    assert shown_specs({}, spec.key, value) == {spec.label: format_spec(spec, value)}
    assert shown_specs({spec.label: format_spec(spec, value)}, spec.key, None) == {}


# Proposals


def propose(merchants: Merchants, text: str = "0195949770272", field: str = "gtin") -> DeviceProposal:
    """Alice suggests one field of the Pixel 9, which is added first."""
    add_devices(merchants.operator, KNOWN)
    return service.propose_edit(merchants.alice, "pixel-9", field, text, "It is on the box.")


def test_a_suggestion_waits_for_the_operator_and_changes_nothing(merchants: Merchants) -> None:
    propose(merchants)
    assert columns_of(merchants.bob, "pixel-9")["gtin"] is None
    (row,) = queries.list_proposals(merchants.operator, decided=False).items
    assert (row.slug, row.field, row.now, row.value) == ("pixel-9", "gtin", "", "0195949770272")
    assert (row.reason, row.proposer, row.outcome) == ("It is on the box.", "Alice, First Inc.", None)
    assert queries.count_open_proposals(merchants.operator) == 1


def test_an_accepted_suggestion_edits_the_device_and_credits_who_suggested_it(merchants: Merchants) -> None:
    proposal = propose(merchants)
    service.decide_proposal(merchants.operator, proposal.id, accept=True, answer=" Thank you! ")
    device = columns_of(merchants.bob, "pixel-9")
    assert device["gtin"] == "0195949770272"
    source = reads(merchants.operator).get_one(CatalogSource, device["provenance"]["gtin"])
    assert (source.name, source.kind) == ("Alice, First Inc.", "proposal")
    (mine,) = queries.own_proposals(merchants.alice).items
    assert (mine.outcome, mine.answer, mine.now) == ("accepted", "Thank you!", "0195949770272")
    assert queries.count_open_proposals(merchants.operator) == 0


def test_a_declined_suggestion_changes_nothing_and_says_why(merchants: Merchants) -> None:
    proposal = propose(merchants)
    service.decide_proposal(merchants.operator, proposal.id, accept=False, answer="Another model.")
    assert columns_of(merchants.bob, "pixel-9")["gtin"] is None
    (mine,) = queries.own_proposals(merchants.alice).items
    assert (mine.outcome, mine.answer) == ("declined", "Another model.")


@pytest.mark.parametrize("accept", [True, False])
def test_a_suggestion_is_decided_once(merchants: Merchants, accept: bool) -> None:
    proposal = propose(merchants)
    service.decide_proposal(merchants.operator, proposal.id, accept=True)
    version = columns_of(merchants.bob, "pixel-9")["version"]
    with pytest.raises(Conflict, match="accepted before") as refusal:
        service.decide_proposal(merchants.operator, proposal.id, accept=accept)
    assert refusal.value.code == "already_decided"
    assert columns_of(merchants.bob, "pixel-9")["version"] == version


def test_a_suggestion_that_cannot_be_applied_any_more_stays_open(merchants: Merchants) -> None:
    proposal = propose(merchants, "Pixel 9 Pro", "name")
    add_devices(merchants.operator, phone("Pixel 9 Pro", "pixel-9-pro"))
    with pytest.raises(Conflict, match="in the catalogue already"):
        service.decide_proposal(merchants.operator, proposal.id, accept=True)
    (row,) = queries.list_proposals(merchants.operator, decided=False).items
    assert row.outcome is None


@pytest.mark.parametrize(
    ("field", "text", "why"),
    [
        ("gtin", "123", "is no GTIN"),
        ("ram_gb", "12 GB", "says already"),
        ("name", "Pixel 8", "in the catalogue already"),
        ("os", "x" * 501, "longer than"),
        ("image_url", "https://img.example/" + "x" * 500, "at most 500"),
        ("price_avg", "1", "not a field"),
    ],
)
def test_a_suggestion_that_leads_nowhere_is_refused(merchants: Merchants, field: str, text: str, why: str) -> None:
    add_devices(merchants.operator, KNOWN, phone("Pixel 8", "pixel-8"))
    with pytest.raises((Invalid, Conflict), match=why):
        service.propose_edit(merchants.alice, "pixel-9", field, text)
    assert queries.own_proposals(merchants.alice).items == []


def test_the_same_suggestion_is_not_made_twice_while_it_waits(merchants: Merchants) -> None:
    proposal = propose(merchants)
    with pytest.raises(Invalid, match="suggested already"):
        service.propose_edit(merchants.alice, "pixel-9", "gtin", "0195949770272")
    service.propose_edit(merchants.charlie, "pixel-9", "gtin", "0195949770272")
    service.decide_proposal(merchants.operator, proposal.id, accept=False)
    service.propose_edit(merchants.alice, "pixel-9", "gtin", "0195949770272")


def test_a_viewer_suggests_nothing(merchants: Merchants) -> None:
    add_devices(merchants.operator, KNOWN)
    with pytest.raises(NotAllowed):
        service.propose_edit(merchants.bob, "pixel-9", "gtin", "0195949770272")
    with pytest.raises(NotAllowed):
        queries.own_proposals(merchants.bob)


@pytest.mark.parametrize("name", ["alice", "charlie"])
def test_only_the_operator_sees_and_decides_what_all_suggest(merchants: Merchants, name: str) -> None:
    proposal = propose(merchants)
    by: Principal = getattr(merchants, name)
    for forbidden in (
        lambda: service.decide_proposal(by, proposal.id, accept=True),
        lambda: queries.list_proposals(by, decided=False),
        lambda: queries.count_open_proposals(by),
        lambda: queries.get_proposal(by, proposal.id),
    ):
        with pytest.raises(NotAllowed):
            forbidden()
    assert columns_of(merchants.bob, "pixel-9")["gtin"] is None


def test_another_merchants_suggestions_are_invisible(merchants: Merchants) -> None:
    propose(merchants)
    assert queries.own_proposals(merchants.charlie).items == []
    service.propose_edit(merchants.charlie, "pixel-9", "os", "Android 15")
    assert [row.field for row in queries.own_proposals(merchants.charlie).items] == ["os"]
    assert [row.field for row in queries.own_proposals(merchants.alice).items] == ["gtin"]
    assert len(queries.list_proposals(merchants.operator, decided=False).items) == 2


def test_the_guard_refuses_to_read_all_tenants_for_a_merchant(merchants: Merchants) -> None:
    propose(merchants)
    with pytest.raises(UnguardedStatement):
        reads(merchants.charlie).scalars(select(DeviceProposal), execution_options=EVERY_TENANT)


def test_the_guard_refuses_to_write_into_another_tenant(merchants: Merchants) -> None:
    proposal = propose(merchants)
    with pytest.raises(UnguardedStatement), atomic(merchants.charlie) as session:
        session.add(
            DeviceProposal(
                tenant_id=merchants.alice.tenant_id,
                device_id=proposal.device_id,
                field="gtin",
                value="1",
                reason="",
                proposed_by="user:1",
                proposer="Mallory",
                created_at=proposal.created_at,
            )
        )


def test_unknown_suggestions_and_devices_are_not_found(merchants: Merchants) -> None:
    with pytest.raises(NotFound):
        service.decide_proposal(merchants.operator, 17, accept=True)
    with pytest.raises(NotFound):
        queries.get_proposal(merchants.operator, 17)
    with pytest.raises(NotFound):
        service.propose_edit(merchants.alice, "no-such-device", "gtin", "0195949770272")


def test_nobody_may_do_any_of_it(merchants: Merchants) -> None:
    add_devices(merchants.operator, KNOWN)
    with pytest.raises(NotAllowed):
        service.edit_device(NOBODY, "pixel-9", {"gtin": ""})
    with pytest.raises(NotAllowed):
        service.propose_edit(NOBODY, "pixel-9", "gtin", "0195949770272")


def test_the_operators_queue_is_oldest_first_and_pages_through_all(merchants: Merchants) -> None:
    add_devices(merchants.operator, KNOWN)
    made = [
        service.propose_edit(by, "pixel-9", "chipset", f"Tensor {number}").id
        for number, by in enumerate([merchants.alice, merchants.charlie] * 4)
    ]
    for proposal_id in made[:3]:
        service.decide_proposal(merchants.operator, proposal_id, accept=False)

    def pages(*, decided: bool) -> list[int]:
        seen: list[int] = []
        after: str | None = None
        while True:
            page = queries.list_proposals(merchants.operator, decided=decided, after=after, size=2)
            seen += [row.id for row in page.items]
            after = page.after
            if after is None:
                return seen

    assert pages(decided=False) == made[3:]
    assert pages(decided=True) == made[2::-1]


def test_a_role_that_may_propose_is_enough(merchants: Merchants) -> None:
    add_devices(merchants.operator, KNOWN)
    user = accounts.create_user(SYSTEM, merchants.tenant, username="sal", password="x" * 12, role="sales", name="Sal")
    sal = accounts.principal_of_user(user, merchants.tenant)
    assert service.propose_edit(sal, "pixel-9", "os", "Android 15").proposer == "Sal, First Inc."
