"""Invitations: who may invite whom to what, and that a link lets one person in once."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from dashboard.accounts import service as accounts
from dashboard.accounts.models import Invitation, Tenant, User
from dashboard.accounts.service import invitations
from dashboard.core import clock, mail
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import atomic, db, reads
from dashboard.core.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound, TooMany
from dashboard.core.events import Event
from tests.accounts.mailbox import link_to, mailbox, newest_token, subjects
from tests.conftest import PASSWORD, Merchants
from tests.core.jobs.samples import in_threads

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
JANE = "jane@new.example"
CLIENT = accounts.Client("203.0.113.9", "a browser")


def colleague(of: Merchants, username: str, role: str) -> Principal:
    user = accounts.create_user(SYSTEM, of.tenant, username=username, password=PASSWORD, role=role)
    custom = accounts.list_roles(of.alice).get(role)
    by = accounts.principal_of_user(user, of.tenant)
    db.session.expunge_all()
    assert custom is not None
    return by


def invited(by: Principal, email: str = JANE, role: str = "sales") -> str:
    accounts.invite(by, email, role, link_to)
    return newest_token()


def join(token: str, username: str = "jane", password: str = PASSWORD) -> accounts.SignedIn:
    return accounts.join(token, username=username, name="Jane", password=password, client=CLIENT)


def people(username: str = "jane") -> list[User]:
    db.session.rollback()
    db.session.expunge_all()
    return list(reads(SYSTEM).scalars(select(User).where(User.username == username)))


# Joining.
def test_the_invited_chooses_name_and_password_and_is_signed_in(merchants: Merchants) -> None:
    token = invited(merchants.alice)
    assert subjects() == [(JANE, "Join First Inc.")]
    shown = accounts.find_invitation(token)
    assert (shown.business, shown.email, shown.role) == ("First Inc.", JANE, "sales")
    joined = join(token)
    by = accounts.principal_of_session(joined.session.id)
    assert (by.name, by.role, by.tenant_id) == ("Jane", "sales", merchants.tenant.id)
    (jane,) = people()
    assert (jane.email, jane.email_verified_at is not None) == (JANE, True)
    assert accounts.list_invitations(merchants.alice) == []


def test_a_link_works_once(merchants: Merchants) -> None:
    token = invited(merchants.alice)
    join(token)
    for use in (lambda: join(token, "other"), lambda: accounts.find_invitation(token)):
        with pytest.raises(NotFound, match="used or withdrawn"):
            use()
    assert people("other") == []


def test_sixteen_who_use_a_link_at_once_become_one_person(app: Flask, merchants: Merchants) -> None:
    token = invited(merchants.alice)
    names = iter(f"jane{number}" for number in range(16))

    def use() -> str:
        try:
            join(token, next(names))
        except NotFound:
            return "refused"
        return "joined"

    db.session.remove()
    assert sorted(str(each) for each in in_threads(app, 16, use)) == ["joined"] + ["refused"] * 15
    count = select(func.count()).where(User.tenant_id == merchants.tenant.id, User.username.startswith("jane"))
    assert reads(SYSTEM).scalar(count) == 1


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"username": "bob"}, Conflict),
        ({"username": "ja ne"}, Invalid),
        ({"password": "short"}, Invalid),
        ({"password": "password1"}, Invalid),
        ({"name": "  "}, Invalid),
    ],
)
def test_a_choice_that_will_not_do_leaves_the_link_good(
    merchants: Merchants, changes: dict[str, str], refusal: type[DomainError]
) -> None:
    token = invited(merchants.alice)
    with pytest.raises(refusal):
        accounts.join(token, **{"username": "jane", "name": "Jane", "password": PASSWORD, **changes}, client=CLIENT)
    join(token)
    assert len(people()) == 1


def test_a_link_is_good_for_seven_days(merchants: Merchants) -> None:
    with clock.frozen(NOON) as move:
        token = invited(merchants.alice)
        move(timedelta(days=7) - timedelta(seconds=1))
        assert accounts.find_invitation(token).email == JANE
        move(timedelta(seconds=1))
        with pytest.raises(NotFound):
            join(token)
        assert [each.email for each in accounts.list_invitations(merchants.alice)] == [JANE]


def test_nobody_joins_a_suspended_business(merchants: Merchants) -> None:
    token = invited(merchants.alice)
    with atomic(SYSTEM) as session:
        session.execute(update(Tenant).where(Tenant.id == merchants.tenant.id).values(suspended_at=NOON))
    with pytest.raises(NotFound):
        join(token)
    assert people() == []


@pytest.mark.parametrize("token", ["", "x", "0" * 43, "x" * 10_000])
def test_a_token_that_nobody_made_lets_nobody_in(merchants: Merchants, token: str) -> None:
    invited(merchants.alice)
    with pytest.raises(NotFound):
        join(token)


# Inviting.
def test_only_whoever_manages_people_invites(merchants: Merchants) -> None:
    made = accounts.invite(merchants.alice, JANE, "viewer", link_to)
    for act in (
        lambda: accounts.invite(merchants.bob, "x@y.example", "viewer", link_to),
        lambda: accounts.list_invitations(merchants.bob),
        lambda: accounts.withdraw_invitation(merchants.bob, made.id),
        lambda: accounts.resend_invitation(merchants.bob, made.id, link_to),
    ):
        with pytest.raises(NotAllowed, match="users:manage"):
            act()


def test_nobody_invites_to_a_role_with_rights_that_they_lack(merchants: Merchants) -> None:
    accounts.save_role(merchants.alice, "people desk", frozenset({"catalog:read", "users:manage"}))
    accounts.save_role(merchants.alice, "reader", frozenset({"catalog:read"}))
    desk_user = colleague(merchants, "dora", "people desk")
    desk = Principal(
        desk_user.kind, desk_user.actor_id, desk_user.name, desk_user.tenant_id,
        frozenset({"catalog:read", "users:manage"}), role="people desk", tenant_name="First Inc.",
    )  # fmt: skip
    assert set(accounts.roles_to_invite_to(desk)) == {"people desk", "reader"}
    for role in ("admin", "manager", "viewer", "technician"):
        with pytest.raises(NotAllowed, match="rights that you lack"):
            accounts.invite(desk, JANE, role, link_to)
    accounts.invite(desk, JANE, "reader", link_to)


def test_nobody_is_invited_to_be_the_owner(merchants: Merchants) -> None:
    for by in (merchants.alice, colleague(merchants, "adam", "admin")):
        assert "owner" not in accounts.roles_to_invite_to(by)
        with pytest.raises(NotAllowed, match="one owner"):
            accounts.invite(by, JANE, "owner", link_to)


@pytest.mark.parametrize(
    ("email", "role", "field"),
    [
        ("jane", "sales", "email"),
        ("a@b.example,c@d.example", "sales", "email"),
        (JANE, "king", "role"),
        (JANE, "", "role"),
    ],
)
def test_an_invitation_that_will_not_do_is_refused_by_field(
    merchants: Merchants, email: str, role: str, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        accounts.invite(merchants.alice, email, role, link_to)
    assert [each.field for each in refused.value.fields] == [field]
    assert mailbox() == []


def test_nobody_is_invited_twice_or_who_belongs_to_the_business(merchants: Merchants) -> None:
    invited(merchants.alice)
    with pytest.raises(Conflict, match="invited already"):
        accounts.invite(merchants.alice, f" {JANE.upper()} ", "viewer", link_to)
    join(newest_token())
    with pytest.raises(Conflict, match="belongs to your business"):
        accounts.invite(merchants.alice, JANE, "viewer", link_to)
    accounts.invite(merchants.charlie, JANE, "viewer", link_to)  # another business may


def test_eight_who_invite_the_same_at_once_invite_once(app: Flask, merchants: Merchants) -> None:
    def ask() -> str:
        try:
            accounts.invite(merchants.alice, JANE, "viewer", link_to)
        except Conflict:
            return "refused"
        return "invited"

    db.session.remove()
    assert sorted(str(each) for each in in_threads(app, 8, ask)) == ["invited"] + ["refused"] * 7


def test_invitations_that_wait_are_bounded(merchants: Merchants, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invitations, "MOST_OPEN", 3)
    for number in range(3):
        accounts.invite(merchants.alice, f"p{number}@new.example", "viewer", link_to)
    with pytest.raises(Conflict, match="At most 3"):
        accounts.invite(merchants.alice, JANE, "viewer", link_to)


# Withdrawing and sending again.
def test_a_withdrawn_invitation_works_no_more(merchants: Merchants) -> None:
    token = invited(merchants.alice)
    (waiting,) = accounts.list_invitations(merchants.alice)
    accounts.withdraw_invitation(merchants.alice, waiting.id)
    assert accounts.list_invitations(merchants.alice) == []
    with pytest.raises(NotFound):
        join(token)
    for again in (
        lambda: accounts.withdraw_invitation(merchants.alice, waiting.id),
        lambda: accounts.resend_invitation(merchants.alice, waiting.id, link_to),
    ):
        with pytest.raises(NotFound):
            again()


def test_sending_again_makes_a_new_link_and_voids_the_old(merchants: Merchants) -> None:
    with clock.frozen(NOON) as move:
        old = invited(merchants.alice)
        (waiting,) = accounts.list_invitations(merchants.alice)
        with pytest.raises(TooMany):
            accounts.resend_invitation(merchants.alice, waiting.id, link_to)
        move(timedelta(days=8))
        accounts.resend_invitation(merchants.alice, waiting.id, link_to)
        with pytest.raises(NotFound):
            join(old)
        join(newest_token())
    assert len(people()) == 1


def test_an_invitation_of_one_business_is_unknown_to_another(merchants: Merchants) -> None:
    token = invited(merchants.alice)
    (waiting,) = accounts.list_invitations(merchants.alice)
    assert accounts.list_invitations(merchants.charlie) == []
    assert [each.recipient for each in mail.outbox(merchants.charlie).items] == []
    for touch in (
        lambda: accounts.withdraw_invitation(merchants.charlie, waiting.id),
        lambda: accounts.resend_invitation(merchants.charlie, waiting.id, link_to),
    ):
        with pytest.raises(NotFound):
            touch()
    assert join(token).tenant is not None


def test_what_happened_is_written_down_without_the_token(merchants: Merchants) -> None:
    token = invited(merchants.alice)
    join(token)
    rows = reads(SYSTEM).scalars(select(Event).where(Event.name.startswith("invitation.")).order_by(Event.id)).all()
    assert [(row.name, row.tenant_id) for row in rows] == [
        ("invitation.sent", merchants.tenant.id),
        ("invitation.accepted", merchants.tenant.id),
    ]
    kept = reads(SYSTEM).scalars(select(Invitation)).one()
    assert token not in repr([vars(each) for each in (*rows, kept)])
