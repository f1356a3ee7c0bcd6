"""Forms of whoever has forgotten a password, changes it, or proves an address."""

from wtforms import EmailField, PasswordField, StringField
from wtforms.validators import EqualTo, InputRequired, Length

from dashboard.web.forms import Form

_AGAIN = EqualTo("password", "The two passwords differ. Type the new one twice.")


class ForgotForm(Form):
    """Who cannot sign in."""

    login = StringField(
        "User name or e-mail", validators=[InputRequired("Enter your user name or e-mail."), Length(max=254)]
    )


class NewPasswordForm(Form):
    """A new password, twice."""

    password = PasswordField("New password", validators=[InputRequired("Enter a new password."), Length(max=256)])
    again = PasswordField("New password again", validators=[_AGAIN])


class PasswordForm(Form):
    """The present password and a new one, twice."""

    old_password = PasswordField("Present password", validators=[InputRequired("Enter your present password.")])
    new_password = PasswordField("New password", validators=[InputRequired("Enter a new password."), Length(max=256)])
    again = PasswordField(
        "New password again", validators=[EqualTo("new_password", "The two passwords differ. Type the new one twice.")]
    )


class EmailForm(Form):
    """Another address for oneself."""

    email = EmailField("New e-mail address", validators=[InputRequired("Enter an address."), Length(max=254)])
    password = PasswordField("Password", validators=[InputRequired("Enter your password."), Length(max=256)])


class ConfirmAddressForm(Form):
    """A button alone."""
