"""The protocols that fit and judge who is let in, on people whose answers are known."""

import numpy as np
import pytest

from benchmarks.gallery_sizes import SUBSETS, People, best_of, figures, merged
from benchmarks.identification import MODELS
from benchmarks.liveness_fit import LOST_LIVE, fitted
from depthface_app.core.match import unit
from depthface_app.inference.recogniser import Recogniser

SIZE = 64


def directions(rng, *shape):
    vectors = rng.normal(size=(*shape, SIZE))
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


def near(rng, base, off):
    mixed = base + off * directions(rng, *base.shape[:-1])
    return (mixed / np.linalg.norm(mixed, axis=-1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def card():
    return Recogniser.open(MODELS / "recogniser_int8.onnx").card


@pytest.fixture
def people():
    """Thirty people whose five templates differ; ten are looked for, each time as one of their own templates is."""
    rng = np.random.default_rng(3)
    templates = directions(rng, 30, 5)
    seen = templates[:10, : len(SUBSETS)]
    return People(templates, near(rng, seen, 0.2), directions(rng, 20, len(SUBSETS)))


def test_more_templates_find_who_looks_like_another_of_them(people, card):
    one = figures(people, people.templates[:, :1], card)["subsets"]["total"]
    five = figures(people, people.templates, card)["subsets"]["total"]
    assert five["rank1"] == 1
    assert five["fnir"]["0.003"][0] == 0
    assert one["rank1"] == pytest.approx(1 / len(SUBSETS), abs=0.2)
    assert one["fnir"]["0.003"][0] > 0.5


def test_rates_at_the_program_s_threshold_are_counted_over_all_searches(people, card):
    found = figures(people, people.templates, card)
    assert found["searches"] == 10 * len(SUBSETS)
    assert found["stranger_searches"] == 20 * len(SUBSETS)
    best = best_of(people.strangers.reshape(-1, SIZE), people.templates).max(1)
    for rates in found["program"].values():
        assert rates["fpir"] == pytest.approx((best >= rates["threshold"]).mean(), abs=1e-4)


def test_merged_templates_are_the_direction_of_the_mean(people):
    np.testing.assert_allclose(merged(people.templates)[4, 0], unit(people.templates[4].sum(0)), atol=1e-6)


def test_the_fit_separates_and_loses_the_share_of_the_living_that_it_says():
    rng = np.random.default_rng(0)
    live, attacks = rng.normal(1, 0.3, (500, 6)), rng.normal(-1, 0.3, (300, 6))
    weights, bias = fitted(live, attacks)
    assert (live @ weights + bias < 0).mean() == pytest.approx(LOST_LIVE, abs=0.005)
    assert (attacks @ weights + bias < 0).all()
