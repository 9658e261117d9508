"""What a recording says about the results in it: by which networks, with which settings, and of whom without a name."""

import hashlib
import hmac
import platform
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from depthface_app.cameras.session.results import Pseudonym
from depthface_app.core.errors import InputError
from depthface_app.core.files import sha256_of, whole_file
from depthface_app.gallery.snapshot import Gallery
from depthface_app.pipeline.stages import Models, Options, threshold_of

KEY_FILE = "pseudonyms.key"
KEY_BYTES = 32
FRESH, RUNNING = "fresh", "running"  # whether people were followed from the first recorded frame on, or from before
# Whatever a result's bits depend on; a replay that differs in one of them says so.
DECIDING = ("model.", "provider", "threads", "runtime.", "threshold", "fine")


@dataclass(frozen=True, slots=True)
class Processing:
    """What goes into a recording beside the results themselves.

    facts:     networks with their files' SHA-256, settings, versions, a digest of the gallery
    pseudonym: a person's name → what stands for it
    """

    facts: Mapping[str, str]
    pseudonym: Pseudonym


def describe(
    models: Models, files: Mapping[str, Path], gallery: Gallery, options: Options, threads: int, key: bytes
) -> Processing:
    """What to say about results that are made now.

    Args:
        files: kind of network → its file.
        threads: per network, as it really runs.
        key: of the pseudonyms, from `pseudonym_key`.
    """
    card = models.recogniser.card
    cards = {"locator": models.locator.card, "denoiser": models.denoiser.card, "recogniser": card}
    facts = {f"model.{kind}": each.identity for kind, each in cards.items()}
    facts |= {f"model.{kind}.sha256": sha256_of(file) for kind, file in files.items()}
    facts |= {
        "provider": models.provider,
        "threads": str(threads),
        "threshold": repr(threshold_of(card, gallery, options)),
        "fine": str(options.fine),
        "runtime.onnxruntime": _version_of("onnxruntime-gpu", "onnxruntime"),
        "runtime.numpy": _version_of("numpy"),
        "runtime.opencv": _version_of("opencv-python"),
        "runtime.processor": processor(),
        "gallery.people": str(len(gallery.names)),
        "gallery.sha256": gallery_digest(gallery),
        "pseudonyms": hashlib.sha256(key).hexdigest()[:16],
    }
    return Processing(facts, pseudonyms(key))


def pseudonyms(key: bytes) -> Pseudonym:
    """The same name gets the same pseudonym under one key; without the key nobody can try names until one fits.

    Source: HMAC, RFC 2104.
    """

    def pseudonym(name: str) -> str:
        return f"person-{hmac.new(key, name.casefold().encode(), hashlib.sha256).hexdigest()[:12]}"

    return pseudonym


def pseudonym_key(path: Path) -> bytes:
    """This installation's key, made at the first call and readable by its owner only.

    Raises:
        InputError: if it cannot be read or written.
    """
    try:
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(path, private=True) as part:
                part.write_bytes(secrets.token_bytes(KEY_BYTES))
        key = path.read_bytes()
    except OSError as error:
        raise InputError(f"The key of the pseudonyms {path} cannot be used: {error.strerror}.") from error
    if len(key) != KEY_BYTES:
        raise InputError(f"The key of the pseudonyms {path} is damaged; delete it, and a new one is made.")
    return key


def gallery_digest(gallery: Gallery) -> str:
    """Tells two galleries apart without saying who is in them."""
    digest = hashlib.sha256(gallery.model.encode())
    for array in (gallery.templates, gallery.person):
        digest.update(array.tobytes())
    return digest.hexdigest()


def processor() -> str:
    """The processor's name: kernels are chosen by it, so the last bits of a result may differ between two."""
    listing = Path("/proc/cpuinfo")
    if listing.is_file():
        for line in listing.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def differences(recorded: Mapping[str, str], here: Mapping[str, str]) -> tuple[str, ...]:
    """In words, everything that decides about a result's bits and is not as it was when they were recorded."""
    keys = [key for key in {**recorded, **here} if key.startswith(DECIDING)]
    return tuple(
        f"{key} was {_short(recorded.get(key, 'not stated'))} and is {_short(here.get(key, 'not stated'))}"
        for key in keys
        if recorded.get(key) != here.get(key)
    )


def _short(value: str) -> str:
    return f"{value[:12]}…" if len(value) == 64 else value


def _version_of(*packages: str) -> str:
    for package in packages:
        try:
            return version(package)
        except PackageNotFoundError:
            continue
    return "unknown"
