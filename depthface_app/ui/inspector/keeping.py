"""From what the workspace shows to a kept view and back, and what it remembers from one start to the next."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import QSettings

from depthface_app.core.errors import InputError
from depthface_app.pipeline.comparison import DENOISED, FUSED, RAW
from depthface_app.pipeline.engine import Engine
from depthface_app.pipeline.kept import KeptView
from depthface_app.pipeline.methods import Method
from depthface_app.ui.inspector.looks import Looks, looks_of, use_looks
from depthface_app.ui.inspector.tables import worth_of
from depthface_app.ui.inspector.view import method_labels
from depthface_app.ui.inspector.workspace import Workspace

_KEY = "inspector/looks"
_OF_ONE_MOMENT = {"viewport": [1.0, 0.5, 0.5], "point": None, "marks": []}  # not for the next start


def view_of(
    workspace: Workspace, methods: Mapping[str, Method], engine: Engine | None, shown: KeptView | None
) -> KeptView:
    """All that is shown. Added files are called by their names alone: where they lie is nobody's business.

    Args:
        shown: the kept view that is shown now, whose models made what it holds.
    """
    seen = workspace.seen
    assert seen is not None
    faces = {DENOISED: seen.moment.denoised, **seen.faces}
    called = {name: Path(name).name for name in faces}
    models = dict(shown.models) if shown is not None else {}
    for name in faces:
        card = getattr(methods.get(name), "card", None)
        if name == DENOISED and shown is None and engine is not None and engine.models is not None:
            card = engine.models.denoiser.card
        if card is not None and called[name] not in models:
            models[called[name]] = card.identity
    if seen.reference is not None:
        models[FUSED] = worth_of(seen.reference)
    looks = renamed(looks_of(workspace), lambda name: called.get(name, name))
    labels = {called[name]: workspace.labels[name] for name in faces}
    return KeptView(seen.moment, {called[name]: face for name, face in faces.items()}, models, labels, looks)


def renamed(looks: Looks, name_of: Callable[[str], str]) -> Looks:
    """The same with other names for methods."""
    views = [[name_of(name), how] for name, how in looks["views"]]
    return {**looks, "pair": [name_of(name) for name in looks["pair"]], "views": views}


def show_view(workspace: Workspace, view: KeptView) -> None:
    """Look at a view as it was looked at. Raises InputError if that cannot be done; nothing is changed then."""
    before = dict(workspace.labels)
    workspace.offer({**before, **view.labels})
    try:
        use_looks(workspace, view.looks)
    except InputError:
        workspace.offer(before)
        raise


def remember_looks(workspace: Workspace) -> None:
    """For the next start, but for what belongs to one moment, and the colours of depth, which are a setting.

    In place of files that were added, which are not open then, the running model is judged.
    """
    own = method_labels()
    looks = renamed({**looks_of(workspace), **_OF_ONE_MOMENT}, lambda name: name if name in own else DENOISED)
    if looks["pair"] == [DENOISED, DENOISED]:
        looks["pair"] = [RAW, DENOISED]
    del looks["colour_map"]
    QSettings("DepthFace", "DepthFace").setValue(_KEY, json.dumps(looks))


def recall_looks(workspace: Workspace) -> None:
    """As it was left; where that no longer fits, as after an update of the program, everything stays as it is."""
    text = QSettings("DepthFace", "DepthFace").value(_KEY)
    if not isinstance(text, str):
        return
    try:
        use_looks(workspace, json.loads(text))
    except (InputError, ValueError):
        QSettings("DepthFace", "DepthFace").remove(_KEY)
