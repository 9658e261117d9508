"""A kiosk that is shown pictures again and again stops listening for a while. Pure."""

from dataclasses import dataclass, replace

ATTACK_S = 1.5  # a face judged not live for so long is one attack; single pictures of live people are misjudged
ATTACKS = 3
WITHIN_S = 120.0
FIRST_LOCK_S, LONGEST_LOCK_S = 60.0, 960.0
REMEMBERED_S = 3600.0  # a lock-out within so long after another lasts twice as long


@dataclass(frozen=True, slots=True)
class Lockout:
    """Attacks seen lately, all on the clock of the frames.

    fake_since_s: since when the face at hand is judged not live; None = it is not
    counted:      track of the last attack: what stands there and stands there is one attack
    attacks_s:    when the attacks within the last WITHIN_S were
    locks_s:      when the lock-outs of the last REMEMBERED_S began
    until_s:      end of the present lock-out
    """

    fake_since_s: float | None = None
    counted: int | None = None
    attacks_s: tuple[float, ...] = ()
    locks_s: tuple[float, ...] = ()
    until_s: float = 0.0

    def is_locked(self, now_s: float) -> bool:
        """Whether nobody is served now."""
        return now_s < self.until_s


def watch(lockout: Lockout, live: bool | None, track: int, now_s: float) -> Lockout:
    """The lock-out after one more look at the nearest face.

    Args:
        live: of that face; None when it was not judged, which ends no attack that goes on.
        track: of that face.
    """
    if lockout.is_locked(now_s):
        return lockout
    if live is True:
        return replace(lockout, fake_since_s=None)
    if live is None or track == lockout.counted:
        return lockout
    if lockout.fake_since_s is None:
        return replace(lockout, fake_since_s=now_s)
    if now_s - lockout.fake_since_s < ATTACK_S:
        return lockout
    attacks = (*(each for each in lockout.attacks_s if now_s - each < WITHIN_S), now_s)
    lockout = replace(lockout, fake_since_s=None, counted=track, attacks_s=attacks)
    return _locked(lockout, now_s) if len(attacks) >= ATTACKS else lockout


def _locked(lockout: Lockout, now_s: float) -> Lockout:
    before = tuple(each for each in lockout.locks_s if now_s - each < REMEMBERED_S)
    lasts_s = min(FIRST_LOCK_S * 2.0 ** len(before), LONGEST_LOCK_S)
    return Lockout(locks_s=(*before, now_s), until_s=now_s + lasts_s)
