"""Who may do what at the program's doors: visitor, operator, administrator, by PIN.

A PIN guards the program, not the file: whoever holds the gallery's key can open it with a program of their own. Where
no administrator's PIN is set, everybody may do everything, as on a computer of one's own.

Source of the limit on attempts: NIST SP 800-63B section 3.2.2 (at most 100 in a row); here five, then pauses that
double.
"""

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum, IntEnum

from depthface_app.core.errors import GalleryError, GalleryUnreachable
from depthface_app.gallery.keys import Stretch
from depthface_app.gallery.sealing import same
from depthface_app.gallery.vault import Opened, Vault

ROLES = "roles"
SHORTEST_PIN = 6
FREE_ATTEMPTS = 5
FIRST_PAUSE_S = 60
LONGEST_PAUSE_S = 24 * 3600
_NOBODYS = "This PIN is nobody's; nothing was done."


class Role(IntEnum):
    """Who stands in front of the program; each may do what those before may."""

    VISITOR = 0
    OPERATOR = 1
    ADMINISTRATOR = 2


class Duty(Enum):
    """What not everybody may do, with the least role that may."""

    SEE_PEOPLE = ("see who is enrolled", Role.OPERATOR)
    CHANGE_PEOPLE = ("change who is enrolled", Role.OPERATOR)
    CARRY_AWAY = ("carry people away", Role.ADMINISTRATOR)
    KEEP_GALLERY = ("look after the gallery's keys, backups and log", Role.ADMINISTRATOR)


@dataclass(frozen=True, slots=True)
class Pin:
    """A PIN as it is kept: what Argon2id makes of it."""

    stretch: Stretch
    key: str

    @classmethod
    def of(cls, pin: str) -> "Pin":
        """Keep a new one. Raises GalleryError if it is too short."""
        if len(pin) < SHORTEST_PIN:
            raise GalleryError(f"A PIN needs at least {SHORTEST_PIN} figures or letters.")
        stretch = Stretch.new()
        return cls(stretch, stretch.key(pin).hex())

    def fits(self, pin: str) -> bool:
        """Whether this is it."""
        return same(self.stretch.key(pin), bytes.fromhex(self.key))


@dataclass(frozen=True, slots=True)
class Doors:
    """The PINs of a gallery and how often somebody guessed wrongly.

    failures: wrong attempts since the last right one
    shut_until: ISO 8601; before then no attempt is looked at
    """

    pins: dict[str, Pin]
    failures: int = 0
    shut_until: str = ""

    @classmethod
    def read(cls, opened: Opened) -> "Doors":
        """Those of an open gallery."""
        content = opened.rows.get(ROLES)
        if content is None:
            return cls({})
        values = json.loads(content)
        pins = {role: Pin(Stretch(**each["stretch"]), each["key"]) for role, each in values["pins"].items()}
        return cls(pins, values["failures"], values["shut_until"])

    def write(self, opened: Opened) -> None:
        """Seal them."""
        opened.rows.put(ROLES, json.dumps(asdict(self)).encode(), record=ROLES)

    def role(self, pin: str) -> Role | None:
        """Whose PIN it is, if anybody's."""
        return next((Role[name] for name, each in self.pins.items() if each.fits(pin)), None)

    def demand_open(self, moment: datetime) -> None:
        """Raises GalleryError while they are shut."""
        if self.shut_until and moment < datetime.fromisoformat(self.shut_until):
            raise GalleryError(f"Too many wrong PINs; the next attempt is looked at after {self.shut_until[:16]} UTC.")

    def after_failure(self, moment: datetime) -> "Doors":
        """One wrong attempt more; from the fifth on the doors stay shut for a while, twice as long each time."""
        failures = self.failures + 1
        if failures < FREE_ATTEMPTS:
            return replace(self, failures=failures)
        pause_s = min(FIRST_PAUSE_S * 2 ** min(failures - FREE_ATTEMPTS, 20), LONGEST_PAUSE_S)
        return replace(self, failures=failures, shut_until=(moment + timedelta(seconds=pause_s)).isoformat())


def set_pin(vault: Vault, role: Role, pin: str) -> None:
    """Give a role its PIN; "" takes it away. The first to be set is the administrator's.

    Raises:
        GalleryError: if it is too short, or an operator's comes before the administrator's.
    """
    kept = Pin.of(pin) if pin else None
    with vault.writing() as opened:
        doors = Doors.read(opened)
        pins = {name: each for name, each in doors.pins.items() if name != role.name}
        if kept is not None:
            pins[role.name] = kept
        if pins and Role.ADMINISTRATOR.name not in pins:
            raise GalleryError("An operator's PIN is worth nothing without an administrator's; set that first.")
        replace(doors, pins=pins).write(opened)
        opened.note("PIN set" if pin else "PIN taken away", role_of=role.name)


def has_pins(vault: Vault) -> bool:
    """Whether anybody has to say who they are."""
    with vault.reading() as opened:
        return bool(Doors.read(opened).pins)


def role_of(vault: Vault, pin: str) -> Role:
    """The role of a PIN, for a gallery that must not be changed yet, so that wrong ones are not counted.

    Raises:
        GalleryError: if it is nobody's.
    """
    with vault.reading() as opened:
        role = Doors.read(opened).role(pin)
    if role is None:
        raise GalleryError(_NOBODYS)
    return role


def sign_in(vault: Vault, pin: str, moment: datetime | None = None) -> Role:
    """The role of a PIN; it stands in the audit log beside what is done from now on.

    Args:
        moment: the time of the attempt; now by default.

    Raises:
        GalleryError: if the PIN is nobody's, or too many were.
    """
    moment = moment or datetime.now(UTC)
    try:
        role = _attempt(vault, pin, moment)
    except GalleryUnreachable:
        role = _attempt_alone(vault, pin, moment)
    if role is None:
        raise GalleryError(_NOBODYS)
    vault.role = role.name.lower()
    return role


def _attempt(vault: Vault, pin: str, moment: datetime) -> Role | None:
    with vault.writing() as opened:
        doors = Doors.read(opened)
        doors.demand_open(moment)
        role = doors.role(pin)
        if role is None:
            doors.after_failure(moment).write(opened)
            opened.note("wrong PIN")
        elif doors.failures:
            replace(doors, failures=0, shut_until="").write(opened)
            opened.note("right PIN", after=doors.failures)
    return role


def _attempt_alone(vault: Vault, pin: str, moment: datetime) -> Role | None:
    """As `_attempt`, counted by this program alone: nobody must be locked in because a server is away."""
    with vault.reading() as opened:
        doors = Doors.read(opened)
    failures, shut_until = vault.wrong_pins
    doors = replace(doors, failures=doors.failures + failures, shut_until=max(doors.shut_until, shut_until))
    doors.demand_open(moment)
    role = doors.role(pin)
    vault.wrong_pins = (failures + 1, doors.after_failure(moment).shut_until) if role is None else (0, "")
    return role


def demand(role: Role, duty: Duty) -> None:
    """Let somebody through who may.

    Raises:
        GalleryError: if the role is not enough.
    """
    what, least = duty.value
    if role < least:
        raise GalleryError(f"Only the {least.name.lower()} may {what}; sign in with that PIN.")
