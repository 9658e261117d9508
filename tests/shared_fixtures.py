"""A database server for whoever asks for one."""

import secrets
from collections.abc import Iterator

import pytest

from depthface_app.gallery.keys import Stretch
from tests.postgres import Postgres
from tests.shared_galleries import SharedGallery


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def shared(postgres, tmp_path, monkeypatch) -> SharedGallery:
    """A shared gallery with nobody in it, and kiosks that follow it; passphrases are stretched little, to save time."""
    monkeypatch.setattr(Stretch, "new", lambda: Stretch(secrets.token_hex(16), iterations=1, lanes=1, memory_kib=8))
    postgres.start()
    return SharedGallery(postgres, tmp_path / "kiosks")
