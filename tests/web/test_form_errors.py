"""Errors of a form: all of them, in the summary and beside their fields."""

from flask import Flask, render_template_string

from dashboard.accounts.forms.sign_in import SignInForm
from dashboard.core.errors import FieldError, Invalid

PAGE = """{% from "ui/forms.html" import error_summary, field %}{{ error_summary(form) }}<hr>{{ field(form.login) }}"""
TWO = Invalid(
    "No.", fields=(FieldError("login", "Too short."), FieldError("login", "Too plain."), FieldError("x", "Odd."))
)


def test_every_error_of_a_field_stands_in_the_summary_and_beside_it(app: Flask) -> None:
    with app.test_request_context("/sign-in"):
        form = SignInForm()
        form.refuse(TWO)
        summary, beside = render_template_string(PAGE, form=form).split("<hr>")
    for said in ("Too short.", "Too plain."):
        assert f'<a href="#login">User name or e-mail</a>: {said}' in summary
        assert said in beside
    assert "<li>Odd.</li>" in summary
