"""A file sealed to whoever may open it: the holder of an X25519 key (age), or of a passphrase.

The first line is JSON in the open, the rest an age file. Sealed to a passphrase, the age key is a fresh one that lies
in the first line under Argon2id; whoever has only the public half can then seal again for the same passphrase, which is
how an erasure reaches a backup without asking for it. age hides content and shows changes, not who sealed.

Source of the format: age-encryption.org/v1, through pyrage.
"""

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import pyrage

from depthface_app.core.errors import GalleryError
from depthface_app.core.files import whole_file
from depthface_app.gallery.keys import Stretch, flush_folder, good_passphrase
from depthface_app.gallery.sealing import BrokenSeal, seal, unseal

_FORMAT = "depthface.sealed"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who may open a sealed file.

    public:  age public key ("age1...")
    stretch, wrapped: for a passphrase, how it opens the secret half
    """

    public: str
    stretch: Stretch | None = None
    wrapped: str = ""

    @classmethod
    def of_passphrase(cls, passphrase: str) -> "Recipient":
        """Whoever knows a passphrase. Raises GalleryError if it is too short."""
        identity, stretch = pyrage.x25519.Identity.generate(), Stretch.new()
        public = str(identity.to_public())
        wrapped = seal(stretch.key(good_passphrase(passphrase)), str(identity).encode(), "identity", public)
        return cls(public, stretch, wrapped.hex())

    @classmethod
    def of_key(cls, public: str) -> "Recipient":
        """The holder of an age key. Raises GalleryError if the text is none."""
        try:
            pyrage.x25519.Recipient.from_str(public)
        except pyrage.RecipientError:
            raise GalleryError(f"“{public}” is no public key; give one that begins with age1.") from None
        return cls(public)

    @classmethod
    def of_values(cls, values: dict[str, object]) -> "Recipient":
        """What `asdict` made of one."""
        stretch = values["stretch"]
        known = Stretch(**stretch) if isinstance(stretch, dict) else None
        return cls(str(values["public"]), known, str(values["wrapped"]))


def new_identity() -> str:
    """A fresh age secret key."""
    return str(pyrage.x25519.Identity.generate())


def public_half(identity: str) -> str:
    """The public half of an age key. Raises GalleryError if the text is none."""
    try:
        return str(pyrage.x25519.Identity.from_str(identity.strip()).to_public())
    except pyrage.IdentityError:
        raise GalleryError("This is no age secret key; it begins with AGE-SECRET-KEY-1.") from None


def write_box(path: Path, kind: str, content: bytes, recipient: Recipient) -> None:
    """Seal content into a file, which is whole or not there.

    Raises:
        GalleryError: if it cannot be written.
    """
    head = {"format": _FORMAT, "version": _VERSION, "kind": kind, "recipient": asdict(recipient)}
    sealed = pyrage.encrypt(content, [pyrage.x25519.Recipient.from_str(recipient.public)])
    try:
        with whole_file(path, private=True) as part, part.open("wb") as writing:
            writing.write(json.dumps(head).encode("ascii") + b"\n" + sealed)
            writing.flush()
            os.fsync(writing.fileno())
        flush_folder(path.parent)
    except OSError as error:
        raise GalleryError(f"{path} cannot be written: {error.strerror}; nothing was exported.") from error


def is_box(path: Path) -> bool:
    """Whether the file says that it is sealed. Raises GalleryError if it cannot be read."""
    return _FORMAT.encode() in _bytes(path)[:100]


def read_box(path: Path, kind: str, identities: Iterable[str], ask: Callable[[str], str | None]) -> bytes:
    """The content of a sealed file.

    Args:
        identities: age secret keys to try, for a file sealed to a key.
        ask: asks for the passphrase of a file sealed to one.

    Raises:
        GalleryError: if it is missing, damaged, of another kind, or sealed to somebody else.
    """
    first, _, sealed = _bytes(path).partition(b"\n")
    try:
        head = json.loads(first)
        recipient = Recipient.of_values(head["recipient"])
        if (head["format"], head["version"], head["kind"]) != (_FORMAT, _VERSION, kind):
            raise GalleryError(f"{path} is not a sealed file of {kind} of version {_VERSION}.")
    except (ValueError, KeyError, TypeError):
        raise GalleryError(f"{path} is damaged, or no sealed file; copy or export it again.") from None
    if recipient.stretch is not None:
        identities = [_identity(recipient, path, ask)]
    fitting = [each for each in identities if public_half(each) == recipient.public]
    if not fitting:
        raise GalleryError(
            f"{path} is sealed to {recipient.public}, whose secret key is not here; give it with --identity."
        )
    try:
        return bytes(pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(fitting[0].strip())]))
    except pyrage.DecryptError:
        raise GalleryError(f"{path} is damaged or was changed; copy or export it again.") from None


def _identity(recipient: Recipient, path: Path, ask: Callable[[str], str | None]) -> str:
    passphrase = ask(f"Passphrase of {path.name}: ")
    if not passphrase:
        raise GalleryError(f"{path} is sealed with a passphrase; set DEPTHFACE_FILE_PASSPHRASE or use a terminal.")
    assert recipient.stretch is not None
    try:
        key = recipient.stretch.key(passphrase)
        return unseal(key, bytes.fromhex(recipient.wrapped), "identity", recipient.public).decode()
    except (BrokenSeal, ValueError):
        raise GalleryError(f"The passphrase does not open {path}, or its first line was changed.") from None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise GalleryError(f"{path} cannot be read: {error.strerror}.") from error
