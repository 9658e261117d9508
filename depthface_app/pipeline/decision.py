"""From which cosine a face is somebody: the operator's rate, the model's card and the gallery at hand."""

import math
from functools import lru_cache

from depthface_app.core.openset import StrangerScores, leaning, strangers_expected, strangers_within
from depthface_app.gallery.snapshot import Gallery
from depthface_app.inference.card import ModelCard


def accepted_from(card: ModelCard, gallery: Gallery, rate: float) -> float:
    """Cosine at which a match is accepted; infinite, so that everybody is unknown, if the card states none.

    The stricter of what the card expects of strangers in a gallery of this size and what this gallery's own people
    score among each other, drawn towards the card while they are few: the first knows what a small gallery cannot, the
    second that its people resemble each other more than those the card was measured on. A card without stranger scores
    gives its threshold, whatever the rate.

    The card's galleries have one template each. Several of one person are alike, so that n people with k templates
    count as n·√k: on simulated validation people, galleries of 100 to 300 with two to five views were to strangers
    what galleries of n·k^0.36 to n·k^0.45 people with one view were.

    Args:
        rate: share of searches for strangers that may name somebody.
    """
    if card.threshold is None:
        return float("inf")
    people = round(math.sqrt(len(gallery.names) * len(gallery.person)))
    expected = strangers_expected(card_strangers(card), people)
    least = card.threshold if expected is None else expected.threshold(rate)
    own = _own_strangers(gallery)
    if own is not None and expected is not None:
        own = leaning(own, expected)
    return least if own is None else max(least, own.threshold(rate))


@lru_cache(maxsize=1)  # asked about every face; an older gallery, with people erased since, must not be kept alive
def _own_strangers(gallery: Gallery) -> StrangerScores | None:
    return strangers_within(gallery.templates, gallery.person)


def card_strangers(card: ModelCard) -> dict[int, StrangerScores]:
    """Gallery size → what strangers score, as the card states it."""
    return {
        int(size): StrangerScores(each["mean"], each["sd"], each["skew"], int(each["searches"]))
        for size, each in card.strangers.items()
    }
