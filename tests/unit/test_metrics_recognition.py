"""Error rates on similarities whose rates are known, and intervals that cover what they promise."""

import numpy as np
import pytest
from scipy.stats import binomtest, bootstrap, norm

from depthface_app.core.metrics import intervals, recognition
from depthface_app.core.metrics.recognition import Trials


def trials(similarity, person=None):
    similarity = np.asarray(similarity, float)
    return Trials(similarity, np.arange(len(similarity)) if person is None else np.asarray(person))


@pytest.fixture(scope="module")
def gaussians():
    """Same people N(1, 1), others N(-1, 1), at their quantiles: the equal error rate is Φ(-1)."""
    quantiles = norm.ppf((np.arange(3000) + 0.5) / 3000)
    return trials(quantiles + 1), trials(quantiles - 1, 5000 + np.arange(3000))


def test_ranks_count_who_is_at_least_as_like():
    similarity = np.array([[0.9, 0.1, 0.2], [0.5, 0.4, 0.3], [0.7, 0.7, 0.1]])
    np.testing.assert_array_equal(recognition.ranks(similarity, np.array([0, 2, 1])), [1, 3, 2])


def test_cumulative_match_counts_ranks():
    value, low, high = recognition.cumulative_match(np.array([1, 1, 2, 4]), np.arange(4), 4)
    np.testing.assert_allclose(value, [0.5, 0.75, 0.75, 1.0])
    assert (low <= value).all()
    assert (value <= high).all()
    assert low[0] < 0.5 < high[0]


def test_a_search_that_ends_with_someone_else_can_never_be_a_hit():
    similarity = np.array([[0.9, 0.1], [0.8, 0.3]])
    found = recognition.searches(similarity, np.array([0, 1]), np.arange(2))
    np.testing.assert_array_equal(found.similarity, [0.9, -np.inf])


def test_verification_takes_every_pair_once():
    similarity = np.arange(12.0).reshape(4, 3)
    same, other = recognition.verifications(similarity, np.array([0, 1, 2, 0]), np.arange(4))
    np.testing.assert_array_equal(same.similarity, [0, 4, 8, 9])
    assert sorted([*same.similarity, *other.similarity]) == list(range(12))
    np.testing.assert_array_equal(other.person, np.repeat(np.arange(4), 2))


@pytest.mark.parametrize(("rate", "allowed"), [(0.0, 0), (0.01, 1), (0.1, 10), (0.019, 1)])
def test_the_threshold_lets_no_more_through_than_allowed(rate, allowed):
    other = trials(np.arange(100) / 100)
    threshold = recognition.threshold_at(other, rate)
    assert np.count_nonzero(other.similarity >= threshold) == allowed
    assert np.count_nonzero(other.similarity >= np.nextafter(threshold, -1)) == allowed + 1


def test_ties_at_the_threshold_stay_out():
    threshold = recognition.threshold_at(trials([0.5] * 50 + [0.9] * 50), 0.2)
    assert np.float64(0.9) < threshold


def test_rates_of_two_gaussians(gaussians):
    same, other = gaussians
    rates = recognition.missed_at(same, other, np.array([0.003, 0.01, 0.03, 0.1]))
    expected = norm.cdf(norm.isf(rates.false) - 2)
    np.testing.assert_allclose(rates.missed, expected, atol=0.008)
    assert (rates.low <= rates.missed).all()
    assert (rates.missed <= rates.high).all()
    assert (rates.low <= expected).all()
    assert (expected <= rates.high).all()
    assert (np.diff(rates.missed) < 0).all()


def test_equal_error_of_two_gaussians(gaussians):
    found = recognition.equal_error(*gaussians)
    assert found.value == pytest.approx(norm.cdf(-1), abs=0.001)
    assert found.low < norm.cdf(-1) < found.high
    assert found.people == 6000


