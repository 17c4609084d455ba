"""What is said between the steps, in Vietnamese and English; a flow may say it otherwise; pure."""

from typing import Annotated, Final

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from ivr.flow.spoken import Text

_Said = Annotated[Text, Field(max_length=500)]


@dataclass(frozen=True, slots=True, kw_only=True, config=ConfigDict(extra="forbid"))
class Sentences:
    """The usual sentences: keys that are wrong, look-up, message, call-back."""

    wrong_key: _Said = "Phím quý vị vừa bấm không có trong danh sách."
    no_key: _Said = "Tổng đài chưa nhận được phím bấm."
    code: _Said = "Xin quý vị bấm mã tra cứu gồm mười chữ số, hoặc số phiếu, rồi bấm phím thăng."
    code_wrong: _Said = "Tổng đài không tìm thấy phiếu với số quý vị vừa bấm."
    own_number: _Said = "Xin quý vị bấm số điện thoại đã dùng khi gửi phản ánh, rồi bấm phím thăng."
    locked: _Said = "Quý vị đã nhập sai nhiều lần. Xin vui lòng tra cứu lại sau mười lăm phút."
    unavailable: _Said = "Hiện chưa tra cứu được. Xin quý vị vui lòng thử lại sau."
    record: _Said = "Xin quý vị để lại lời nhắn sau tiếng bíp, rồi bấm phím thăng."
    nothing_heard: _Said = "Tổng đài chưa ghi được lời nhắn nào."
    confirm: _Said = "Để gửi lời nhắn, bấm một. Để ghi lại, bấm hai. Để hủy lời nhắn, bấm phím sao."
    kept: _Said = "Tổng đài đã nhận lời nhắn của quý vị."
    dropped: _Said = "Lời nhắn đã được hủy."
    number: _Said = "Tổng đài sẽ gọi lại cho quý vị theo số"
    number_right: _Said = (
        "Để xác nhận, bấm một. Để được gọi lại theo số khác, bấm hai. Để hủy, bấm phím sao."
    )
    number_ask: _Said = (
        "Xin quý vị bấm số điện thoại để được gọi lại, rồi bấm phím thăng. Để hủy, bấm phím sao."
    )
    number_wrong: _Said = "Số điện thoại quý vị vừa bấm không hợp lệ."
    called_back: _Said = "Tổng đài đã ghi nhận. Chúng tôi sẽ gọi lại cho quý vị theo số"
    not_kept: _Said = "Hiện tổng đài chưa ghi nhận được yêu cầu này."


_ENGLISH: Final = Sentences(
    wrong_key="That key is not on the list.",
    no_key="We did not receive a key.",
    code="Please enter your ten digit code, or your ticket number, and press the hash key.",
    code_wrong="No ticket was found for the number that you entered.",
    own_number="Please enter the telephone number that you gave, and press the hash key.",
    locked="Too many wrong entries. Please try again in fifteen minutes.",
    unavailable="Tickets cannot be looked up at the moment. Please try again later.",
    record="Please leave your message after the tone, and press the hash key.",
    nothing_heard="No message was recorded.",
    confirm="To send the message, press 1. To record it again, press 2. To cancel, press star.",
    kept="We have received your message.",
    dropped="The message has been cancelled.",
    number="We will call you back at",
    number_right="To confirm, press 1. For another number, press 2. To cancel, press star.",
    number_ask="Please enter the telephone number to call, and press the hash key. "
    "To cancel, press star.",
    number_wrong="That is not a telephone number that we can call.",
    called_back="Thank you. We will call you back at",
    not_kept="Your wish cannot be noted at the moment.",
)


def sentences(own: Sentences, language: str) -> Sentences:
    """Return a flow's sentences in Vietnamese, the usual ones in English."""
    return own if language == "vi" else _ENGLISH
