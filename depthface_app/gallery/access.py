"""What is stored about one person, as one file for that person."""

import base64
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from depthface_app.core.errors import GalleryError
from depthface_app.core.files import whole_file
from depthface_app.gallery.contents import described, found, template_of
from depthface_app.gallery.records import Template, now, unpack_frame
from depthface_app.gallery.sealed_rows import DENIED, FRAME, TEMPLATE
from depthface_app.gallery.store import GalleryStore


def write_access_file(store: GalleryStore, name: str, path: Path) -> None:
    """Everything about a person, with what was done with it, as JSON that a person can read (GDPR article 15).

    Raises:
        GalleryError: if nobody has that name, or the file cannot be written.
    """
    with store.vault.writing() as opened:
        person = found(opened, name)
        opened.note("access given", person)
        log = [asdict(entry) for entry in opened.audit_log() if entry.person == person]
        templates = [template_of(opened.secrets, row.content) for row in opened.rows.each(TEMPLATE, person=person)]
        denied = [
            template_of(opened.secrets, row.content) for row in opened.rows.each(DENIED, person=person) if row.model
        ]
        frames = [unpack_frame(row.content) for row in opened.rows.each(FRAME, person=person)]
        values = {
            "format": "depthface.access",
            "version": 1,
            "made_at": now(),
            "person": asdict(described(opened, person)),
            "templates": [_template(each) for each in templates],
            "enrolment_frames": [_frame(each) for each in frames],
            "faces_said_not_to_be_this_person": [_about(each) for each in denied],
            "what_was_done": log,
        }
        try:
            with whole_file(path, private=True) as part:
                part.write_text(json.dumps(values, indent=1, ensure_ascii=False), encoding="utf-8")
        except OSError as error:
            raise GalleryError(f"{path} cannot be written: {error.strerror}; nothing was exported.") from error


def _about(template: Template) -> dict[str, Any]:
    return {"taken_at": template.taken_at, "source": template.source, "quality": template.quality}


def _template(template: Template) -> dict[str, Any]:
    return {
        **_about(template),
        "recogniser": template.model,
        "embedding": [round(float(x), 7) for x in template.vector],
    }


def _frame(template: Template) -> dict[str, Any]:
    """A frame with its depth as a 16-bit PNG in tenths of a millimetre, 0 = no reading."""
    assert template.frame is not None
    crop = template.frame.crop
    tenths = np.nan_to_num(np.rint(crop.depth_mm * 10), nan=0).clip(0, 65535).astype(np.uint16)
    picture = cv2.imencode(".png", tenths)[1].tobytes()
    return {
        **_about(template),
        "intrinsics": asdict(crop.intrinsics),
        "depth_tenths_of_mm_png_base64": base64.b64encode(picture).decode("ascii"),
    }