def test_people_who_are_never_confused_have_no_error():
    same, other = trials(np.linspace(0.8, 0.9, 50)), trials(np.linspace(0, 0.5, 50))
    assert recognition.equal_error(same, other).value == 0
    rates = recognition.missed_at(same, other, np.array([0.01]))
    assert (rates.missed[0], rates.low[0]) == (0, 0)
    assert rates.high[0] == pytest.approx(1 - 0.025 ** (1 / 50))


def test_searches_that_cannot_succeed_are_missed_at_every_threshold():
    same, other = trials([0.9, 0.8, -np.inf, -np.inf]), trials(np.linspace(0, 0.5, 200))
    rates = recognition.missed_at(same, other, np.array([0.01, 1.0]))
    np.testing.assert_allclose(rates.missed, 0.5)


def test_repeats_without_redrawing_are_the_estimate(gaussians, monkeypatch):
    """The curves that intervals are made of are those of the exact rates."""
    same, other = gaussians
    monkeypatch.setattr(recognition, "drawn_again", lambda people, seed=0: np.ones((1, people)))
    rates = recognition.missed_at(same, other, np.array([0.003, 0.01, 0.1]))
    np.testing.assert_allclose(rates.low, rates.missed, atol=0.005)


def test_an_interval_of_single_values_is_scipys():
    values = np.random.default_rng(1).exponential(2, 60)
    found = intervals.mean(values, np.arange(60))
    scipys = bootstrap((values,), np.mean, method="percentile", n_resamples=5000, rng=2).confidence_interval
    assert found.value == pytest.approx(values.mean())
    assert (found.low, found.high) == pytest.approx((scipys.low, scipys.high), abs=0.1)
    assert (found.count, found.people) == (60, 60)


def test_ten_equal_pictures_of_a_person_are_no_better_than_one():
    values = np.random.default_rng(1).normal(0, 1, 40)
    once = intervals.mean(values, np.arange(40))
    tenfold = intervals.mean(np.repeat(values, 10), np.repeat(np.arange(40), 10))
    assert (tenfold.low, tenfold.high) == pytest.approx((once.low, once.high))
    assert (tenfold.count, tenfold.people) == (400, 40)


def test_intervals_cover_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(5)
    found = [intervals.mean(rng.normal(3, 1, 80), np.arange(80)) for _ in range(300)]
    assert 0.90 <= np.mean([f.low <= 3 <= f.high for f in found]) <= 0.98


def test_a_ratio_of_paired_measurements_is_surer_than_its_parts():
    rng = np.random.default_rng(2)
    below = rng.uniform(1, 5, 50)
    found = intervals.ratio_of_means(0.7 * below, below, np.arange(50))
    assert (found.value, found.low, found.high) == pytest.approx((0.7, 0.7, 0.7))


def test_missing_values_are_left_out_of_both_sides():
    a, b = np.array([1.0, np.nan, 3.0]), np.array([2.0, 5.0, np.nan])
    assert intervals.ratio_of_means(a, b, np.arange(3)).value == 0.5
    assert intervals.mean(a, np.arange(3)).count == 2
    assert np.isnan(intervals.mean(np.array([np.nan]), np.arange(1)).value)


@pytest.mark.parametrize("people", [8, 60, 500])
def test_what_never_happened_may_still_happen(people):
    exact = binomtest(0, people).proportion_ci(0.95, method="exact").high
    never = intervals.share(np.zeros(people, bool), np.arange(people))
    always = intervals.share(np.ones(people, bool), np.arange(people))
    assert (never.value, never.low, never.high) == pytest.approx((0, 0, exact))
    assert (always.value, always.low, always.high) == pytest.approx((1, 1 - exact, 1))


def test_a_share_between_nothing_and_all_has_the_interval_of_a_mean():
    hits, person = np.arange(40) % 4 > 0, np.arange(40)
    assert intervals.share(hits, person) == intervals.mean(hits.astype(float), person)
