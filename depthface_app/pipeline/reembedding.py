"""Templates for another recogniser, from the enrolment frames that people agreed to leave."""

from collections.abc import Iterator

import numpy as np

from depthface_app.core.face import FaceLocation
from depthface_app.gallery.store import EnrolmentFrame, GalleryStore, Template
from depthface_app.pipeline.stages import Models


def reembed_people(store: GalleryStore, models: Models) -> Iterator[str]:
    """Make templates of everybody whom this recogniser cannot compare and who left frames; yields each name when done.

    Raises:
        ModelError: if a network fails.
        GalleryError: if the gallery cannot be read or written.
    """
    card = models.recogniser.card
    for name in store.snapshot(card.name, card.version).outdated:
        templates = [_template(kept, models) for kept in store.frames(name)]
        if templates:
            store.add(name, templates)
            yield name


def _template(kept: Template, models: Models) -> Template:
    assert kept.frame is not None  # `frames` gives nothing else
    card = models.recogniser.card
    denoised = models.denoiser.denoise(kept.frame.crop)
    embedding = models.recogniser.embed(denoised, _location(kept.frame))
    return Template(embedding, card.name, card.version, kept.quality, kept.source, kept.taken_at)


def _location(frame: EnrolmentFrame) -> FaceLocation:
    """Where the face is in its own crop: the nose in the middle, the crop all around."""
    crop = frame.crop
    height, width = crop.depth_mm.shape
    x, y = crop.intrinsics.project(np.array(crop.nose_mm))
    return FaceLocation(crop.nose_mm, (float(x), float(y)), frame.pose, 1.0, (0.0, 0.0, float(width), float(height)))
