"""`flask --app wsgi …` commands."""

import os
import sys
import threading
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import click
import flask_migrate
from flask import Flask, current_app

from dashboard import demo, serving
from dashboard.accounts import service as accounts
from dashboard.accounts.models import Tenant
from dashboard.accounts.roles import ROLES
from dashboard.catalog.queries import imports as import_queries
from dashboard.catalog.service import imports
from dashboard.catalog.sources import PRESETS, Preset, ReadLimits, find_preset
from dashboard.config import DEMO_MARK, Settings
from dashboard.core import audit, jobs
from dashboard.core.context import SYSTEM
from dashboard.core.db import db
from dashboard.core.errors import DomainError
from dashboard.web.limits import refuse_more_than_can_share
from dashboard.web.replies import dumps

P = ParamSpec("P")
R = TypeVar("R")


def register(app: Flask) -> None:
    """Add the commands to `app`."""
    for command in (
        demo_command,
        serve,
        worker,
        audit_command,
        create_tenant,
        create_user,
        create_operator,
        create_key,
        import_devices,
    ):
        app.cli.add_command(command)


def speaks_plainly(command: Callable[P, R]) -> Callable[P, R]:
    """Show a refusal as one sentence instead of a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except DomainError as error:
            raise click.ClickException(error.message) from error

    return run


def settings_of_app() -> Settings:
    """The settings of the present application."""
    found = current_app.extensions["settings"]
    assert isinstance(found, Settings)
    return found


def migrate_quietly() -> None:
    """Bring the database to the present schema."""
    flask_migrate.upgrade()
    db.engine.dispose()


@click.command("demo")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with addresses, people and keys.")
@click.option("--serve", "and_serve", is_flag=True, help="Go on to serve the demo on port 8000.")
@click.option("--seed", default=42, show_default=True, help="Makes the generated figures (prices) come out the same.")
@click.option(
    "--size",
    type=click.Choice(list(demo.SIZES)),
    default="medium",
    show_default=True,
    help="small: 400 devices. medium: all shipped devices. large: a million, most of them generated.",
)
@click.option("--port", default=8000, show_default=True, help="Where to serve, with --serve.")
@speaks_plainly
def demo_command(*, as_json: bool, and_serve: bool, seed: int, size: str, port: int) -> None:
    """Create the demo world where it is missing, and say how to get in.

    Two merchants with their people and API keys, and a catalogue of real devices with made-up prices. A second call
    changes nothing and prints the same again.
    """
    settings = settings_of_app()
    if and_serve and "BASE_URL" not in os.environ:
        settings = settings.overridden(base_url=f"http://127.0.0.1:{port}")
    report = _Progress(quiet=as_json)
    migrate_quietly()
    (settings.instance_path / DEMO_MARK).touch()
    demo.load(settings, demo.World(size, seed), report.show)
    report.finish()
    described = demo.describe(settings)
    if as_json:
        click.echo(dumps(described).decode())
    else:
        _tell(described)
    if and_serve and report.shown:
        # A fresh process: what loading took of memory would stay with every web process.
        again = [sys.executable, "-m", "flask", "--app", "wsgi", "serve", "--port", str(port)]
        os.execv(sys.executable, again)  # noqa: S606 - this very program, no text of a user's
    if and_serve:
        serving.serve(settings, host="127.0.0.1", port=port, processes=2)


class _Progress:
    """One line on standard error that says what is being loaded."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._started = time.monotonic()
        self.shown = False

    def show(self, what: str, done: int, total: int) -> None:
        if self._quiet:
            return
        self.shown = True
        share = f"{done * 100 // total:3d} %" if total else ""
        line = f"  Loading {what} {share}"
        sys.stderr.write(f"\r{line:<60}" if sys.stderr.isatty() else f"{line}\n")
        sys.stderr.flush()

    def finish(self) -> None:
        if self.shown:
            sys.stderr.write(f"\r{f'  Loaded in {time.monotonic() - self._started:.0f} s.':<60}\n")


def _tell(described: dict[str, Any]) -> None:
    users = described["users"]
    click.echo(f"\n  Tradecounter demo:  {described['base_url']}\n")
    click.echo("  Sign in as          user name    password           business code")
    for name in ("admin", "viewer"):
        code = described["tenant"]["business_code"]
        click.echo(f"    {name:<18}{users[name]['username']:<13}{users[name]['password']:<19}{code}")
    operator = described["operator"]
    click.echo(f"    {'operator':<18}{operator['username']:<13}{operator['password']:<19}(leave empty)\n")
    click.echo(f"  An API key          {described['keys']['techfleet']}")
    click.echo(
        f'  Try it              curl -H "Authorization: Bearer {described["keys"]["techfleet"]}" \\\n'
        f'                        "{described["base_url"]}/api/catalog/autocomplete?q=iphone+16"\n'
    )
    click.echo("  More people and keys: flask --app wsgi demo --json.  Ctrl-C stops everything.\n")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for all.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on.")
