"""Settings of identity providers."""

from pathlib import Path

import pytest

from dashboard.config import IdentityProvider, SettingError, from_environment


def provider(folder: Path, name: str, **environ: str) -> IdentityProvider:
    found = from_environment({"INSTANCE_PATH": str(folder), "SECRET_KEY": "x", **environ}).identity_provider(name)
    assert found is not None
    return found


def test_without_settings_providers_are_as_published_and_have_no_client(tmp_path: Path) -> None:
    google = provider(tmp_path, "google")
    assert google.issuers == ("https://accounts.google.com", "accounts.google.com")
    assert google.keys_url == "https://www.googleapis.com/oauth2/v3/certs"
    assert (google.client_ids, google.client_secret) == ((), None)


def test_clients_and_addresses_are_set_by_provider(tmp_path: Path) -> None:
    environ = {
        "SSO_APPLE_CLIENT_ID": "web, ,phone",
        "SSO_APPLE_CLIENT_SECRET": "very secret",
        "SSO_APPLE_ISSUER": "https://id.example",
        "SSO_APPLE_KEYS_URL": "http://127.0.0.1:9/keys",
    }
    apple = provider(tmp_path, "apple", **environ)
    assert apple.client_ids == ("web", "phone")
    assert apple.issuers == ("https://id.example",)
    assert apple.keys_url == "http://127.0.0.1:9/keys"
    assert "very secret" not in repr(apple)
    assert provider(tmp_path, "google", **environ).client_ids == ()


@pytest.mark.parametrize(
    "address", ["http://keys.example/", "file:///etc/passwd", "keys.example", "https://", "ftp://x"]
)
def test_an_address_that_others_could_listen_to_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(SettingError, match="SSO_MICROSOFT_KEYS_URL must be an https address"):
        provider(tmp_path, "microsoft", SSO_MICROSOFT_KEYS_URL=address)
