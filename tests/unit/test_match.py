"""Matching against numbers worked by hand."""

import numpy as np
import pytest

from depthface_app.core.match import match_embedding, unit

TEMPLATES = np.array([[1, 0], [0, 1], [0.6, 0.8]], np.float32)
PERSON = np.array([0, 1, 0])


def test_the_best_template_of_each_person_counts():
    match = match_embedding(np.array([0.6, 0.8], np.float32), TEMPLATES, PERSON, ("Ada", "Bob"), 0.9)
    assert match.name == "Ada"
    assert match.similarity == pytest.approx(1.0)
    assert match.runner_up == ("Bob", pytest.approx(0.8))


def test_below_the_threshold_the_person_is_unknown_but_the_nearest_is_told():
    match = match_embedding(np.array([-1, 0], np.float32), TEMPLATES, PERSON, ("Ada", "Bob"), 0.5)
    assert match.name is None
    assert match.best == "Bob"
    assert match.similarity == pytest.approx(0.0)


def test_exactly_the_threshold_is_accepted():
    match = match_embedding(np.array([1, 0], np.float32), TEMPLATES, PERSON, ("Ada", "Bob"), 1.0)
    assert match.name == "Ada"


def test_an_empty_gallery_knows_nobody():
    match = match_embedding(np.array([1, 0], np.float32), np.zeros((0, 0), np.float32), PERSON[:0], (), 0.5)
    assert match.name is None
    assert np.isnan(match.similarity)
    assert match.candidates == ()


def test_candidates_are_the_k_best_in_order():
    rng = np.random.default_rng(3)
    templates = np.stack([unit(row) for row in rng.normal(size=(50, 16))])
    match = match_embedding(templates[7], templates, np.arange(50), [str(n) for n in range(50)], 0.5, top=4)
    expected = np.argsort(-(templates @ templates[7]))[:4]
    assert [name for name, _ in match.candidates] == [str(n) for n in expected]


def test_a_vector_without_direction_is_refused():
    for bad in (np.zeros(3, np.float32), np.array([np.nan, 1, 0], np.float32)):
        with pytest.raises(ValueError, match="without direction"):
            unit(bad)
