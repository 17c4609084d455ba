"""Keep the English catalogue: Vietnamese texts are read from the code, their English from the .po.

update   read every `_()` and `N_()` of the code into tongdai.po; texts that are gone are dropped
compile  make tongdai.mo of it (set-up does this; the file is not kept)
check    fail when a text has no English, or when the catalogue is not what `update` makes
"""

import sys
from io import BytesIO
from pathlib import Path
from typing import Annotated

import typer
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PO = HERE / "en" / "LC_MESSAGES" / "tongdai.po"
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2), "t": None}
PARTS = ("tongdai", "web", "sms", "tickets", "telephony", "escalation", "ivr")

cli = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)


def extracted() -> Catalog:
    """Return every text of the code, with the English that is known."""
    with (HERE / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]  # Babel
    fresh = Catalog(locale="en", project="tongdai", charset="utf-8", fuzzy=False)
    for part in PARTS:
        for name, _line, text, comments, context in extract_from_dir(
            ROOT / part, methods, options, KEYWORDS, directory_filter=_inside
        ):
            where = [(f"{part}/{name}", 0)]
            fresh.add(text, locations=where, context=context, auto_comments=comments)
    known = stored()
    for message in fresh:
        old = known.get(message.id) if message.id else None
        if old is not None and old.string:
            message.string = old.string
    return fresh


def stored() -> Catalog:
    """Return the catalogue as it is kept."""
    if not PO.exists():
        return Catalog(locale="en")
    with PO.open("rb") as file:
        return read_po(file, locale="en")


def text_of(catalogue: Catalog) -> bytes:
    """Return the .po file's bytes: sorted, without line numbers and dates."""
    buffer = BytesIO()
    write_po(buffer, catalogue, sort_output=True, include_lineno=False, omit_header=True, width=100)
    header = b'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
    header += b'"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
    return header + buffer.getvalue()


@cli.command()
def update() -> None:
    """Read the code's texts into the catalogue."""
    PO.parent.mkdir(parents=True, exist_ok=True)
    PO.write_bytes(text_of(extracted()))
    typer.echo(f"{len(missing())} without English")


@cli.command("compile")
def compile_() -> None:
    """Make the .mo."""
    with PO.with_suffix(".mo").open("wb") as file:
        write_mo(file, stored())


@cli.command()
def check(*, show: Annotated[bool, typer.Option(help="print the texts")] = True) -> None:
    """Fail when a text has no English."""
    lacking = missing()
    if show:
        for text in lacking:
            typer.echo(text, err=True)
    if lacking:
        sys.exit(1)


def missing() -> list[str]:
    """Return the texts of the code that have no English."""
    return sorted(str(m.id) for m in extracted() if m.id and not _has_english(m))


def _has_english(message: Message) -> bool:
    words = message.string
    return bool(words) and (isinstance(words, str) or all(words or ()))


def _inside(folder: str) -> bool:
    return Path(folder).name not in {"static", "node_modules", "__pycache__", ".venv"}


if __name__ == "__main__":
    cli()
