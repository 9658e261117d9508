"""How long a willing person takes at the kiosk: `python -m benchmarks.kiosk [--people 12] [--sensor d415] --out FILE`.

Simulated people stand before the simulated camera and do what the screen asks, half a second after it asks, turning as
fast as a head comfortably does. Frames go through the program's own networks and the kiosk's own steps; the gallery
holds the visitors before. The clock is the camera's, so that the figures do not depend on this machine: results come at
a chosen rate, which `depthface bench` measures. Reading the consent and typing a name are not counted.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from depthface_app.build import build_models
from depthface_app.cameras.simulation.motion import Place, Stance, places
from depthface_app.cameras.simulation.people import shipped_people
from depthface_app.cameras.simulation.scene import Scene
from depthface_app.core.face import HeadPose
from depthface_app.core.frame import Frame
from depthface_app.core.sensors import SENSORS
from depthface_app.gallery.snapshot import Gallery
from depthface_app.gallery.store import Consent
from depthface_app.pipeline import kiosk
from depthface_app.pipeline.kiosk import Step, Visit
from depthface_app.pipeline.settings import Settings
from depthface_app.pipeline.stages import Models, Options, recognise, threshold_of
from depthface_app.pipeline.tracker import Tracks

RESULTS_HZ = 10.0
REACTION_S, TURN_DEG_S = 0.5, 60.0
SWAY_DEG, SWAY_MM = 1.0, 2.0
LIMIT_S = 60.0
AIMS = {
    "turn a little left": (22.0, 0.0),
    "turn a little right": (-22.0, 0.0),
    "look up a little": (0.0, -14.0),
    "look down a little": (0.0, 14.0),
}
CONSENT = Consent("benchmark", "1", "en", "2026-01-01T00:00:00+00:00")


class Willing:
    """A person who does what was asked REACTION_S ago."""

    def __init__(self, person: int, place: Place, rng: np.random.Generator) -> None:
        """Stand there, looking straight."""
        self._person, self._place, self._rng = person, place, rng
        self._look, self._aim = np.zeros(2), np.zeros(2)
        self._asked: list[tuple[float, str]] = []

    def hear(self, hint: str, now_s: float) -> None:
        """What the screen says now; "hold still" means to stay as one is."""
        self._asked.append((now_s, hint))
        while self._asked and now_s - self._asked[0][0] >= REACTION_S:
            asked = self._asked.pop(0)[1]
            if asked != "hold still":
                self._aim = np.array(AIMS.get(asked, (0.0, 0.0)))

    def stance(self, elapsed_s: float, expressions: int) -> Stance:
        """Where they are after that time."""
        left = self._aim - self._look
        far_deg = float(np.linalg.norm(left))
        self._look += left * min(1.0, TURN_DEG_S * elapsed_s / max(far_deg, 1e-9))
        yaw, pitch, roll = np.append(self._look, 0.0) + self._rng.normal(0, SWAY_DEG, 3)
        pose = HeadPose(float(yaw), float(pitch), float(roll))
        nose = self._place.nose_mm() + self._rng.normal(0, SWAY_MM, 3)
        return Stance(self._person, nose, pose, np.zeros(expressions, np.float32))


def visit(number: int, sensor_name: str, models: Models, gallery: Gallery) -> tuple[Visit, float]:
    """One visitor from the name to the record; the visit at its end and the seconds it took."""
    people, sensor = shipped_people(), SENSORS[sensor_name]
    rng = np.random.default_rng((number, 11))
    scene, who = Scene(sensor, people, number), Willing(number % len(people.names), places(sensor, 1, rng)[0], rng)
    now_s, tracks = 100.0, Tracks()
    state = kiosk.give_name(kiosk.agree(kiosk.begin(Visit(), now_s), CONSENT, now_s), f"visitor {number}", False, now_s)
    for index in range(round(LIMIT_S * RESULTS_HZ)):
        now_s += 1 / RESULTS_HZ
        sight = scene.look((who.stance(1 / RESULTS_HZ, len(people.expressions)),), index)
        frame = Frame(sight.depth_mm, scene.intrinsics, now_s, index)
        result, tracks = recognise(frame, models, gallery, tracks)
        state = kiosk.tick(kiosk.see(state, result), now_s)
        who.hear(state.hint, now_s)
        if state.step is Step.CHECK and state.enrolment is not None:
            card = models.recogniser.card
            known = kiosk.already(state.enrolment, gallery, card.identity, threshold_of(card, gallery, Options()))
            state = kiosk.checked(state, state.number, known, now_s)
        if state.step in (Step.STORE, Step.PROBLEM, Step.WELCOME, Step.DUPLICATE, Step.LOCKED):
            break
    return state, now_s - 100.0


def with_visitor(gallery: Gallery, model: str, state: Visit, known: list[tuple[str, np.ndarray]]) -> Gallery:
    """The gallery after this visitor."""
    if state.step is not Step.STORE or state.enrolment is None:
        return gallery
    known.append((state.name, np.stack([each.embedding for each in state.enrolment.templates()])))
    return Gallery.of(model, known)


def main() -> None:
    """Run the visits and write what came of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=12)
    parser.add_argument("--sensor", default="d435", choices=tuple(SENSORS))
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args()
    models = build_models(replace(Settings(), threads=1))
    model = models.recogniser.card.identity
    gallery, known, rows = Gallery.empty(model), [], []
    for number in tqdm(range(chosen.people)):
        state, took_s = visit(number, chosen.sensor, models, gallery)
        gallery = with_visitor(gallery, model, state, known)
        rows.append({"visitor": number, "end": state.step.value, "why": state.problem, "seconds": round(took_s, 2)})
    done = [row["seconds"] for row in rows if row["end"] == Step.STORE.value]
    report = {
        "sensor": chosen.sensor,
        "people": "simulated",
        "results_hz": RESULTS_HZ,
        "enrolled": len(done),
        "failed_to_enrol": len(rows) - len(done),
        "median_s": float(np.median(done)) if done else None,
        "longest_s": max(done, default=None),
        "visits": rows,
    }
    chosen.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({key: value for key, value in report.items() if key != "visits"}))


if __name__ == "__main__":
    main()
