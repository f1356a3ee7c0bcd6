"""Second factors: an authenticator app (RFC 6238), a code by mail, ten backup codes. Each code works once."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from pyotp import random_base32
from pyotp.totp import TOTP
from sqlalchemy import delete, func, or_, select, update

from dashboard.accounts.models import BackupCode, MfaChallenge, User
from dashboard.accounts.service.people import person
from dashboard.core import clock, crypto, events, mail, vault
from dashboard.core.context import Principal
from dashboard.core.db import atomic, reads
from dashboard.core.errors import Conflict, Invalid, NotAllowed, TooMany

STEP_S = 30
DRIFT_STEPS = 1
"""Codes of the step before and the step after are taken too: phones' clocks differ."""

BACKUP_CODES = 10
MOST_MAILED_CODES = 3
APP_NAME = "Tradecounter"
_PURPOSE = "totp"
_BACKUP_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What sets up an authenticator app: the secret in base32 and as an otpauth URI."""

    secret: str
    uri: str


def enroll(by: Principal) -> Enrolment:
    """Begin to set up an app: a new secret that counts once a code of it was entered. Raises Conflict if one is set."""
    user = person(by)
    if user.has_mfa:
        raise Conflict("An authenticator app is set up already. Remove it first.", code="mfa_enabled")
    secret = random_base32()
    with atomic(by) as session:
        sealed = vault.vault(by).seal(secret, _PURPOSE)
        session.execute(update(User).where(User.id == user.id).values(totp_secret=sealed, totp_step=None))
    return _shown(by, user, secret)


def _shown(by: Principal, user: User, secret: str) -> Enrolment:
    issuer = f"{APP_NAME} {by.tenant_name}" if by.tenant_name else APP_NAME
    return Enrolment(secret, TOTP(secret).provisioning_uri(name=user.email or user.username, issuer_name=issuer))


def enrolment(by: Principal) -> Enrolment | None:
    """What sets up an app, where that was begun and waits for its first code."""
    user = person(by)
    if user.has_mfa or user.totp_secret is None:
        return None
    return _shown(by, user, vault.vault(by).open(user.totp_secret, _PURPOSE))


def confirm(by: Principal, code: str) -> Sequence[str]:
    """Switch the second factor on with a first code; the ten backup codes, shown now and never again.

    Raises Conflict where nothing was begun, Invalid where the code is wrong.
    """
    user = person(by)
    if user.totp_secret is None or user.has_mfa:
        raise Conflict("Scan the code with your app first.", code="mfa_not_begun")
    with atomic(by) as session:
        if not _use_totp(by, user, code):
            raise Invalid.field("code", "That code is not right. Enter the one that the app shows now.")
        session.execute(update(User).where(User.id == user.id).values(totp_confirmed_at=clock.now()))
        codes = _new_backup_codes(by, user.id)
        events.record(by, "user.mfa_enabled", f"user:{user.id}")
    return codes


def disable(by: Principal, code: str) -> None:
    """Switch one's second factor off, with a code of it. Raises Invalid where the code is wrong, NotAllowed where
    the tenant demands a second factor of one's role."""
    user = person(by)
    if not user.has_mfa:
        raise Conflict("No second factor is set up.", code="mfa_not_enabled")
    if user.tenant is not None and user.role in user.tenant.mfa_roles:
        raise NotAllowed("Your business asks for a second factor in your role.")
    with atomic(by):
        if not use_code(by, user, code):
            raise Invalid.field("code", "That code is not right.")
        clear(by, user.id)


def renew_backup_codes(by: Principal) -> Sequence[str]:
    """Ten new backup codes in place of the old ones."""
    user = person(by)
    if not user.has_mfa:
        raise Conflict("No second factor is set up.", code="mfa_not_enabled")
    with atomic(by):
        events.record(by, "user.backup_codes_renewed", f"user:{user.id}")
        return _new_backup_codes(by, user.id)


def backup_codes_left(by: Principal) -> int:
    """How many backup codes one still has."""
    left = select(func.count()).where(BackupCode.user_id == by.actor_id, BackupCode.used_at.is_(None))
    return reads(by).scalar(left) or 0


def clear(by: Principal, user_id: int, *, tenant_id: int | None = None) -> None:
    """Remove a person's second factor: they sign in by password alone until they set one up again."""
    with atomic(by) as session:
        emptied = update(User).where(User.id == user_id)
        session.execute(emptied.values(totp_secret=None, totp_confirmed_at=None, totp_step=None))
        session.execute(delete(BackupCode).where(BackupCode.user_id == user_id))
        events.record(by, "user.mfa_disabled", f"user:{user_id}", tenant_id=tenant_id)


