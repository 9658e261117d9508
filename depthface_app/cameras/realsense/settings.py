"""How the RealSense SDK is used and what is asked of a camera."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RealSenseSettings:
    """How the SDK is used.

    dds_domain:    0 to 232: look for networked cameras in this DDS domain; None: USB only
    dds_addresses: addresses of this computer that DDS may use; empty means all of them
    options:       SDK option name → value for the depth sensor, e.g. {"emitter_enabled": 1}; set at start
    """

    dds_domain: int | None = None
    dds_addresses: tuple[str, ...] = ()
    options: Mapping[str, float] = field(default_factory=dict)
