"""Mail as a promise: a message is written in the command's transaction and sent by a worker after its commit."""

from dashboard.core.mail.address import MAX_ADDRESS, folded_address, is_address
from dashboard.core.mail.models import WIPED, MailMessage
from dashboard.core.mail.queries import outbox
from dashboard.core.mail.server import MailServer, connect, from_settings, server_of, use
from dashboard.core.mail.service import MOST_TRIES, send, send_again

__all__ = [
    "MAX_ADDRESS",
    "MOST_TRIES",
    "WIPED",
    "MailMessage",
    "MailServer",
    "connect",
    "folded_address",
    "from_settings",
    "is_address",
    "outbox",
    "send",
    "send_again",
    "server_of",
    "use",
]