def use_code(by: Principal, user: User, code: str, challenge: MfaChallenge | None = None) -> bool:
    """Whether `code` is right: of the app, of the challenge's mail, or a backup code. A right one is used up."""
    plain = "".join(code.split()).replace("-", "").lower()
    if not 6 <= len(plain) <= 20 or not plain.isascii():
        return False
    return (
        _use_totp(by, user, plain)
        or (challenge is not None and _use_mailed(by, challenge, plain))
        or _use_backup(by, user, plain)
    )


def mail_code(by: Principal, user: User, challenge: MfaChallenge) -> None:
    """Mail a code that fits this challenge alone, in place of one mailed before."""
    if not user.email:
        raise Invalid("No e-mail address is known for this account. Use the app or a backup code.")
    code = f"{secrets.randbelow(1_000_000):06d}"
    with atomic(by) as session:
        one_more = update(MfaChallenge).where(
            MfaChallenge.id == challenge.id, MfaChallenge.email_codes_sent < MOST_MAILED_CODES
        )
        values = {
            "email_code_digest": _mailed_digest(by, challenge, code),
            "email_codes_sent": MfaChallenge.email_codes_sent + 1,
        }
        if session.execute(one_more.values(values).returning(MfaChallenge.id)).scalar() is None:
            raise TooMany("Enough codes were mailed for this sign-in. Start again.", retry_after=60)
        mail.send(
            by,
            to=user.email,
            subject="Your sign-in code",
            body=f"Your code is {code}. It works for five minutes.\n\n"
            "If you are not signing in just now, somebody knows your password: change it.\n",
            tenant_id=user.tenant_id,
        )


def _use_totp(by: Principal, user: User, code: str) -> bool:
    if user.totp_secret is None or not code.isdigit() or len(code) != 6:
        return False
    totp = TOTP(vault.vault(by).open(user.totp_secret, _PURPOSE), interval=STEP_S)
    step = int(clock.true_now().timestamp()) // STEP_S  # the app knows of no sandbox
    for candidate in range(step - DRIFT_STEPS, step + DRIFT_STEPS + 1):
        if crypto.same(totp.generate_otp(candidate), code):
            return _take_step(by, user.id, candidate)
    return False


def _take_step(by: Principal, user_id: int, step: int) -> bool:
    unused = update(User).where(User.id == user_id, or_(User.totp_step.is_(None), User.totp_step < step))
    with atomic(by) as session:
        return session.execute(unused.values(totp_step=step).returning(User.id)).scalar() is not None


def _use_mailed(by: Principal, challenge: MfaChallenge, code: str) -> bool:
    # The row is asked, not the object: the code may have been mailed since it was read.
    fitting = update(MfaChallenge).where(
        MfaChallenge.id == challenge.id, MfaChallenge.email_code_digest == _mailed_digest(by, challenge, code)
    )
    with atomic(by) as session:
        used = session.execute(fitting.values(email_code_digest=None).returning(MfaChallenge.id))
        return used.scalar() is not None


def _use_backup(by: Principal, user: User, code: str) -> bool:
    unused = update(BackupCode).where(
        BackupCode.user_id == user.id,
        BackupCode.digest == _backup_digest(by, user.id, code),
        BackupCode.used_at.is_(None),
    )
    with atomic(by) as session:
        return session.execute(unused.values(used_at=clock.now()).returning(BackupCode.id)).scalar() is not None


def _new_backup_codes(by: Principal, user_id: int) -> Sequence[str]:
    codes = ["".join(secrets.choice(_BACKUP_ALPHABET) for _ in range(10)) for _ in range(BACKUP_CODES)]
    with atomic(by) as session:
        session.execute(delete(BackupCode).where(BackupCode.user_id == user_id))
        session.add_all(BackupCode(user_id=user_id, digest=_backup_digest(by, user_id, code)) for code in codes)
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _mailed_digest(by: Principal, challenge: MfaChallenge, code: str) -> str:
    return vault.vault(by).fingerprint(f"{challenge.digest} {code}", "mailed code")


def _backup_digest(by: Principal, user_id: int, code: str) -> str:
    return vault.vault(by).fingerprint(f"{user_id} {code}", "backup code")
