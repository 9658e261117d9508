"""What a gallery's rotation costs in accuracy, on random and on simulated people's embeddings.

    .venv/bin/python -m benchmarks.gallery_rotation [--people N] [--renewals N]

The people are those of the simulated camera, each seen in several poses through the program's own networks (simulated,
not real faces); one pose is enrolled, the others are looked for, before and after the rotation.
"""

import argparse
import json

import numpy as np
from numpy.typing import NDArray

from depthface_app.build import build_models, camera_maker
from depthface_app.cameras.base import StreamRequest
from depthface_app.cameras.simulated import people_names
from depthface_app.core.match import unit
from depthface_app.gallery.snapshot import Gallery
from depthface_app.gallery.transform import Transform
from depthface_app.pipeline.settings import Settings
from depthface_app.pipeline.stages import recognise

SIZE = 1920
POSES = ("0,0", "15,0", "-15,0", "0,8")


def random_embeddings(people: int) -> NDArray[np.float32]:
    """(people, poses, SIZE): a direction per person, leaning a little elsewhere in each pose."""
    rng = np.random.default_rng(1)
    middle = rng.standard_normal((people, 1, SIZE))
    vectors = middle + 0.8 * rng.standard_normal((people, len(POSES), SIZE))
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


def simulated_embeddings(people: int) -> NDArray[np.float32]:
    """(people, poses, SIZE) of simulated people whom the program found in every pose."""
    settings = Settings(threads=1)
    models = build_models(settings)
    nobody = Gallery.empty(models.recogniser.card.identity)
    rows = []
    for name in people_names()[:people]:
        row = []
        for pose in POSES:
            source = f"simulated:?cast={name}&pose={pose},0&distance=650&realtime=0"
            camera = camera_maker(settings, source)()
            camera.open()
            camera.start(StreamRequest())
            frame = camera.read(10.0)
            camera.close()
            faces = recognise(frame, models, nobody)[0].faces if frame is not None else ()
            row += [face.embedding for face in faces[:1]]
        if len(row) == len(POSES):
            rows.append(np.stack(row))
    return np.stack(rows)


def cost(embeddings: NDArray[np.float32], renewals: int) -> dict[str, float]:
    """Largest change of a similarity and of a decision, by one rotation and by many one after the other."""
    people, poses, _ = embeddings.shape
    enrolled, probes = embeddings[:, 0], embeddings[:, 1:].reshape(-1, SIZE)
    whose = np.repeat(np.arange(people), poses - 1)
    before = probes @ enrolled.T
    once = Transform.of(bytes(32), SIZE)
    rotated = once.apply(probes) @ once.apply(enrolled).T
    worn = enrolled
    for number in range(renewals):
        transform = Transform.of(number.to_bytes(32, "big"), SIZE)
        turned = transform.apply(worn)
        worn = np.stack([unit(row) for row in transform.undo(turned)])
    return {
        "people": people,
        "probes": len(probes),
        "largest_change_of_a_similarity": float(np.abs(rotated - before).max()),
        "after_renewals": renewals,
        "largest_change_after_renewals": float(np.abs(probes @ worn.T - before).max()),
        "rank_1_before": float((before.argmax(axis=1) == whose).mean()),
        "rank_1_rotated": float((rotated.argmax(axis=1) == whose).mean()),
        "rank_1_after_renewals": float(((probes @ worn.T).argmax(axis=1) == whose).mean()),
    }


def main() -> None:
    """Print the figures as JSON, one line per kind of embedding."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--renewals", type=int, default=100)
    arguments = parser.parse_args()
    for kind, make in (("random", random_embeddings), ("simulated people", simulated_embeddings)):
        print(json.dumps({"embeddings": kind, **cost(make(arguments.people), arguments.renewals)}), flush=True)


if __name__ == "__main__":
    main()
