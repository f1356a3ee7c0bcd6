"""Bodies and answers of the authentication API (K5–K119)."""

import uuid
from datetime import datetime
from typing import Annotated, Literal, NotRequired

from pydantic import AwareDatetime, BaseModel, Field
from typing_extensions import TypedDict

from dashboard.web.schemas import MAX_INT, BodyModel

Token = Annotated[str, Field(min_length=1, max_length=4096)]
Password = Annotated[str, Field(min_length=1, max_length=1024)]


class LoginBody(BodyModel):
    """K45. The tenant is named by `X-Tenant-Id`, or here by its business code."""

    username: Annotated[str, Field(min_length=1, max_length=254, description="User name or e-mail.")]
    password: Password
    business_code: Annotated[str | None, Field(max_length=40)] = None


class MfaVerifyBody(BodyModel):
    """K62."""

    challenge_token: Token
    code: Annotated[str, Field(min_length=6, max_length=20, description="TOTP code, mailed code or backup code.")]


class MfaEmailBody(BodyModel):
    """A challenge to mail a code for."""

    challenge_token: Token


class RefreshBody(BodyModel):
    """K68. With `rotate` a new refresh token comes back and this one ends."""

    refresh_token: Token
    rotate: bool = False


class LogoutBody(BodyModel):
    """Which session to end; without a token the one that asks."""

    refresh_token: Token | None = None


class RegisterBody(BodyModel):
    """K102."""

    email: Annotated[str, Field(max_length=254, pattern=r"^[^@\s\[\]]+@[^@\s\[\]]+\.[^@\s\[\]]+$")]
    username: Annotated[str, Field(min_length=1, max_length=80)]
    password: Password
    first_name: Annotated[str, Field(max_length=60)]
    last_name: Annotated[str, Field(max_length=60)]
    company_name: Annotated[str, Field(min_length=1, max_length=120)]


class CodeBody(BodyModel):
    """A code that proves the second factor."""

    code: Annotated[str, Field(min_length=6, max_length=20)]


class BrandingJson(TypedDict):
    """How a business looks."""

    display_name: str
    primary_color: str
    logo_url: NotRequired[str | None]


class TenantJson(TypedDict):
    """K15–K31."""

    businessCode: str
    businessName: str
    apiUrl: str
    tenantId: uuid.UUID
    branding: BrandingJson
    business_code: str
    business_name: str
    api_url: str
    tenant_id: uuid.UUID


class PersonJson(TypedDict):
    """Who has signed in (K50)."""

    id: int
    username: str
    name: str
    is_admin: bool
    roles: list[str]


class SignedInJson(TypedDict):
    """Tokens, or the challenge that stands before them (K44–K60)."""

    access_token: NotRequired[str]
    refresh_token: NotRequired[str]
    user: NotRequired[PersonJson]
    mfa_required: NotRequired[bool]
    mfa_challenge_token: NotRequired[str]


class RegisteredJson(TypedDict):
    """K112: the login answer with the new business; the key acts on its sandbox and is shown now alone."""

    access_token: str
    refresh_token: str
    user: PersonJson
    business_code: str
    business_name: str
    tenant_id: uuid.UUID
    sandbox_api_key: str


class RefreshedJson(TypedDict):
    """K75; a refresh token only where rotation was asked for."""

    access_token: str
    refresh_token: NotRequired[str]


class EnrolmentJson(TypedDict):
    """What sets up an authenticator app."""

    secret: str
    otpauth_uri: str


class BackupCodesJson(TypedDict):
    """Shown now and never again."""

    backup_codes: list[str]


class SentJson(TypedDict):
    """A code is on its way."""

    sent: bool


class IdentityBody(BodyModel):
    """K115. The identity token that Google, Apple or Microsoft gave the client."""

    id_token: Annotated[str, Field(min_length=1, max_length=10_000)]


class IdentityRegisterBody(IdentityBody):
    """K119. As for registering with a password; what is left out is taken from the identity."""

    company_name: Annotated[str, Field(min_length=1, max_length=120)]
    username: Annotated[str | None, Field(min_length=1, max_length=80)] = None
    first_name: Annotated[str, Field(max_length=60)] = ""
    last_name: Annotated[str, Field(max_length=60)] = ""


class IdentityJson(TypedDict):
    """An account that signs its person in."""

    id: int
    provider: str
    email: str | None
    linked_at: datetime


class ClockBody(BodyModel):
    """How far to move a sandbox's clock: one of the two."""

    seconds: Annotated[int | None, Field(ge=1, le=MAX_INT, description="By how many seconds.")] = None
    to: Annotated[AwareDatetime | None, Field(description="To which moment, such as 2026-03-01T10:00:00Z.")] = None


class ClockJson(TypedDict):
    """What time it is in a sandbox, and how far that is ahead of the true time."""

    now: datetime
    true_time: datetime
    ahead_s: int


class OAuthTokenForm(BaseModel):
    """A26. The client may name itself and its secret here instead of in an `Authorization: Basic` header."""

    grant_type: Literal["client_credentials"]
    scope: Annotated[
        str, Field(description="Scopes between single spaces; all that the client may have by default.")
    ] = ""
    client_id: str = ""
    client_secret: str = ""


class OAuthTokenJson(TypedDict):
    """A29."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str
