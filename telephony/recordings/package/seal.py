"""Puts a package together: sound, facts, the manifest's excerpt, keys, the way to verify. Blocking.

Every file's SHA-256 stands in SHA256SUMS, and that file is signed with the key that signs the
manifest: `sha256sum -c` and `openssl pkeyutl -verify` are all that is needed.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from telephony.recordings.manifest.excerpt import Excerpt
from telephony.recordings.manifest.keys import Signer
from telephony.recordings.package.guide import guide, script

SUMS = "SHA256SUMS"
SIGNATURE = "SHA256SUMS.sig"
EXCERPT = "manifest/excerpt.json"
FACTS = "facts.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What goes in.

    Attributes:
        sound: The archived sound, byte for byte.
        extension: flac, wav or opus.
        facts: Call and ticket, as JSON values.
        paper: The same for people: a PDF.
        excerpt: The manifest's entries about the recording, and their way to signed heads.
        at: When it was made (aware).
    """

    sound: bytes
    extension: str
    facts: Mapping[str, Any]
    paper: bytes
    excerpt: Excerpt
    at: datetime


def seal(contents: Contents, signer: Signer, public: str) -> bytes:
    """Return the package, a ZIP file.

    Args:
        contents: What goes in.
        signer: Who seals it.
        public: The signer's public key, PEM.
    """
    files = _files(contents, signer.key, public)
    sums = "".join(f"{hashlib.sha256(files[n]).hexdigest()}  {n}\n" for n in sorted(files))
    files[SUMS] = sums.encode()
    files[SIGNATURE] = signer.private.sign(files[SUMS])
    made = io.BytesIO()
    when = contents.at.timetuple()[:6]
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as package:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, when)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (0o755 if name.endswith(".sh") else 0o644) << 16
            package.writestr(info, files[name])
    return made.getvalue()


def _files(contents: Contents, key: str, public: str) -> dict[str, bytes]:
    """Return every file but the sums, by name; manifest lines as the bytes that are hashed."""
    found, sound = contents.excerpt, f"audio.{contents.extension}"
    files = {
        sound: contents.sound,
        FACTS: _json(contents.facts),
        "facts.pdf": contents.paper,
        EXCERPT: found.model_dump_json(indent=1).encode(),
        f"keys/{key}.pub.pem": public.encode(),
    }
    for entry in found.entries:
        files[f"manifest/entry-{entry.seq}.json"] = f"{entry.line}\n".encode()
    for head in found.heads:
        files[f"manifest/head-{head.no}.json"] = f"{head.line}\n".encode()
        files[f"manifest/head-{head.no}.sig"] = head.raw_signature
    for name, pem in found.keys.items():
        files[f"keys/{name}.pub.pem"] = pem.encode()
    files["README.txt"] = guide(found, sound, key).encode()
    files["verify.sh"] = script(found, sound, key).encode()
    return files


def _json(facts: Mapping[str, Any]) -> bytes:
    return (json.dumps(facts, ensure_ascii=False, indent=1, default=str) + "\n").encode()
