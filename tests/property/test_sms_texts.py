import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from sms import texts
from sms.segments import Alphabet, alphabet_of, cut, prepare, segments

anything = st.text(max_size=400)
vietnamese = st.text(alphabet="aàáảãạăâđeêoôơuưyỳýỷỹỵ ẤỐỮĐ-.,/0123456789[]{}^~|\\", max_size=400)


@given(anything | vietnamese)
def test_unaccented_is_gsm_plain_and_stays_so(text: str) -> None:
    prepared = prepare(text, unaccented=True)
    assert alphabet_of(prepared) is Alphabet.ASCII
    assert prepare(prepared, unaccented=True) == prepared


@given(vietnamese)
def test_accented_keeps_every_letter(text: str) -> None:
    prepared = prepare(text, unaccented=False)
    assert prepared.split() == unicodedata.normalize("NFC", text).split()


@given(anything | vietnamese, st.booleans())
def test_parts_are_what_a_packer_needs(text: str, unaccented: bool) -> None:  # noqa: FBT001
    prepared = prepare(text, unaccented=unaccented)
    counted = segments(prepared)
    single, several = (160, 153) if counted.alphabet is Alphabet.ASCII else (70, 67)
    if counted.alphabet is Alphabet.UCS2:
        assert counted.units == len(prepared.encode("utf-16-be")) // 2
    if counted.units <= single:
        assert counted.parts == min(counted.units, 1)
    else:
        assert counted.parts >= -(-counted.units // several)
        assert (counted.parts - 1) * (several - 1) < counted.units


@given(anything, st.integers(1, 60))
def test_a_cut_is_a_beginning_that_fits(text: str, limit: int) -> None:
    kept = cut(text, limit)
    assert len(kept) <= limit
    assert text.startswith(kept)


@given(st.text(max_size=120), st.text(max_size=300))
def test_what_people_typed_never_becomes_template(ground: str, guidance: str) -> None:
    values = {"ground": ground or "x", "guidance": guidance}
    filled = texts.fill("A {ground}.[ {guidance}] Z", values)
    passage = f" {guidance}" if guidance else ""
    assert filled == f"A {values['ground']}.{passage} Z"
