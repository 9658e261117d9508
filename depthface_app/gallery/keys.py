"""What opens a gallery: the system's keyring, a passphrase, or a key file beside it.

The gallery's data key is sealed with an outer key, and that is all an outer key seals: another passphrase re-seals 32
bytes and nothing else. Every outer key has a number, so that a new one can be in place before the gallery changes over
and the old one goes only afterwards; a stop in between leaves both, and the gallery says which it needs.

Source of the Argon2id parameters: RFC 9106 section 4, second recommended option (3 passes, 4 lanes, 64 MiB, 16 bytes
of salt).
"""

import json
import os
import secrets
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from depthface_app.core.errors import GalleryError
from depthface_app.core.files import whole_file
from depthface_app.gallery.sealing import KEY_BYTES, BrokenSeal, new_key, seal, unseal

PASSPHRASE_VARIABLE = "DEPTHFACE_PASSPHRASE"
KEYRING, PASSPHRASE, FILE = "keyring", "passphrase", "file"
KEYRING_SERVICE = "depthface"
SALT_BYTES = 16
_STRETCHING = threading.Lock()  # OpenSSL's own threads wait for each other for ever when two are derived at once
SHORTEST_PASSPHRASE = 8  # letters; NIST SP 800-63B section 3.1.1


class WrongPassphrase(GalleryError):
    """The passphrase that was given is not the gallery's."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """How a passphrase or a PIN becomes a key: Argon2id's parameters, kept beside what they made."""

    salt: str
    iterations: int = 3
    lanes: int = 4
    memory_kib: int = 65536

    @classmethod
    def new(cls) -> "Stretch":
        """Today's parameters with a fresh salt."""
        return cls(secrets.token_hex(SALT_BYTES))

    def key(self, passphrase: str) -> bytes:
        """The key of a passphrase."""
        salt = bytes.fromhex(self.salt)
        derive = Argon2id(
            salt=salt, length=KEY_BYTES, iterations=self.iterations, lanes=self.lanes, memory_cost=self.memory_kib
        )
        with _STRETCHING:
            return derive.derive(passphrase.encode())


@dataclass(frozen=True, slots=True)
class Lock:
    """What stands in the open about a gallery's outer key.

    kind:    keyring, passphrase or file
    number:  which outer key, of those that this kind may hold
    wrapped: the data key, sealed with the outer key, hexadecimal
    stretch: for a passphrase
    """

    kind: str
    number: str
    wrapped: str
    stretch: Stretch | None = None

    @classmethod
    def close(cls, data_key: bytes, outer: "OuterKey", gallery: str) -> "Lock":
        """The lock that an outer key makes around a data key."""
        wrapped = seal(outer.key, data_key, "data key", gallery, outer.number)
        return cls(outer.kind, outer.number, wrapped.hex(), outer.stretch)

    def open(self, key: bytes, gallery: str) -> bytes:
        """The data key. Raises BrokenSeal if the outer key is another."""
        return unseal(key, bytes.fromhex(self.wrapped), "data key", gallery, self.number)

    def as_text(self) -> str:
        """JSON, to be kept."""
        return json.dumps(asdict(self))

    @classmethod
    def of_text(cls, text: str) -> "Lock":
        """What `as_text` wrote. Raises ValueError, KeyError or TypeError if it is damaged."""
        values = json.loads(text)
        stretch = values["stretch"]
        lock = cls(values["kind"], values["number"], values["wrapped"], Stretch(**stretch) if stretch else None)
        bytes.fromhex(lock.wrapped)
        return lock


@dataclass(frozen=True, slots=True)
class OuterKey:
    """A key that seals the data key, with how to find it again."""

    kind: str
    number: str
    key: bytes
    stretch: Stretch | None = None


def from_environment(_: str) -> str | None:
    """The passphrase of scripts and services; None without one."""
    return os.environ.get(PASSPHRASE_VARIABLE) or None


