"""What a visitor agrees to, in words, and the record of it."""

import hashlib
from datetime import UTC, datetime, timedelta

from PySide6.QtCore import QDate, QLocale

from depthface_app.gallery.records import now
from depthface_app.gallery.store import Consent
from depthface_app.ui.kiosk.words import word

KEPT_DAYS = 365
EDITION = "kiosk-1"


def consent_lines(locale: QLocale, keeps_frames: bool) -> tuple[str, ...]:
    """The text, one sentence or two per line."""
    ends = expires_at()
    date = locale.toString(QDate(ends.year, ends.month, ends.day), QLocale.FormatType.LongFormat)
    frames = (word("consent_frames"),) if keeps_frames else ()
    return (word("consent_what"), word("consent_stored"), *frames, word("consent_long", date), word("consent_free"))


def text_version(keeps_frames: bool) -> str:
    """Names the text shown, date aside, by its digest: another wording or translation is another version."""
    keys = ("consent_what", "consent_stored", "consent_long", "consent_free") + ("consent_frames",) * keeps_frames
    text = "\n".join(word(key, "…") for key in keys)
    return f"{EDITION}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def expires_at() -> datetime:
    """When a consent given now ends."""
    return datetime.now(UTC).replace(microsecond=0) + timedelta(days=KEPT_DAYS)


def consent_record(language: str, keeps_frames: bool) -> Consent:
    """The record of an agreement given now to the text in the language of the moment."""
    return Consent(
        purpose=word("consent_what"),
        text_version=text_version(keeps_frames),
        language=language,
        given_at=now(),
        expires_at=expires_at().isoformat(),
    )
