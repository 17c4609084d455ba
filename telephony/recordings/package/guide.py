"""How a package is verified with sha256sum and openssl alone: for people, and as a script. Pure."""

from collections.abc import Iterator

from telephony.recordings.manifest.excerpt import EntryOut, Excerpt

_HEAD = """\
GÓI GHI ÂM NIÊM PHONG / SEALED RECORDING
========================================

{sound}: âm thanh, đúng từng byte như trong kho / the sound as it lies in the archive
facts.json, facts.pdf: cuộc gọi và phiếu / the call and its ticket
manifest/: các dòng sổ ghi âm và đầu sổ đã ký / the manifest's lines and signed heads
keys/: khóa công khai / public keys

Kiểm tra chỉ bằng sha256sum và openssl 3; `sh verify.sh` làm mọi bước dưới đây.
All is checked with sha256sum and openssl 3; `sh verify.sh` does every step below.

0. So vân tay khóa với vân tay đã công bố / compare the key with the published one:
     openssl pkey -pubin -in keys/{key}.pub.pem -outform DER | tail -c 32 | sha256sum
     -> {key}...

1. Không tệp nào bị đổi / no file was changed:
     sha256sum -c SHA256SUMS
     {seal}

2. Âm thanh là bản đã vào sổ / the sound is the archived one ("sha256" of the entry):
     sha256sum {sound}
     grep -o '"sha256":"[0-9a-f]*"' {archived}

3. Dòng sổ dẫn tới đầu sổ đã ký / each entry leads to the root of a signed head:
"""
_TAIL = """\
4. Đầu sổ do khóa của tổng đài ký / the heads are signed with the hotline's key:
"""


def guide(found: Excerpt, sound: str, key: str) -> str:
    """Return README.txt.

    Args:
        found: The manifest's excerpt.
        sound: The sound's file name.
        key: The id of the key that seals the package.
    """
    seal = _verify(key, "SHA256SUMS", "SHA256SUMS.sig")
    lines = [_HEAD.format(sound=sound, key=key, archived=_archived(found), seal=seal)]
    for entry in found.entries:
        lines += [f"     {command}\n" for command in _climb(entry)]
        lines.append(f'     -> "root" trong/in manifest/head-{entry.head}.json\n\n')
    lines.append(_TAIL)
    lines += [f"     {command}\n" for command in _heads(found)]
    return "".join(lines)


def script(found: Excerpt, sound: str, key: str) -> str:
    """Return verify.sh: every step of the guide; it ends with 0 only when all is well."""
    lines = [
        "#!/bin/sh",
        "# sha256sum, openssl, grep, cut, dirname: nothing else is needed.",
        'cd "$(dirname "$0")" || exit 2',
        "bad=0",
        'must() { if [ "$2" = "$3" ]; then echo "OK   $1"; else echo "FAIL $1"; bad=1; fi; }',
        "run() { what=$1; shift",
        'if "$@" >/dev/null 2>&1; then echo "OK   $what"; else echo "FAIL $what"; bad=1; fi; }',
        "sum() { sha256sum | cut -d' ' -f1; }",
        'field() { grep -o "\\"$2\\":\\"[0-9a-f]*\\"" "$1" | cut -d\'"\' -f4; }',
        "run 'SHA256SUMS' sha256sum -c --strict SHA256SUMS",
        f"run 'seal of SHA256SUMS' {_verify(key, 'SHA256SUMS', 'SHA256SUMS.sig')}",
        f'wanted="$(field {_archived(found)} sha256)"',
        f'must "{sound} is the archived sound" "$(sum <{sound})" "$wanted"',
    ]
    for entry in found.entries:
        climbed = "; ".join(_climb(entry))
        lines.append(
            f'must "entry {entry.seq} leads to head {entry.head}" "$({climbed}; echo $h)" '
            f'"$(field manifest/head-{entry.head}.json root)"'
        )
    lines += [
        f"run 'signature of head {no}' {command}"
        for no, command in zip((h.no for h in found.heads), _heads(found), strict=True)
    ]
    return "\n".join([*lines, "exit $bad", ""])


def _archived(found: Excerpt) -> str:
    first = next((e for e in found.entries if '"event":"archived"' in e.line), found.entries[0])
    return f"manifest/entry-{first.seq}.json"


def _climb(entry: EntryOut) -> Iterator[str]:
    yield f"h=$(sha256sum <manifest/entry-{entry.seq}.json | cut -d' ' -f1)"
    for step in entry.path:
        pair = f"{step.hash} $h" if step.side == "left" else f"$h {step.hash}"
        yield f"h=$(echo node {pair} | sha256sum | cut -d' ' -f1)"


def _heads(found: Excerpt) -> list[str]:
    return [
        _verify(head.key, f"manifest/head-{head.no}.json", f"manifest/head-{head.no}.sig")
        for head in found.heads
    ]


def _verify(key: str, file: str, signature: str) -> str:
    return (
        f"openssl pkeyutl -verify -pubin -inkey keys/{key}.pub.pem -rawin -in {file} "
        f"-sigfile {signature}"
    )
