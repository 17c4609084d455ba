"""Whatever is typed: nothing is lost, nothing crashes, what is stored is clean."""

import json
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from tests.contract.register import RULES
from tickets.model import TicketForm, clean_lines
from tickets.search import matches, words
from tongdai.text import fold

anything = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
names = st.sampled_from(sorted(TicketForm.__dataclass_fields__.keys() - {"more"}))
forms = st.dictionaries(names | st.text("abcxyz", min_size=1), anything)


@given(forms)
def test_a_form_comes_back_from_the_database_as_it_was_typed(given_form: dict[str, str]) -> None:
    form = TicketForm.of(given_form)
    assert TicketForm.of(json.loads(json.dumps(form.as_dict()))) == form
    for name, value in given_form.items():
        kept = getattr(form, name) if hasattr(form, name) else form.more[name]
        assert kept == value


@given(forms)
def test_any_form_is_judged_without_a_crash(given_form: dict[str, str]) -> None:
    form = TicketForm.of(given_form)
    wrong = form.errors(RULES)
    taken = form.checked(RULES)
    for name in ("sender_name", "sender_address", "sender_phone", "place", "content"):
        value = getattr(taken, name)
        assert unicodedata.is_normalized("NFC", value)
        assert not any(unicodedata.category(c)[0] == "C" for c in value.replace("\n", ""))
    if "sender_phone" not in wrong:
        assert taken.sender_e164
    if "type" not in wrong:
        assert RULES.type(taken.type)


@given(st.dictionaries(names, st.text(st.characters())))
def test_halves_of_characters_and_nuls_never_reach_the_database(typed: dict[str, str]) -> None:
    for value in TicketForm.of(typed).as_dict().values():
        assert isinstance(value, str)
        assert "\0" not in value
        assert value.encode("utf-8").decode("utf-8") == value


@given(anything)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean_lines(clean_lines(text)) == clean_lines(text)


@given(st.lists(st.text("aăâeêioôơuưyđĐbcdghklmnpqrstvxÁẾỘừỹ", min_size=1), min_size=1))
def test_a_text_is_found_by_each_of_its_words_with_and_without_accents(parts: list[str]) -> None:
    text = " ".join(parts)
    for part in parts:
        assert matches(part, fold(text))
        assert matches(fold(part), fold(text))
        assert set(words(part)) <= set(words(text))