@click.option(
    "--processes",
    default=2,
    show_default=True,
    type=click.IntRange(1, 64),
    help="One a core is right; without REDIS_URL at most 5.",
)
@speaks_plainly
def serve(host: str, port: int, processes: int) -> None:
    """Serve pages, API and background work until Ctrl-C. Migrates the database first."""
    settings = settings_of_app().overridden(processes=processes)
    refuse_more_than_can_share(settings)
    migrate_quietly()
    serving.serve(settings, host=host, port=port, processes=processes)


@click.command()
@click.option("--threads", default=2, show_default=True, help="Pieces of work done at the same time.")
@click.option("--stop-with-parent", is_flag=True, help="End when the process that started this one ends.")
def worker(*, threads: int, stop_with_parent: bool) -> None:
    """Do background work until Ctrl-C. `serve` starts one; more may run on other machines with a shared database."""
    jobs.serve_worker(_app().app_context, threads=threads, stop_with_parent=stop_with_parent)


def _app() -> Flask:
    """The application itself, not the proxy that is bound to this context."""
    return cast(Any, current_app)._get_current_object()  # noqa: SLF001 - Flask's documented way


def _tenant(business_code: str) -> Tenant:
    tenant = accounts.find_tenant(business_code)
    if tenant is None:
        raise click.ClickException(f"There is no tenant with the business code {business_code}.")
    return tenant


@click.command("audit")
def audit_command() -> None:
    """Check the equations that must hold in the data; ends with 1 where one does not."""
    findings = audit.audit(SYSTEM)
    for found in findings:
        click.echo(f"{'wrong' if found.offenders else 'holds'}  {found.equation.name:22} {found.equation.says}")
        for row in found.offenders:
            click.echo("         " + ", ".join(f"{name}={value}" for name, value in row.items()))
    if any(found.offenders for found in findings):
        sys.exit(1)


@click.command("create-tenant")
@click.argument("business_code")
@click.argument("name")
@click.option("--plan", type=click.Choice(["starter", "professional", "enterprise"]), default="starter")
@click.option("--time-zone", default="UTC", show_default=True)
@click.option("--currency", default="USD", show_default=True)
@speaks_plainly
def create_tenant(business_code: str, name: str, plan: str, time_zone: str, currency: str) -> None:
    """Open a tenant: a merchant's whole account.

    BUSINESS_CODE is what its people type when they sign in, such as MYCOMPANY. NAME is shown on pages.
    """
    tenant = accounts.create_tenant(
        SYSTEM, business_code=business_code, name=name, plan=plan, time_zone=time_zone, currency=currency
    )
    click.echo(f"{tenant.business_code} {tenant.public_id}")


_PASSWORD = click.option("--password", prompt=True, hide_input=True, help="Asked for where it is not given.")


@click.command("create-user")
@click.argument("business_code")
@click.argument("username")
@click.option("--role", type=click.Choice(list(ROLES)), default="viewer", show_default=True)
@click.option("--name", help="The person's name; the user name where not given.")
@click.option("--email", help="May be used to sign in.")
@_PASSWORD
@speaks_plainly
def create_user(
    business_code: str, username: str, *, role: str, name: str | None, email: str | None, password: str
) -> None:
    """Add a person to a tenant. The first tenant's owner is the operator as well, as long as there is none."""
    user = accounts.create_user(
        SYSTEM, _tenant(business_code), username=username, role=role, name=name, email=email, password=password
    )
    click.echo(f"{user.username} ({user.role})")


@click.command("create-operator")
@click.argument("username")
@click.option("--name", help="The person's name; the user name where not given.")
@_PASSWORD
@speaks_plainly
def create_operator(username: str, name: str | None, password: str) -> None:
    """Add the person who runs this installation, above all tenants: imports reference data, accepts corrections."""
    user = accounts.create_user(SYSTEM, None, username=username, role="admin", name=name, password=password)
    click.echo(f"{user.username} (operator)")


@click.command("create-key")
@click.argument("business_code")
@click.option("--name", default="key", show_default=True, help="What the key is for; shown in lists.")
@click.option("--dialect", type=click.Choice(accounts.DIALECTS), help="Answers shared paths in this dialect.")
@click.option("--access", type=click.Choice(["read-only", "read-write"]), default="read-only", show_default=True)
@speaks_plainly
def create_key(business_code: str, name: str, dialect: str | None, access: str) -> None:
    """Make an API key for a tenant and print it. It is shown this once."""
    made = accounts.create_key(SYSTEM, _tenant(business_code), name=name, dialect=dialect, access=access)
    click.echo(made.secret)


