"""Slowing down whoever guesses a password: tries are counted for each account from each address."""

from flask import request

from dashboard.core.errors import TooMany
from dashboard.web.api import limiter
from dashboard.web.limits import SIGN_IN_LIMIT


def count_sign_in(login: str) -> str:
    """Count a try for the account `login`; the bucket it was counted in. Raises TooMany."""
    bucket = f"sign-in:{login.strip().lower()[:254]}:{request.remote_addr}"
    if not limiter().hit(bucket, SIGN_IN_LIMIT).allowed:
        raise TooMany("Too many tries for this account. Wait a minute, then try again.", retry_after=60)
    return bucket


def forget(bucket: str) -> None:
    """The try was a good one: only failures in a row count."""
    limiter().forget(bucket, SIGN_IN_LIMIT)
