"""Sealed bytes: AES-256-GCM with what the bytes belong to as associated data, and the keys made of one key. Pure.

Sources: AES-GCM and its limit of 2³² random 96-bit nonces per key, NIST SP 800-38D section 8.3 (a key here seals one
person's few records, or one entry per change); HKDF, RFC 5869; HMAC, RFC 2104.
"""

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
_LENGTHS = tuple(length.to_bytes(8, "big") for length in range(256))  # a large gallery asks for a million of them


class BrokenSeal(Exception):
    """Sealed bytes are not what was sealed, or not with this key, or belong somewhere else."""


def new_key() -> bytes:
    """A random key."""
    return os.urandom(KEY_BYTES)


def derived(key: bytes, purpose: str) -> bytes:
    """The key of one purpose; nothing about it tells of the others."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"depthface " + purpose.encode()).derive(key)


def joined(*parts: str | bytes | int) -> bytes:
    """The parts as one text that no other parts give: each with its length before it."""
    pieces = []
    for part in parts:
        text = part if isinstance(part, bytes) else str(part).encode()
        pieces += [_LENGTHS[len(text)] if len(text) < len(_LENGTHS) else len(text).to_bytes(8, "big"), text]
    return b"".join(pieces)


def seal(key: bytes, content: bytes, *belongs: str | bytes | int) -> bytes:
    """Nonce, ciphertext and tag. It opens only with the same key and as the same belongings."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, joined(*belongs))


def unseal(key: bytes, sealed: bytes, *belongs: str | bytes | int) -> bytes:
    """What was sealed.

    Raises:
        BrokenSeal: if a single bit differs, or it belongs elsewhere.
    """
    if not isinstance(sealed, bytes) or len(sealed) < NONCE_BYTES + TAG_BYTES:
        raise BrokenSeal
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], joined(*belongs))
    except InvalidTag:
        raise BrokenSeal from None


def keyed_hash(key: bytes, *parts: str | bytes | int) -> bytes:
    """HMAC-SHA256 of the parts."""
    return hmac.digest(key, joined(*parts), hashlib.sha256)


def same(one: bytes, other: bytes) -> bool:
    """Whether two secrets are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(one, other)
