"""Background work of the accounts."""

from datetime import timedelta
from pathlib import Path

from flask import current_app

from dashboard.accounts import service
from dashboard.accounts.service import closing, erasure, export, pruning, sandbox_refill
from dashboard.accounts.service.password_change import RESET_JOB
from dashboard.config import Settings
from dashboard.core import jobs
from dashboard.web.registry import registry

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@jobs.job(RESET_JOB)
def mail_reset_links(task: jobs.Task) -> dict[str, object]:
    """Mail links to whoever has the name or address that somebody typed, if anybody has."""
    return {"mailed": service.mail_reset_links(task.args["login"], task.args["link"])}


@jobs.job(export.JOB)
def export_business(task: jobs.Task) -> dict[str, object]:
    """Write everything that is a business's own into one file."""
    return export.write_export(task, _instance_path())


@jobs.periodic("accounts.remove_old_exports", every=HOUR)
def remove_old_exports(task: jobs.Task) -> dict[str, object]:
    """Remove the files of exports whose week is over."""
    return export.remove_old_exports(task, _instance_path())


@jobs.job(closing.REMIND_JOB)
def remind_of_closing(task: jobs.Task) -> dict[str, object]:
    """Mail an owner that their business ends in three days."""
    return {"told": closing.remind_of_closing(task)}


@jobs.periodic("accounts.see_to_closings", every=HOUR)
def see_to_closings(task: jobs.Task) -> dict[str, object]:
    """Have every business erased whose time is over."""
    return {"due": closing.ask_for_due_erasures(task.by)}


@jobs.job(closing.ERASE_JOB, max_attempts=20, installation=True)
def erase_business(task: jobs.Task) -> dict[str, object]:
    """Erase a business and its sandbox."""
    return erasure.erase_business(task, _instance_path())


@jobs.job(sandbox_refill.JOB)
def refill_sandbox(task: jobs.Task) -> dict[str, object]:
    """Empty a sandbox and let each domain fill it anew."""
    return sandbox_refill.refill(task, registry().sandbox_fillers)


@jobs.periodic("accounts.refill_sandboxes", every=HOUR)
def refill_sandboxes(task: jobs.Task) -> dict[str, object]:
    """Refill the sandboxes of businesses that want it nightly, in their night."""
    return sandbox_refill.ask_for_nightly_refills(task)


@jobs.periodic("accounts.prune", every=DAY)
def prune(task: jobs.Task) -> dict[str, object]:
    """Forget sessions, tokens, links and invitations that are long past use."""
    return pruning.prune(task)


@jobs.periodic("accounts.prune_usage", every=DAY)
def prune_usage(task: jobs.Task) -> dict[str, object]:
    """Forget what callers used more than four hundred days ago."""
    return {"pruned": service.prune_usage(task.by)}


def _instance_path() -> Path:
    settings: Settings = current_app.extensions["settings"]
    return settings.instance_path