@dataclass(frozen=True, slots=True)
class Keychain:
    """Where outer keys are on this computer.

    file:        the key file of a gallery without keyring and passphrase
    ask:         answers a question for the passphrase; None when there is nobody to ask
    use_keyring: whether a new gallery goes into the system's keyring if there is one
    """

    file: Path
    ask: Callable[[str], str | None] = from_environment
    use_keyring: bool = False

    def kind_for_new(self) -> str:
        """What a new gallery is sealed with: a passphrase from the environment, else a keyring, else a key file."""
        if from_environment(""):
            return PASSPHRASE
        return KEYRING if self.use_keyring and _keyring_works() else FILE

    def make(self, kind: str, gallery: str, passphrase: str | None = None) -> OuterKey:
        """A new outer key, kept where its kind is kept, beside those already there.

        Raises:
            GalleryError: if there is no keyring, no usable passphrase, or the key file cannot be written.
        """
        number = secrets.token_hex(4)
        if kind == PASSPHRASE:
            stretch = Stretch.new()
            return OuterKey(kind, number, stretch.key(good_passphrase(passphrase)), stretch)
        key = new_key()
        self._hold(kind, gallery, {**self._held(kind, gallery), number: key.hex()})
        return OuterKey(kind, number, key)

    def find(self, lock: Lock, gallery: str) -> bytes:
        """The outer key of a lock.

        Raises:
            GalleryError: if it is not here, or nobody is there to be asked for the passphrase.
        """
        if lock.kind == PASSPHRASE and lock.stretch is not None:
            passphrase = self.ask("Passphrase of the gallery: ")
            if not passphrase:
                raise GalleryError(
                    f"The gallery is sealed with a passphrase; set {PASSPHRASE_VARIABLE} or run this in a terminal."
                )
            return lock.stretch.key(passphrase)
        found = self._held(lock.kind, gallery).get(lock.number)
        if found is None:
            raise GalleryError(
                "The gallery's key is not in this user's keyring; sign in as its owner or restore a backup."
                if lock.kind == KEYRING
                else f"The key of the gallery is not in {self.file}; put the key file back or restore a backup."
            )
        return bytes.fromhex(found)

    def forget(self, lock: Lock, gallery: str) -> None:
        """Destroy an outer key that nothing needs any more."""
        if lock.kind != PASSPHRASE:
            held = self._held(lock.kind, gallery)
            held.pop(lock.number, None)
            self._hold(lock.kind, gallery, held)

    def keep_only(self, lock: Lock, gallery: str) -> None:
        """Destroy what a stop in the middle of a change of keys left."""
        for kind in (FILE, KEYRING) if lock.kind == KEYRING else (FILE,):
            held = self._held(kind, gallery)
            kept = {number: key for number, key in held.items() if (lock.kind, lock.number) == (kind, number)}
            if kept != held:
                self._hold(kind, gallery, kept)

    def _held(self, kind: str, gallery: str) -> dict[str, str]:
        """The outer keys of a gallery by number, in the keyring or in the key file."""
        try:
            text = _keyring_get(gallery) if kind == KEYRING else self.file.read_text("ascii")
            return {str(number): str(key) for number, key in json.loads(text or "{}").items()}
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise GalleryError(f"The key file {self.file} cannot be read: {error.strerror}.") from error
        except (ValueError, AttributeError) as error:
            where = "entry in the keyring" if kind == KEYRING else f"file {self.file}"
            raise GalleryError(f"The key {where} is damaged; put a copy back or restore a backup.") from error

    def _hold(self, kind: str, gallery: str, keys: dict[str, str]) -> None:
        if kind == KEYRING:
            _keyring_set(gallery, json.dumps(keys) if keys else None)
            return
        try:
            if not keys:
                self.file.unlink(missing_ok=True)
                return
            with whole_file(self.file, private=True) as part, part.open("w", encoding="ascii") as writing:
                json.dump(keys, writing)
                writing.flush()
                os.fsync(writing.fileno())
            flush_folder(self.file.parent)
        except OSError as error:
            raise GalleryError(f"The key file {self.file} cannot be written: {error.strerror}.") from error


def open_lock(lock: Lock, key: bytes, gallery: str, path: Path) -> bytes:
    """The data key behind a lock.

    Raises:
        GalleryError: if the outer key is the wrong one; for a passphrase, that it is wrong.
    """
    try:
        data_key = lock.open(key, gallery)
    except BrokenSeal:
        if lock.kind == PASSPHRASE:
            raise WrongPassphrase(f"The passphrase does not open the gallery {path}; nothing was changed.") from None
        raise GalleryError(
            f"The key in the {lock.kind} does not open the gallery {path}; nothing was changed."
        ) from None
    _leave_no_core_dump()
    return data_key


def good_passphrase(passphrase: str | None) -> str:
    """The passphrase, if it may serve.

    Raises:
        GalleryError: if it is missing or shorter than eight letters.
    """
    if passphrase is None or len(passphrase) < SHORTEST_PASSPHRASE:
        raise GalleryError(f"A passphrase needs at least {SHORTEST_PASSPHRASE} letters; several words are best.")
    return passphrase


def _leave_no_core_dump() -> None:
    """A process that holds keys and faces writes neither to disk when it crashes."""
    if os.name == "posix":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def flush_folder(folder: Path) -> None:
    """Let a file's new name survive a power cut, where the system can say so."""
    if os.name == "posix":
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


# The keyring's library is slow to import and most galleries' keys are not there.
def _keyring_works() -> bool:
    import keyring
    from keyring.backends import fail, null

    return not isinstance(keyring.get_keyring(), fail.Keyring | null.Keyring)


def _keyring_set(gallery: str, text: str | None) -> None:
    import keyring
    from keyring.errors import KeyringError, PasswordDeleteError

    try:
        if text is None:
            keyring.delete_password(KEYRING_SERVICE, gallery)
        else:
            keyring.set_password(KEYRING_SERVICE, gallery, text)
    except PasswordDeleteError:
        return  # it is gone already
    except KeyringError as error:
        raise GalleryError(f"The system's keyring cannot keep the key ({error}); seal with a passphrase.") from error


def _keyring_get(gallery: str) -> str | None:
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(KEYRING_SERVICE, gallery)
    except KeyringError as error:
        raise GalleryError(f"The system's keyring does not answer ({error}); unlock it and try again.") from error
