"""Who trains, who is enrolled and who is looked for, as in section 5 of arXiv 2401.00719.

Where the paper draws people at random it does not publish them; the draw here is fixed by SEED, so that a second run
gives the same split. Where it is silent, the reading is said below.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from training.databases.scan import Recording
from training.seeds import generator

SEED = 240100719  # the paper's own number
LOCK3DFACE_PEOPLE, LOCK3DFACE_TRAIN = 509, 340
RANDOM_TRAIN = 0.7


@dataclass(frozen=True, slots=True)
class Split:
    """Recordings by their part in the protocol."""

    train: list[Recording]
    gallery: list[Recording]
    probes: list[Recording]


def drawn_people(recordings: Sequence[Recording], share: float) -> set[str]:
    """A random share of the people, at least one and never all."""
    people = sorted({recording.person for recording in recordings})
    count = min(max(round(share * len(people)), 1), max(len(people) - 1, 1))
    return set(generator(SEED).permutation(people)[:count].tolist())


def _first_neutral(recordings: Sequence[Recording]) -> list[Recording]:
    """The first neutral picture of the first session of each person."""
    first: dict[str, Recording] = {}
    for recording in recordings:
        if recording.subset == "NU" and recording.session == 1:
            first.setdefault(recording.person, recording)
    return list(first.values())


def _open_set(recordings: Sequence[Recording], share: float) -> Split:
    """People of training and test never meet; one picture each is enrolled, all others are looked for."""
    train = drawn_people(recordings, share)
    test = [recording for recording in recordings if recording.person not in train]
    gallery = _first_neutral(test)
    enrolled, known = set(gallery), {recording.person for recording in gallery}
    probes = [recording for recording in test if recording not in enrolled and recording.person in known]
    return Split([recording for recording in recordings if recording.person in train], gallery, probes)


def lock3dface(recordings: Sequence[Recording]) -> Split:
    """340 people drawn at random train, the other 169 test (the protocol of Led3D, which the paper follows).

    Read: the first picture of a person's first neutral video is enrolled, as in Led3D's public samples; every other
    sampled picture is a probe, in the subset of its video, or in TM if it was taken on the second visit.
    """
    return _open_set(recordings, LOCK3DFACE_TRAIN / LOCK3DFACE_PEOPLE)


def seventy_thirty(recordings: Sequence[Recording]) -> Split:
    """USTC and MultiSFace: 70 % of the people drawn at random train, 30 % test. Read: gallery as for Lock3DFace."""
    return _open_set(recordings, RANDOM_TRAIN)


def iiitd(recordings: Sequence[Recording]) -> Split:
    """IIIT-D: the settings of LMFNet, which are not known to us.

    Read: the training pictures of the first fold train and are the gallery, its testing pictures are the probes.
    """
    train = [recording for recording in recordings if recording.session == 1]
    known = {recording.person for recording in train}
    return Split(train, train, [r for r in recordings if r.session == 2 and r.person in known])


PROTOCOLS: dict[str, Callable[[Sequence[Recording]], Split]] = {
    "Lock3DFace": lock3dface,
    "USTC": seventy_thirty,
    "MultiSFace": seventy_thirty,
    "IIIT-D": iiitd,
}
