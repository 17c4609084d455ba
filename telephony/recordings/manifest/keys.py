"""The keys that sign the manifest: one private, all public ones that ever were. Blocking."""

import base64
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from telephony.recordings.errors import SigningKeyMissing

PRIVATE = "manifest.pem"
PUBLIC_SUFFIX = ".pub.pem"


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs heads.

    Attributes:
        key: The id of its public key: the first 16 hexadecimal digits of its SHA-256.
    """

    private: Ed25519PrivateKey
    key: str

    def sign(self, line: str) -> str:
        """Return the signature over a line with its line feed, base64."""
        return base64.b64encode(self.private.sign(f"{line}\n".encode())).decode()


@dataclass(frozen=True, slots=True)
class Keys:
    """The folder of keys: `manifest.pem` (0600) and `ID.pub.pem` of every key that ever signed."""

    folder: Path

    def signer(self) -> Signer:
        """Return whoever signs.

        Raises:
            SigningKeyMissing: There is no private key, or it is none.
        """
        place = self.folder / PRIVATE
        try:
            private = load_pem_private_key(place.read_bytes(), password=None)
        except (OSError, ValueError) as error:
            raise SigningKeyMissing(file=str(place)) from error
        if not isinstance(private, Ed25519PrivateKey):
            raise SigningKeyMissing(file=str(place))
        return Signer(private, key_id(private.public_key()))

    def generate(self) -> Signer:
        """Make a new private key and publish its public one; the earlier private key is dropped.

        Earlier public keys stay: they prove the heads that were signed before.

        Raises:
            OSError: The folder cannot be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        private = Ed25519PrivateKey.generate()
        public = private.public_key()
        signer = Signer(private, key_id(public))
        (self.folder / f"{signer.key}{PUBLIC_SUFFIX}").write_bytes(_pem(public))
        secret = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        fresh = self.folder / f".{PRIVATE}.new"
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secret)
            os.fsync(file.fileno())
        fresh.replace(self.folder / PRIVATE)
        return signer

    def ensure(self) -> Signer:
        """Return whoever signs; make the key when there is none yet (development)."""
        if not (self.folder / PRIVATE).exists():
            return self.generate()
        return self.signer()

    def public(self) -> dict[str, str]:
        """Return every public key that is trusted here: id -> PEM."""
        found = {}
        for place in sorted(self.folder.glob(f"*{PUBLIC_SUFFIX}")):
            pem = place.read_text(encoding="ascii")
            found[key_id(_public(pem))] = pem
        return found


def key_id(public: Ed25519PublicKey) -> str:
    """Return a public key's id."""
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:16]


def proves(pem: str, line: str, signature: str) -> bool:
    """Say whether a signature over a line (with its line feed) is the key's."""
    try:
        _public(pem).verify(base64.b64decode(signature, validate=True), f"{line}\n".encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def _public(pem: str) -> Ed25519PublicKey:
    public = load_pem_public_key(pem.encode())
    if not isinstance(public, Ed25519PublicKey):
        message = "not an Ed25519 key"
        raise ValueError(message)  # noqa: TRY004 - the file's value is wrong, not our call
    return public


def _pem(public: Ed25519PublicKey) -> bytes:
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
