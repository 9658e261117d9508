"""Thresholds that keep strangers out at the rate that was asked for."""

import numpy as np
import pytest

from depthface_app.core.errors import ModelError
from depthface_app.core.openset import FEWEST_PEOPLE, StrangerScores, leaning, strangers_expected, strangers_within
from depthface_app.gallery.snapshot import Gallery
from depthface_app.inference.card import ModelCard
from depthface_app.pipeline.decision import accepted_from

DIMENSIONS = 48
CARD = ModelCard("r", "1", "recogniser", "Apache-2.0", threshold=0.6)


def unit_rows(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def people(rng, count, alike=0.0):
    """Unit vectors; the larger `alike`, the more everybody resembles everybody."""
    return unit_rows(rng.normal(size=(count, DIMENSIONS)) + alike * np.ones(DIMENSIONS))


def gallery(rows):
    return Gallery.of(CARD.identity, [(str(k), row[None]) for k, row in enumerate(rows)])


@pytest.mark.parametrize("alike", [0.0, 1.0])
@pytest.mark.parametrize("rate", [0.01, 0.03, 0.1])
def test_as_many_strangers_get_in_as_were_asked_for(alike, rate):
    rng = np.random.default_rng(1)
    let_in = []
    for _ in range(20):
        known, strangers = people(rng, 100, alike), people(rng, 1000, alike)
        threshold = strangers_within(known, np.arange(100)).threshold(rate)
        let_in.append(((strangers @ known.T).max(1) >= threshold).mean())
    assert rate / 2 < np.mean(let_in) < rate * 2


def test_several_templates_of_one_person_are_no_strangers_to_each_other():
    rng = np.random.default_rng(2)
    rows = people(rng, 30)
    twice = np.repeat(rows, 3, axis=0)
    found = strangers_within(twice, np.repeat(np.arange(30), 3))
    assert found.mean == pytest.approx(strangers_within(rows, np.arange(30)).mean, abs=1e-5)
    assert found.count == 30


def test_a_small_gallery_says_nothing_and_a_huge_one_is_sampled():
    rng = np.random.default_rng(3)
    assert strangers_within(people(rng, FEWEST_PEOPLE - 1), np.arange(FEWEST_PEOPLE - 1)) is None
    assert strangers_within(people(rng, 3000), np.arange(3000)).count == 500


def test_few_searches_ask_for_more_than_many():
    few, many = StrangerScores(0.5, 0.1, 0.0, 20), StrangerScores(0.5, 0.1, 0.0, 100_000)
    assert many.threshold(0.01) == pytest.approx(0.5 + 0.1 * 2.3263, abs=1e-4)
    assert StrangerScores(0.5, 0.1, 0.6, 100_000).threshold(0.01) > many.threshold(0.01) + 0.03
    assert few.threshold(0.01) == pytest.approx(0.5 + 0.1 * 2.5395 * np.sqrt(1.05), abs=2e-4)  # Student's t, 19 degrees


def test_between_sizes_the_logarithm_counts():
    known = {10: StrangerScores(0.4, 0.1, 0.0, 400), 100: StrangerScores(0.6, 0.08, 0.2, 300)}
    assert strangers_expected(known, 5) == known[10]
    assert strangers_expected(known, 100) == known[100]
    middle = strangers_expected(known, 32)
    assert middle.mean == pytest.approx(0.5, abs=0.002)
    assert middle.count == 300
    assert strangers_expected(known, 1000).mean == pytest.approx(0.8)
    assert strangers_expected({}, 10) is None


def test_a_gallery_of_fifty_counts_as_much_as_the_card_and_a_large_one_decides():
    own, expected = StrangerScores(0.8, 0.1, 0.4, 50), StrangerScores(0.6, 0.08, 0.2, 400)
    half = leaning(own, expected)
    assert (half.mean, half.sd, half.skew, half.count) == (
        pytest.approx(0.7),
        pytest.approx(0.09),
        pytest.approx(0.3),
        50,
    )
    assert leaning(StrangerScores(0.8, 0.1, 0.4, 10_000), expected).mean == pytest.approx(0.8, abs=0.003)


def test_the_stricter_of_card_and_gallery_decides():
    rng = np.random.default_rng(4)
    alike, unlike = gallery(people(rng, 40, alike=1.5)), gallery(people(rng, 40))
    strangers = {"40": {"mean": 0.5, "sd": 0.05, "skew": 0.0, "searches": 1000}}
    card = ModelCard("r", "1", "recogniser", "Apache-2.0", threshold=0.6, strangers=strangers)
    expected = 0.5 + 0.05 * 2.3263
    assert accepted_from(card, unlike, 0.01) == pytest.approx(expected, abs=1e-3)
    assert accepted_from(card, alike, 0.01) > expected + 0.05
    assert accepted_from(card, unlike, 0.001) > accepted_from(card, unlike, 0.01)


@pytest.mark.parametrize("views", [1, 4])
def test_several_views_of_each_count_as_a_larger_gallery(views):
    rng = np.random.default_rng(6)
    rows = people(rng, 10)  # too few to say anything of themselves
    known = Gallery.of(CARD.identity, [(str(k), np.repeat(row[None], views, axis=0)) for k, row in enumerate(rows)])
    strangers = {
        "10": {"mean": 0.5, "sd": 0.05, "skew": 0.0, "searches": 1000},
        "40": {"mean": 0.7, "sd": 0.05, "skew": 0.0, "searches": 1000},
    }
    card = ModelCard("r", "1", "recogniser", "Apache-2.0", threshold=0.6, strangers=strangers)
    mean = {1: 0.5, 4: 0.6}[views]  # ten people with four views are as twenty, half-way on the scale of logarithms
    assert accepted_from(card, known, 0.01) == pytest.approx(mean + 0.05 * 2.3263, abs=1e-3)


def test_without_stranger_scores_the_cards_threshold_is_the_least_and_without_a_threshold_nobody_is_known():
    rng = np.random.default_rng(5)
    assert accepted_from(CARD, gallery(people(rng, 5)), 0.01) == 0.6
    assert accepted_from(CARD, gallery(people(rng, 40, alike=3)), 0.01) > 0.6
    assert accepted_from(ModelCard("r", "1", "recogniser", "x"), gallery(people(rng, 5)), 0.01) == float("inf")


@pytest.mark.parametrize(
    "strangers",
    [
        "[]",
        '{"x": {}}',
        '{"10": {"mean": 0.5}}',
        '{"10": {"mean": 5, "sd": 0.1, "skew": 0, "searches": 9}}',
        '{"0": 1}',
    ],
)
def test_a_card_whose_stranger_scores_make_no_sense_is_refused(strangers):
    text = f'{{"name": "r", "version": "1", "kind": "recogniser", "licence": "x", "strangers": {strangers}}}'
    with pytest.raises(ModelError, match="“strangers” in the card of r.onnx is not understood"):
        ModelCard.from_json(text, "r.onnx")
