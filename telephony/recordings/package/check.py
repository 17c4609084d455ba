"""`tongdai recordings verify PACKAGE`: names what in a package does not prove. Blocking."""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pydantic import ValidationError

from telephony.recordings.manifest.excerpt import Excerpt
from telephony.recordings.manifest.excerpt import faults as excerpt_faults
from telephony.recordings.package.seal import EXCERPT, SIGNATURE, SUMS


def faults(package: Path, trusted: Mapping[str, str] | None = None) -> list[str]:
    """Return what is wrong with a package, a sentence each; nothing when all proves.

    Args:
        package: The ZIP file.
        trusted: Public keys by id that the reader knows from elsewhere; without, the package's own.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(package.read_bytes())) as opened:
            files = {name: opened.read(name) for name in opened.namelist()}
    except (OSError, zipfile.BadZipFile, EOFError) as error:
        return [f"{package.name} cannot be read: {error}"]
    wrong = [*_sum_faults(files), *_seal_faults(files, trusted)]
    try:
        excerpt = Excerpt.model_validate_json(files.get(EXCERPT, b""))
    except ValidationError:
        return [*wrong, f"{EXCERPT}: it is no excerpt of a manifest"]
    return [*wrong, *excerpt_faults(excerpt, trusted), *_sound_faults(files, excerpt)]


def _sum_faults(files: Mapping[str, bytes]) -> list[str]:
    told = {}
    for line in files.get(SUMS, b"").decode(errors="replace").splitlines():
        digest, _, name = line.partition("  ")
        told[name] = digest
    wrong = [f"{name}: it is missing" for name in told if name not in files]
    wrong += [
        f"{name}: it was changed"
        for name, digest in told.items()
        if name in files and hashlib.sha256(files[name]).hexdigest() != digest
    ]
    extra = files.keys() - told.keys() - {SUMS, SIGNATURE}
    return [*wrong, *(f"{name}: it is not in {SUMS}" for name in sorted(extra))]


def _seal_faults(files: Mapping[str, bytes], trusted: Mapping[str, str] | None) -> list[str]:
    """Say whether the sums bear the signature of one of the keys."""
    own = [data.decode() for name, data in files.items() if name.endswith(".pub.pem")]
    for pem in own if trusted is None else trusted.values():
        try:
            key = load_pem_public_key(pem.encode())
            if isinstance(key, Ed25519PublicKey):
                key.verify(files.get(SIGNATURE, b""), files.get(SUMS, b""))
                return []
        except (InvalidSignature, ValueError):
            continue
    return [f"{SUMS}: no known key has signed it"]


def _sound_faults(files: Mapping[str, bytes], excerpt: Excerpt) -> list[str]:
    """Say whether the sound is the one that the manifest names."""
    sound = next((name for name in files if name.startswith("audio.")), None)
    if sound is None:
        return ["the sound is missing"]
    digest = hashlib.sha256(files[sound]).hexdigest()
    for entry in excerpt.entries:
        try:
            said = json.loads(entry.line)
        except ValueError:
            continue
        if isinstance(said, dict) and said.get("event") == "archived":
            return [] if said.get("sha256") == digest else [f"{sound}: not what was archived"]
    return [f"{sound}: the manifest's entries do not tell of its archiving"]
