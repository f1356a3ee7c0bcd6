"""Forms of inviting and of joining."""

from wtforms import EmailField, PasswordField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from dashboard.web.forms import Form


class InviteForm(Form):
    """Whom to invite, and as what."""

    email = EmailField("E-mail", validators=[InputRequired("Enter an address."), Length(max=254)])
    role = SelectField("Role")


class JoinForm(Form):
    """What somebody chooses who joins a business."""

    username = StringField("User name", validators=[InputRequired("Choose a user name."), Length(max=80)])
    name = StringField("Your name", validators=[InputRequired("Enter your name."), Length(max=120)])
    password = PasswordField("Password", validators=[InputRequired("Choose a password."), Length(max=256)])
