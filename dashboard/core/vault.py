"""Secrets that must be read again are sealed before they are stored; keys are derived from the installation's own.

The installation's secret belongs to the database that it seals values for, so it is kept beside the engine.
"""

import base64
import hashlib
import hmac
from weakref import WeakKeyDictionary

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import Engine

from dashboard.core.context import Principal
from dashboard.core.db import reads


class NotSealedHere(ValueError):
    """A sealed value that this installation's secret cannot open: the secret was changed, or the value."""


class Vault:
    """Seals and derives with one installation's secret."""

    def __init__(self, secret_key: str) -> None:
        self._root = hashlib.sha256(secret_key.encode()).digest()

    def derive(self, purpose: str) -> bytes:
        """32 bytes that are always the same for `purpose` and tell nothing of the secret or of other purposes."""
        return hmac.new(self._root, purpose.encode(), hashlib.sha256).digest()

    def fingerprint(self, text: str, purpose: str) -> str:
        """64 hex digits that recognise `text`, even a short code: without the secret they cannot be guessed at."""
        return hmac.new(self.derive("fingerprint " + purpose), text.encode(), hashlib.sha256).hexdigest()

    def seal(self, text: str, purpose: str) -> str:
        """`text` encrypted and authenticated; about 100 characters longer by a third."""
        return self._box(purpose).encrypt(text.encode()).decode()

    def open(self, sealed: str, purpose: str) -> str:
        """What `seal` was given for the same purpose. Raises NotSealedHere."""
        try:
            return self._box(purpose).decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise NotSealedHere(f"A value sealed for {purpose!r} cannot be opened with this SECRET_KEY.") from error

    def _box(self, purpose: str) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(self.derive("seal " + purpose)))


_vaults: WeakKeyDictionary[Engine, Vault] = WeakKeyDictionary()


def connect(engine: Engine, secret_key: str) -> None:
    """Let whoever reads and writes through `engine` seal with `secret_key`."""
    _vaults[engine] = Vault(secret_key)


def vault(by: Principal) -> Vault:
    """The vault of the database that `by` works on."""
    engine = reads(by).get_bind()
    assert isinstance(engine, Engine)
    return _vaults[engine]
