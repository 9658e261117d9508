"""Files of earlier versions, sealed in place: one transaction, so the old file is whole until the new one is.

Version 1 kept names, embeddings and sources in the open; `secure_delete` overwrites its pages as its tables go.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from depthface_app.gallery.records import Profile, Template, pack_template
from depthface_app.gallery.sealed_rows import TEMPLATE, SealedRows

Turn = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def from_version_1(rows: SealedRows, turn: Turn) -> int:
    """Seal everybody of the old tables and delete those.

    Args:
        turn: takes a (D,) vector into the gallery's own space.

    Returns:
        How many templates were damaged and had to be left behind.
    """
    damaged, db = 0, rows.db
    for number, name, enrolled_at in db.execute("SELECT id, name, enrolled_at FROM person ORDER BY id").fetchall():
        person = rows.add_person(Profile(name, enrolled_at))
        for blob, *rest in db.execute(
            "SELECT vector, model_name, model_version, quality, source, taken_at FROM template WHERE person = ?"
            " ORDER BY id",
            (number,),
        ).fetchall():
            if len(blob) == 0 or len(blob) % 4:
                damaged += 1
                continue
            template = Template(np.frombuffer(blob, "<f4").astype(np.float32), *rest)
            content = pack_template(template, turn(template.vector))
            rows.put(TEMPLATE, content, person=person, model=template.model)
    db.execute("DROP TABLE template")
    db.execute("DROP TABLE person")
    return damaged
