"""Templates: each compiles, names what exists, and holds no code or style of its own."""

import re
from pathlib import Path

import pytest
from flask import Flask, render_template_string
from jinja2 import StrictUndefined, nodes
from jinja2.visitor import NodeVisitor

from tests.conftest import made_app, settings_at

ROOT = Path(__file__).parents[2] / "templates"
TEMPLATES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.html"))

# What the page's policy would block, or what would go round it.
FORBIDDEN = {
    "an inline script": r"<script(?![^>]*\bsrc=)[^>]*>",
    "an inline style sheet": r"<style\b",
    "a style attribute": r"\sstyle\s*=",
    "an event attribute": r"\son[a-z]+\s*=\s*[\"']",
    "hyperscript or inline htmx code": r"\s(?:_|hx-on[:a-z-]*)\s*=\s*[\"']",
    "an address of scripts": r"javascript:",
    "a foreign script": r"<script[^>]*\bsrc\s*=\s*[\"']https?:",
    "a foreign style sheet": r"<link[^>]*\bhref\s*=\s*[\"']https?:",
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application, for its templates' environment; no database is asked."""
    folder = tmp_path_factory.mktemp("templates")
    return made_app(settings_at(folder, f"sqlite:///{folder / 'none.db'}"))


def parsed(app: Flask, name: str) -> nodes.Template:
    return app.jinja_env.parse((ROOT / name).read_text(encoding="utf-8"))


def without_comments(name: str) -> str:
    return re.sub(r"\{#.*?#\}", "", (ROOT / name).read_text(encoding="utf-8"), flags=re.DOTALL)


def test_what_is_undefined_is_an_error_and_markup_is_escaped(app: Flask) -> None:
    assert app.jinja_env.undefined is StrictUndefined
    assert app.select_jinja_autoescape("x.html")
    with app.test_request_context():
        assert render_template_string("{{ given }}", given="<b>") == "&lt;b&gt;"


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_compiles(app: Flask, name: str) -> None:
    assert app.jinja_env.get_template(name) is not None


def code_in(text: str) -> set[str]:
    """What of the forbidden stands in the HTML of a template, its Jinja tags left out."""
    html = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", text, flags=re.DOTALL)
    return {what for what, pattern in FORBIDDEN.items() if re.search(pattern, html)}


def unescaped_in(template: nodes.Template) -> list[int]:
    """Lines where escaping is turned off for anything but a constant."""
    lines = [node.lineno for node in template.find_all(nodes.Filter) if node.name == "safe" and not _is_constant(node)]
    return lines + [node.lineno for node in template.find_all(nodes.ScopedEvalContextModifier)]


def _is_constant(node: nodes.Filter) -> bool:
    return isinstance(node.node, nodes.Const | nodes.TemplateData)


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_holds_no_code_or_style_of_its_own(app: Flask, name: str) -> None:
    assert code_in(without_comments(name)) == set()
    assert unescaped_in(parsed(app, name)) == []


@pytest.mark.parametrize(
    "text",
    [
        "<script>x()</script>",
        '<p style="color:red">',
        '<a onclick="x()">',
        "<style>p{}</style>",
        '<a href="javascript:x()">',
        '<script src="https://cdn.example/x.js">',
        '<b hx-on:click="x()">',
    ],
)
def test_such_a_line_would_be_found(text: str) -> None:
    assert len(code_in(text)) == 1


@pytest.mark.parametrize(
    "text", ["{{ name|safe }}", "{{ ('<b>' ~ name) | safe }}", "{% autoescape false %}{{ name }}{% endautoescape %}"]
)
def test_escaping_turned_off_would_be_found(app: Flask, text: str) -> None:
    assert unescaped_in(app.jinja_env.parse(text)) == [1]


class Calls(NodeVisitor):
    """Constant first arguments of calls, and names of templates, by what they are given to."""

    def __init__(self) -> None:
        self.found: dict[str, set[str]] = {"url_for": set(), "asset": set(), "template": set()}

    def visit_Call(self, node: nodes.Call) -> None:  # noqa: N802 - Jinja's visitor calls it so
        if isinstance(node.node, nodes.Name) and node.node.name in self.found and node.args:
            self._note(node.node.name, node.args[0])
        self.generic_visit(node)

    def _note(self, name: str, argument: nodes.Node) -> None:
        if isinstance(argument, nodes.Const) and isinstance(argument.value, str):
            self.found[name].add(argument.value)

    def _note_template(self, node: nodes.Extends | nodes.Include | nodes.Import | nodes.FromImport) -> None:
        self._note("template", node.template)
        self.generic_visit(node)

    visit_Extends = visit_Include = visit_Import = visit_FromImport = _note_template  # noqa: N815


def calls_of(app: Flask, name: str) -> dict[str, set[str]]:
    visitor = Calls()
    visitor.visit(parsed(app, name))
    return visitor.found


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_names_only_what_exists(app: Flask, name: str) -> None:
    found = calls_of(app, name)
    endpoints = set(app.view_functions)
    assert {endpoint for endpoint in found["url_for"] if endpoint not in endpoints} == set()
    assert {file for file in found["asset"] if not (ROOT.parent / "static" / file).is_file()} == set()
    assert {file for file in found["template"] if not (ROOT / file).is_file()} == set()


def test_some_names_were_looked_at(app: Flask) -> None:
    found = [calls_of(app, name) for name in TEMPLATES]
    for kind in ("url_for", "asset", "template"):
        assert sum(len(each[kind]) for each in found) > 3


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_form_that_posts_carries_its_token(name: str) -> None:
    text = without_comments(name)
    for form in re.findall(r"<form\b.*?</form>", text, flags=re.DOTALL):
        if re.search(r"method\s*=\s*[\"']post", form, flags=re.IGNORECASE):
            # Both bring the key by which a double click is known.
            assert re.search(r"csrf_field\(\)|\.csrf_token|form_key_field\(\)", form), form[:200]


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_picture_says_what_it_shows(name: str) -> None:
    for picture in re.findall(r"<img\b[^>]*>", without_comments(name), flags=re.DOTALL):
        assert re.search(r"\salt\s*=", picture), picture


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_whole_page_extends_a_layout_and_a_fragment_does_not(app: Flask, name: str) -> None:
    folder, _, file = name.rpartition("/")
    extends = parsed(app, name).find(nodes.Extends) is not None
    if file.startswith("_"):
        assert not extends
    elif folder not in ("layouts", "ui"):
        assert extends, "a page without a layout is a fragment: name it with a leading underscore"
