"""One thing that the doctor looked at."""

from dataclasses import asdict, dataclass
from enum import Enum


class Verdict(Enum):
    """How much a finding matters; only BROKEN keeps the program from working."""

    GOOD = "good"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: what was found and, unless it is good, what to do about it."""

    name: str
    verdict: Verdict
    found: str
    advice: str = ""

    def as_json(self) -> dict[str, str]:
        """The same as plain texts."""
        return {**asdict(self), "verdict": self.verdict.value}
