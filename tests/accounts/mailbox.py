"""What was mailed, as its reader sees it."""

import re

from sqlalchemy import select

from dashboard.core import jobs
from dashboard.core.context import SYSTEM
from dashboard.core.db import db, reads
from dashboard.core.mail import MailMessage

LINK = "http://links.test/{}"


def link_to(token: str) -> str:
    """Where a link leads in tests of the service."""
    return LINK.format(token)


def deliver() -> None:
    """Let the worker do what was promised, also by a browser since the test last looked."""
    _see_anew()
    jobs.run_due()
    _see_anew()


def _see_anew() -> None:
    db.session.expunge_all()
    db.session.rollback()


def mailbox() -> list[MailMessage]:
    """All mail, the oldest first, after the worker has done what was promised."""
    deliver()
    found = list(reads(SYSTEM).scalars(select(MailMessage).order_by(MailMessage.id)))
    _see_anew()
    return found


def subjects() -> list[tuple[str, str]]:
    """To whom and what about."""
    return [(each.recipient, each.subject) for each in mailbox()]


def newest_link() -> str:
    """The link in the newest mail."""
    found = re.search(r"https?://\S+", mailbox()[-1].body)
    assert found is not None
    return found[0]


def newest_token() -> str:
    """The token at the end of that link."""
    return newest_link().rpartition("/")[2]
