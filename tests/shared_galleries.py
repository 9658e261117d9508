"""Shared galleries for tests: one server, several kiosks, each with a folder of its own."""

import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from depthface_app.gallery.address import Address
from depthface_app.gallery.keys import Keychain
from depthface_app.gallery.server import Server
from depthface_app.gallery.shared import SharedStore, share
from tests.galleries import PASSPHRASE
from tests.postgres import Postgres

PATIENCE_S = 60.0
DATABASE = "gallery"


class SharedGallery:
    """One shared gallery on the tests' server."""

    def __init__(self, postgres: Postgres, folder: Path) -> None:
        self.postgres, self.folder = postgres, folder
        postgres.database(DATABASE)
        self.owner = share(folder / "owner" / "copy.sqlite3", self.address("owner"), PASSPHRASE)
        postgres.admit("kiosk")

    def address(self, role: str = "kiosk") -> str:
        return self.postgres.address(role, DATABASE)

    def server(self, role: str = "kiosk") -> Server:
        return Server(Address.of(self.address(role)))

    def kiosk(
        self, name: str, passphrase: str | None = PASSPHRASE, *, role: str = "kiosk", repairs: bool = False
    ) -> SharedStore:
        """The store of a kiosk, as after a start of its program."""
        path = self.folder / name / "copy.sqlite3"
        return SharedStore(
            path, Keychain(path.with_suffix(".key"), lambda _: passphrase), None, self.address(role), repairs=repairs
        )

    def tamper(self, statement: str, *values: object) -> None:
        """What whoever runs the server can do to it."""
        with psycopg.connect(self.address("owner")) as connection:
            connection.execute(statement, values)


def wait_for(is_so: Callable[[], bool]) -> float:
    """Wait until it is so; returns the seconds that took."""
    begun_s = time.monotonic()
    while not is_so():
        assert time.monotonic() - begun_s < PATIENCE_S, "it never came"
        time.sleep(0.01)
    return time.monotonic() - begun_s
