"""The blueprint of the accounts' pages, and what several of them need."""

from flask import request

from dashboard.accounts.service import Client
from dashboard.web.pages import PageBlueprint

pages = PageBlueprint("accounts", __name__)


def client() -> Client:
    """Where this request comes from."""
    return Client(request.remote_addr or "", request.user_agent.string)