@click.command("import-devices")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--preset", type=click.Choice(list(PRESETS)), help="A mapping kept for one kind of file.")
@click.option("--map", "mapped", multiple=True, metavar="COLUMN=FIELD", help="What a column is; may be repeated.")
@click.option("--make", help="The make of all rows, where no column gives it.")
@click.option("--category", help="The category of all rows, where no column gives it.")
@click.option("--source", help="What devices credit their fields to; the preset or the file's name where not given.")
@click.option("--licence", default="", help="The licence of the data.")
@click.option("--overwrite", is_flag=True, help="Replace what other sources said; else only gaps are filled.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and write nothing but the report.")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="Write what was left out, as CSV.")
@speaks_plainly
def import_devices(
    file: Path,
    *,
    preset: str | None,
    mapped: tuple[str, ...],
    make: str | None,
    category: str | None,
    source: str | None,
    licence: str,
    overwrite: bool,
    dry_run: bool,
    report: Path | None,
) -> None:
    """Import devices from FILE, a CSV or JSON file, also as .gz or .zip.

    Columns that are mapped neither by --map nor by a preset are taken by their names. A FIELD is one of make, name,
    model_numbers, category, release_date, gtin, image_url, price, price:USD, spec:LABEL, name_suffix:LABEL, or nothing
    to leave the column out.
    """
    settings = settings_of_app()
    limits = ReadLimits(max_bytes=settings.max_import_bytes)
    with file.open("rb") as content:
        draft = imports.add_import(SYSTEM, content, file.name, imports.import_folder(settings.instance_path), limits)
    click.echo(f"{file.name}: {draft.row_count:,} rows, {draft.encoding_note}.", err=True)
    known = PRESETS[preset] if preset else find_preset(draft.columns) or Preset("", file.stem, draft.mapping)
    plan = imports.ImportPlan(
        {**{column: known.mapping.get(column, "") for column in draft.columns}, **_pairs(mapped)},
        source or known.label,
        licence,
        make=known.make if make is None else make,
        category=known.category if category is None else category,
        make_from_name=known.make_from_name and not make,
        overwrite=overwrite,
        dry_run=dry_run,
    )
    jobs.disconnect()  # this process does the work itself; a worker takes over only if it dies
    _run_import(imports.start_import(SYSTEM, draft.id, plan).id)
    _tell_import(import_queries.get_import(SYSTEM, draft.id), report)


def _pairs(mapped: tuple[str, ...]) -> dict[str, str]:
    pairs = [text.partition("=") for text in mapped]
    if wrong := [column for column, sign, _ in pairs if not sign]:
        raise click.BadParameter(f"{wrong[0]!r} is not COLUMN=FIELD.", param_hint="--map")
    return {column: target for column, _, target in pairs}


def _run_import(import_id: int) -> None:
    """Run a started import in this thread; another says how far it is. Ctrl-C cancels it between two batches."""
    app = _app()
    ended = threading.Event()

    def watch() -> None:
        progress = _Progress(quiet=False)
        shown = ("", 0)
        with app.app_context():
            while not ended.wait(0.5):
                view = import_queries.get_import(SYSTEM, import_id)
                what = "search index" if view.done == view.total else "devices"
                if shown != (what, view.done):
                    shown = (what, view.done)
                    progress.show(what, view.done, view.total)
                db.session.remove()
        progress.finish()

    watcher = threading.Thread(target=watch)
    watcher.start()
    work_id = import_queries.get_import(SYSTEM, import_id).run.work_id
    assert work_id is not None
    try:
        jobs.run_one(work_id)
    except KeyboardInterrupt:
        imports.cancel_import(SYSTEM, import_id)
    finally:
        ended.set()
        watcher.join()


def _tell_import(view: import_queries.ImportView, report: Path | None) -> None:
    if view.run.dry_run:
        click.echo("A dry run: nothing was written.")
    for word in ("read", "added", "changed", "unchanged", "refused"):
        click.echo(f"  {word:<10}{view.count(word):>10,}")
    click.echo(f"  {view.count('left_out'):>8,} values differ from what other rows or sources say, and were not taken")
    for each in view.reasons[:10]:
        click.echo(f"  {each.times:>8,} × {each.field or 'row'}: {each.reason}")
    if report is not None:
        with report.open("w", encoding="utf-8", newline="") as file:
            file.writelines(import_queries.problem_report(SYSTEM, view.run.id))
        click.echo(f"  Report: {report}")
    if view.state != "done":
        raise click.ClickException(view.error or f"The import is {view.state}.")
