"""Forms of signing in."""

from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from dashboard.web.forms import Form


class SignInForm(Form):
    """Business code (may be left out), user name or e-mail, password."""

    business_code = StringField("Business code", validators=[Length(max=40)])
    login = StringField(
        "User name or e-mail", validators=[InputRequired("Enter your user name or e-mail."), Length(max=254)]
    )
    password = PasswordField("Password", validators=[InputRequired("Enter your password."), Length(max=256)])
    next = HiddenField()


class CodeForm(Form):
    """A code of the app, of the mail, or a backup code."""

    code = StringField("Code", validators=[InputRequired("Enter the code."), Length(max=20)])
