"""The form that opens a business."""

from wtforms import EmailField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from dashboard.web.forms import Form


class RegistrationForm(Form):
    """A new business and its owner."""

    company_name = StringField(
        "Business", validators=[InputRequired("Say what your business is called."), Length(max=120)]
    )
    name = StringField("Your name", validators=[InputRequired("Say what you are called."), Length(max=120)])
    email = EmailField("E-mail", validators=[InputRequired("Enter your e-mail address."), Length(max=254)])
    username = StringField("User name", validators=[InputRequired("Choose a user name."), Length(max=80)])
    password = PasswordField("Password", validators=[InputRequired("Choose a password."), Length(max=256)])


class SsoRegistrationForm(Form):
    """A new business whose owner signs in with an identity provider, which has told their address."""

    company_name = StringField(
        "Business", validators=[InputRequired("Say what your business is called."), Length(max=120)]
    )
    name = StringField("Your name", validators=[InputRequired("Say what you are called."), Length(max=120)])
    username = StringField("User name", validators=[InputRequired("Choose a user name."), Length(max=80)])
