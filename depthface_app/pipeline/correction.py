"""What an operator may teach the gallery about a face that it judged wrongly. Pure."""

from depthface_app.core.errors import InputError
from depthface_app.core.face import FaceResult
from depthface_app.core.match import LOWEST
from depthface_app.gallery.snapshot import Gallery
from depthface_app.gallery.store import Template
from depthface_app.inference.card import ModelCard
from depthface_app.pipeline.enrolment import GOOD_ENOUGH


def evidence(face: FaceResult, card: ModelCard, source: str) -> Template:
    """A face as it is kept beside what was said of it.

    Raises:
        InputError: if it was not recognised yet.
    """
    if face.embedding is None:
        raise InputError("The face was not recognised yet; wait a moment.")
    return Template(face.embedding, card.name, card.version, face.quality, source)


def further_view(
    face: FaceResult, name: str, card: ModelCard, source: str, gallery: Gallery, threshold: float
) -> Template:
    """A face as a further template of a person who is enrolled.

    As at an enrolment: good, live, and nobody else's. Who taught the gallery a stranger's face under a name would let
    the stranger in for good.

    Raises:
        InputError: if it is not that.
    """
    template = evidence(face, card, source)
    if face.quality < GOOD_ENOUGH:
        hint = f" ({face.hint})" if face.hint else ""
        raise InputError(f"The view is not good enough{hint}; nothing was changed. Try again when the face shows more.")
    if face.live is not True:
        why = "does not look like a live face" if face.live is False else "has not been judged to be live yet"
        raise InputError(f"The face {why}; nothing was changed.")
    match = gallery.match(template.vector, card.identity, threshold, len(gallery.names))
    if dict(match.candidates).get(name) == LOWEST:
        raise InputError(f"Of a face like this somebody said that it is not {name}; take that back first.")
    if match.name not in (None, name):
        raise InputError(f"The face is taken for {match.name}; say first that it is not, if that is wrong.")
    return template
