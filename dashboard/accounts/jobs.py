"""Background work of the accounts."""

from dashboard.accounts import service
from dashboard.accounts.service.password_change import RESET_JOB
from dashboard.core import jobs


@jobs.job(RESET_JOB)
def mail_reset_links(task: jobs.Task) -> dict[str, object]:
    """Mail links to whoever has the name or address that somebody typed, if anybody has."""
    return {"mailed": service.mail_reset_links(task.args["login"], task.args["link"])}
