"""What the gallery keeps, as values and as bytes to be sealed. Pure."""

import io
import json
import unicodedata
import zipfile
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.errors import GalleryError
from depthface_app.core.face import FaceCrop, HeadPose
from depthface_app.core.frame import Intrinsics

LONGEST_NAME = 80


@dataclass(frozen=True, eq=False, slots=True)
class EnrolmentFrame:
    """A crop kept so that another recogniser can make a template of it; only where the person agreed."""

    crop: FaceCrop
    pose: HeadPose


@dataclass(frozen=True, eq=False, slots=True)
class Template:
    """One embedding of a person and where it came from.

    vector:  (D,) float32 unit vector
    model_name, model_version: the recogniser that made it; no other's embeddings are ever compared with it
    quality: 0 to 1, of the capture
    source:  what it was made from, for people ("ada.png", "realsense:")
    frame:   to be kept beside it, or None; not read back with it (`GalleryStore.frames`)
    """

    vector: NDArray[np.float32]
    model_name: str
    model_version: str
    quality: float = 0.0
    source: str = ""
    taken_at: str = ""
    frame: EnrolmentFrame | None = None

    @property
    def model(self) -> str:
        """Identity of the recogniser, as on its card."""
        return f"{self.model_name} {self.model_version}"


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person agreed to.

    purpose:      what their face is used for, in the words they saw
    text_version: which consent text they saw, and in which `language`
    given_at, expires_at: ISO 8601; expires_at "" = until withdrawn
    """

    purpose: str
    text_version: str
    language: str
    given_at: str
    expires_at: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """One enrolled person, for lists.

    models:  identities ("name version") of the recognisers that made the templates
    id:      a random word that stands for the person in the audit log and on receipts
    frames:  enrolment frames kept
    """

    name: str
    enrolled_at: str
    templates: int
    models: tuple[str, ...]
    sources: tuple[str, ...]
    id: str = ""
    frames: int = 0
    consent: Consent | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """The sealed part of a person that is not a face."""

    name: str
    enrolled_at: str
    consent: Consent | None = None

    def packed(self) -> bytes:
        """As JSON."""
        return json.dumps(asdict(self), ensure_ascii=False).encode()

    @classmethod
    def of(cls, content: bytes) -> "Profile":
        """What `packed` made."""
        values = json.loads(content)
        consent = values["consent"]
        return cls(values["name"], values["enrolled_at"], Consent(**consent) if consent else None)

    def is_over(self, now: str) -> bool:
        """Whether the consent has run out; `now` in ISO 8601, UTC."""
        return self.consent is not None and "" < self.consent.expires_at <= now


def now() -> str:
    """The time of a record: ISO 8601, UTC, seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def clean_name(name: str) -> str:
    """The name as it is stored: composed letters, single spaces.

    Raises:
        GalleryError: if nothing is left, it is too long, or it has control characters.
    """
    cleaned = " ".join(unicodedata.normalize("NFC", name).split())
    if not cleaned:
        raise GalleryError("A person needs a name; give at least one letter.")
    if len(cleaned) > LONGEST_NAME:
        raise GalleryError(f"The name “{cleaned[:20]}…” has {len(cleaned)} letters; {LONGEST_NAME} is the most.")
    if not cleaned.isprintable():
        raise GalleryError("A name cannot hold control characters; type it again.")
    return cleaned


def name_key(name: str) -> str:
    """The name without regard to case and spaces, so that "ada" finds "Ada"."""
    return " ".join(unicodedata.normalize("NFC", name).split()).casefold()


def checked_vector(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """The vector, if it may be kept.

    Raises:
        GalleryError: if it is not a unit vector; it would match everyone or nobody.
    """
    if vector.ndim != 1 or not abs(float(np.linalg.norm(vector)) - 1) < 1e-3:
        raise GalleryError("An embedding that is not a unit vector cannot be kept; the recogniser is at fault.")
    return np.ascontiguousarray(vector, np.float32)


def pack_template(template: Template, turned: NDArray[np.float32]) -> bytes:
    """A template with its (width,) vector in the gallery's own space; the model stands beside it in the open."""
    about = {
        "model": [template.model_name, template.model_version],
        "size": len(template.vector),
        "quality": template.quality,
        "source": template.source,
        "taken_at": template.taken_at,
    }
    head = json.dumps(about, ensure_ascii=False).encode()
    return len(head).to_bytes(4, "big") + head + turned.astype("<f4").tobytes()


def unpack_template(content: bytes) -> tuple[dict[str, Any], NDArray[np.float32]]:
    """What `pack_template` was told and its (width,) vector."""
    end = 4 + int.from_bytes(content[:4], "big")
    return json.loads(content[4:end]), np.frombuffer(content, "<f4", offset=end).astype(np.float32, copy=False)


def pack_frame(frame: EnrolmentFrame, template: Template) -> bytes:
    """An enrolment frame with what its template says of the capture; depth as float32, losslessly compressed."""
    crop = frame.crop
    about = {
        "intrinsics": asdict(crop.intrinsics),
        "nose_mm": list(crop.nose_mm),
        "window_mm": crop.window_mm,
        "pose": asdict(frame.pose),
        "quality": template.quality,
        "source": template.source,
        "taken_at": template.taken_at,
    }
    packed = io.BytesIO()
    np.savez_compressed(packed, about=np.array(json.dumps(about)), depth_mm=crop.depth_mm)
    return packed.getvalue()


def unpack_frame(content: bytes) -> Template:
    """The frame, in a template without vector and model that says the rest of the capture.

    Raises:
        GalleryError: if the content is no enrolment frame of this version.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as packed:
            about, depth_mm = json.loads(str(packed["about"])), packed["depth_mm"]
        x, y, z = about["nose_mm"]
        crop = FaceCrop(depth_mm, Intrinsics(**about["intrinsics"]), (x, y, z), about["window_mm"])
        frame = EnrolmentFrame(crop, HeadPose(**about["pose"]))
    except (ValueError, KeyError, TypeError, OSError, zipfile.BadZipFile) as error:
        raise GalleryError("An enrolment frame was kept by another version of this program; update it.") from error
    return Template(np.zeros(0, np.float32), "", "", about["quality"], about["source"], about["taken_at"], frame)


def with_time(template: Template) -> Template:
    """The template with the time it was taken; now, if nobody said."""
    return template if template.taken_at else replace(template, taken_at=now())
