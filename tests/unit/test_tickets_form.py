"""The form as typed, what of it can be taken, codes and files by their first bytes."""

import json

import pytest

from tests.contract.register import FORM, OPERATOR, RULES, STRANGER, typed, viewer
from tickets import codes
from tickets.access import DEEDS, Role, may_act
from tickets.attachments import sniff
from tickets.errors import FormIncomplete
from tickets.model import PLAIN, Channel, TicketForm, clean_lines
from tickets.search import indexed, matches, words
from tickets.tables import Ticket
from tongdai.accounts.model import SYSTEM


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({}, {}),
        ({"sender_email": "anh@example.vn"}, {}),
        ({"sender_phone": "(0292) 3812345"}, {}),
        ({"sender_phone": "0892345678"}, {}),  # allocated, though phonenumbers lags behind
        ({"sender_phone": "+44 20 7946 0958"}, {}),
        ({"sender_phone": "  "}, {"sender_phone": "required"}),
        ({"sender_phone": "113"}, {"sender_phone": "not_readable"}),
        ({"sender_phone": "1022"}, {"sender_phone": "not_readable"}),
        ({"sender_phone": "anonymous"}, {"sender_phone": "not_readable"}),
        ({"sender_phone": "0" * 65}, {"sender_phone": "too_long"}),
        ({"sender_email": "anh@"}, {"sender_email": "not_readable"}),
        ({"sender_email": "a@b.vn, c@d.vn"}, {"sender_email": "not_readable"}),
        ({"sender_name": "\t\u200b"}, {"sender_name": "required"}),
        ({"type": ""}, {"type": "required"}),
        ({"type": "no_such"}, {"type": "not_known"}),
        ({"channel": "pigeon"}, {"channel": "not_known"}),
        ({"content": "x" * 20_001}, {"content": "too_long"}),
    ],
)
def test_fields_are_judged_as_the_regulation_asks(
    changed: dict[str, str], wrong: dict[str, str]
) -> None:
    assert typed(**changed).errors(RULES) == wrong
    if wrong:
        with pytest.raises(FormIncomplete) as refusal:
            typed(**changed).validate(RULES)
        assert refusal.value.fields == wrong
    else:
        typed(**changed).validate(RULES)


def test_what_is_stored_is_composed_and_without_control_characters() -> None:
    decomposed = "Nguye\u0302\u0303n\x00 \x1b[31mThi\u0323\r\nA\u0301nh"
    taken = typed(sender_name=decomposed, content="dòng 1\r\n\x07dòng 2\r").validate(RULES)
    assert taken.sender_name == "Nguyễn [31mThị Ánh"
    assert taken.content == "dòng 1\n dòng 2"
    assert taken.channel is Channel.PHONE


def test_confidentiality_is_taken_where_the_procedure_knows_it() -> None:
    assert typed(confidential="on").validate(RULES).confidential
    assert not typed(confidential="").validate(RULES).confidential
    assert not typed(confidential="on", type="report").validate(PLAIN).confidential


def test_what_a_page_adds_is_kept() -> None:
    form = TicketForm.of({"content": "a", "cursor": 17, "open": True, "none": None})
    assert form.more == {"cursor": "17", "open": "on", "none": ""}
    assert TicketForm.of(json.loads(json.dumps(form.as_dict()))) == form


def test_words_are_found_whatever_the_spelling() -> None:
    assert words("Thị trấn Mỹ Lý, quý III") == ["thi", "tran", "mi", "li", "qui", "iii"]
    assert words("tai tay hay hai") == ["tai", "tay", "hay", "hai"]
    assert "ubnd" in indexed("Ủy ban nhân dân phường Ninh Kiều")
    assert {"ubnd", "uy", "ban", "nhan", "dan"} <= set(indexed("UBND xã Phong Điền"))
    assert matches("uy ban nhan dan ninh", "ubnd phuong ninh kieu")
    assert matches("đường ĐI", "duong di bo")
    assert not matches("duong den", "duong di bo")
    assert words("!!! ...") == []


def test_a_code_is_digits_and_tells_a_slip_of_the_finger() -> None:
    code = codes.new_code()
    assert codes.read(codes.spoken(code)) == code
    for place in range(len(code)):
        for digit in "0123456789":
            slipped = code[:place] + digit + code[place + 1 :]
            assert codes.read(slipped) == (code if digit == code[place] else None)
    assert codes.read("12345") is codes.read("abc") is codes.read("") is None
    assert codes.read("١٢٣٤٥٦٧٨٩٠") is None


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
        (b"\0\0\0\x18ftypheic", "image/heic"),
        (b"\0\0\0\x18ftypisom", "video/mp4"),
        (b"\0\0\0\x18ftypM4A ", "audio/mp4"),
        (b"ID3\x04", "audio/mpeg"),
        (b"\xff\xfb\x90\x00", "audio/mpeg"),
        (b"%PDF-1.7", "application/pdf"),
        (b"<html><script>", None),
        (b"<svg xmlns=", None),
        (b"MZ\x90\0", None),
        (b"PK\x03\x04", None),
        (b"\xff\xfe<\0h\0", None),
        (b"RIFF", None),
        (b"", None),
    ],
)
def test_files_are_told_by_their_first_bytes(data: bytes, kind: str | None) -> None:
    assert sniff(data) == kind


def test_only_an_operator_enters_the_extension_and_nobody_reaches_another_hotline() -> None:
    ticket = Ticket(
        hotline="can-tho",
        unit_id="u1",
        created_by="x",
        created_at=None,
        changed_at=None,
    )
    focal, other = viewer("f", Role.FOCAL_POINT, "u1"), viewer("o", Role.FOCAL_POINT, "u2")
    assert may_act(OPERATOR, ticket, "extended")
    assert not may_act(focal, ticket, "extended")
    assert may_act(focal, ticket, "answered")
    assert not may_act(other, ticket, "answered")
    assert not any(may_act(STRANGER, ticket, deed) for deed in DEEDS)
    assert all(may_act(SYSTEM, ticket, deed) for deed in DEEDS)
    assert not may_act(OPERATOR, ticket, "no_such_deed")


def test_the_form_of_this_test_can_be_filed() -> None:
    assert TicketForm.of(FORM).errors(RULES) == {}
    assert clean_lines(" a \r b ") == "a\n b"
