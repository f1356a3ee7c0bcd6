"""The pages of keys and clients are confined to one's own business and its sandbox, for an operator as well."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from dashboard.accounts import service as accounts
from dashboard.accounts.models import ApiKey, OAuthClient, User
from dashboard.core.context import SYSTEM
from dashboard.core.db import atomic, db, reads
from tests.conftest import Merchants, inputs, sign_in


@pytest.fixture
def owner(client: FlaskClient, merchants: Merchants) -> FlaskClient:
    """Alice, who owns a business and runs the installation, signed in."""
    with atomic(SYSTEM) as session:
        session.execute(update(User).where(User.username == "alice").values(is_operator=True))
    db.session.remove()
    sign_in(client, "alice", "FIRST")
    return client


def key_of(merchants: Merchants, *, own: bool) -> int:
    number = accounts.create_key(SYSTEM, merchants.tenant if own else merchants.other_tenant, name="till").key.id
    db.session.remove()
    return number


def client_of(merchants: Merchants, *, own: bool) -> int:
    tenant = merchants.tenant if own else merchants.other_tenant
    made = accounts.create_client(SYSTEM, tenant, name="platform", scopes=frozenset({"catalog:read"}))
    db.session.remove()
    return made.client.id


def post(client: FlaskClient, address: str) -> int:
    shown = inputs(client.get("/settings/keys/new").get_data(as_text=True))
    data = {name: shown[name] for name in ("csrf_token", "idempotency_key")}
    return client.post(address, data=data).status_code


def test_an_operator_opens_no_key_of_another_business(owner: FlaskClient, merchants: Merchants) -> None:
    number = key_of(merchants, own=False)
    assert owner.get(f"/settings/keys/{number}").status_code == 404
    assert post(owner, f"/settings/keys/{number}/revoke") == 404
    post(owner, f"/settings/keys/{number}/rotate")
    db.session.remove()
    (key,) = reads(SYSTEM).scalars(select(ApiKey)).all()
    assert (key.revoked_at, key.replaced_by_id) == (None, None)


def test_nor_a_client(owner: FlaskClient, merchants: Merchants) -> None:
    number = client_of(merchants, own=False)
    before = reads(SYSTEM).scalars(select(OAuthClient.secret_hash)).one()
    assert owner.get(f"/settings/clients/{number}").status_code == 404
    assert post(owner, f"/settings/clients/{number}/revoke") == 404
    post(owner, f"/settings/clients/{number}/rotate")
    db.session.remove()
    kept = reads(SYSTEM).scalars(select(OAuthClient)).one()
    assert (kept.revoked_at, kept.secret_hash) == (None, before)


def test_but_their_own_and_those_of_their_sandbox(owner: FlaskClient, merchants: Merchants) -> None:
    twin = accounts.create_sandbox(SYSTEM, merchants.tenant)
    sandboxed = accounts.create_key(SYSTEM, twin, name="test").key.id
    db.session.remove()
    assert owner.get(f"/settings/keys/{key_of(merchants, own=True)}").status_code == 200
    assert owner.get(f"/settings/keys/{sandboxed}").status_code == 200
    assert owner.get(f"/settings/clients/{client_of(merchants, own=True)}").status_code == 200
