"""The base of all forms: errors as sentences, nothing typed is lost."""

from typing import Any, cast

from flask_wtf import FlaskForm
from flask_wtf.csrf import _FlaskFormCSRF  # pyright: ignore[reportPrivateUsage]
from markupsafe import Markup
from wtforms import Field
from wtforms.csrf.core import CSRFTokenField

from dashboard.core.errors import DomainError, Invalid
from dashboard.web.idempotency import hidden_field


class _TokenField(CSRFTokenField):
    """The CSRF token, and beside it the key by which a form that is sent twice is known."""

    def __call__(self, **attributes: object) -> Markup:
        return super().__call__(**attributes) + hidden_field()


class _Tokens(_FlaskFormCSRF):
    field_class = _TokenField


class Form(FlaskForm):
    """A page's form. A service's refusal is put beside the fields it names."""

    class Meta(FlaskForm.Meta):
        csrf_class = _Tokens

    def sent(self) -> bool:
        """Whether the form was sent and holds nothing wrong."""
        return bool(cast(Any, self).validate_on_submit()) and self._is_storable()

    def _is_storable(self) -> bool:
        for name, value in self.data.items():
            if isinstance(value, str) and "\0" in value:
                self.refuse(Invalid.field(name, "This holds a NUL character, which cannot be used."))
        return not self.errors

    def values(self) -> dict[str, Any]:
        """What was typed, by field name, without the CSRF token."""
        return {name: value for name, value in self.data.items() if name != "csrf_token"}

    def refuse(self, error: DomainError) -> None:
        """Show `error`: beside each field it names, the rest at the top."""
        for item in error.fields:
            field: Field | None = self._fields.get(item.field)
            if field is not None:
                field.errors = [*field.errors, item.message]
            else:
                self.form_errors.append(item.message)
        if not error.fields:
            self.form_errors.append(error.message)
