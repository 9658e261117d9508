"""Secrets that commands need: from the environment, or from whoever sits at the terminal."""

import getpass
import os
import sys

from depthface_app.build import Setup, open_gallery
from depthface_app.core.errors import GalleryError
from depthface_app.gallery.keys import from_environment, good_passphrase
from depthface_app.gallery.roles import Duty, demand, has_pins, role_of, sign_in
from depthface_app.gallery.store import GalleryStore

NEW_PASSPHRASE_VARIABLE = "DEPTHFACE_NEW_PASSPHRASE"
FILE_PASSPHRASE_VARIABLE = "DEPTHFACE_FILE_PASSPHRASE"
PIN_VARIABLE = "DEPTHFACE_PIN"


def gallery_passphrase(question: str) -> str | None:
    """The passphrase of the gallery; None when there is nobody to ask."""
    return from_environment(question) or _typed(question)


def file_passphrase(question: str) -> str | None:
    """The passphrase of a file or backup that is being opened; None when there is nobody to ask."""
    return os.environ.get(FILE_PASSPHRASE_VARIABLE) or _typed(question)


def new_passphrase(variable: str) -> str:
    """A passphrase to be used from now on: from the environment, or typed twice.

    Raises:
        GalleryError: if there is nobody to ask, it is too short, or the two differ.
    """
    given = os.environ.get(variable)
    if not given:
        given = _typed("New passphrase: ")
        if given is None:
            raise GalleryError(f"A passphrase is needed; set {variable} or run this in a terminal.")
        if given != _typed("Once more: "):
            raise GalleryError("The two passphrases differ; nothing was changed.")
    return good_passphrase(given)


def new_pin() -> str:
    """A PIN to be used from now on; "" for none."""
    given = os.environ.get("DEPTHFACE_NEW_PIN")
    if given is None:
        given = _typed("New PIN (empty for none): ")
        if given is None:
            raise GalleryError("A PIN is needed; set DEPTHFACE_NEW_PIN or run this in a terminal.")
    return given


def gallery_for(setup: Setup, duty: Duty, *, repairs: bool = False) -> GalleryStore:
    """The gallery, for somebody who may do this; where PINs are set, they say theirs.

    Raises:
        GalleryError: if it cannot be used, or the PIN is missing, wrong, or not enough.
    """
    store = open_gallery(setup, repairs=repairs)
    if has_pins(store.vault):
        pin = os.environ.get(PIN_VARIABLE) or _typed("PIN: ")
        if not pin:
            raise GalleryError(f"The gallery asks for a PIN; set {PIN_VARIABLE} or run this in a terminal.")
        demand(role_of(store.vault, pin) if repairs else sign_in(store.vault, pin), duty)
    return store


def _typed(question: str) -> str | None:
    """What is typed unseen at the terminal; None without one."""
    return getpass.getpass(question) if sys.stdin is not None and sys.stdin.isatty() else None
