// How the telephone stands, in words; which of its buttons can be pressed.

import { one, say } from "../lib/dom";
import { t } from "../lib/i18n";
import type { Phone, PhoneState } from "./phone";

export function sayPhone(state: PhoneState): void {
  const words: Record<PhoneState, [string, string]> = {
    off: [t("tắt"), ""],
    elsewhere: [t("ở cửa sổ khác"), "warn"],
    connecting: [t("đang nối…"), "warn"],
    registered: [t("sẵn sàng"), "good"],
    refused: [t("bị từ chối"), "bad"],
    no_microphone: [t("không có micrô"), "bad"],
  };
  const mark = one("#phone-state");
  mark.className = `mark ${words[state][1]}`;
  say(mark, words[state][0]);
}

/** What one must know of the own telephone, or do about it; nothing when all is well. */
function note(phone: Phone): string {
  if (phone.held) return t("Đang giữ máy: người dân không nghe thấy bạn.");
  if (phone.muted) return t("Đang tắt tiếng: người dân không nghe thấy bạn.");
  switch (phone.state) {
    case "elsewhere":
      return t("Điện thoại đang mở ở một cửa sổ khác của trình duyệt này.");
    case "refused":
      return t("Tổng đài không nhận máy lẻ này: hãy dùng máy để bàn và báo quản trị viên.");
    case "no_microphone":
      return t("Trình duyệt chưa được dùng micrô: cắm tai nghe, rồi cho phép micrô ở cạnh địa chỉ trang.");
    default:
      return "";
  }
}

export function drawPads(phone: Phone): void {
  const words = note(phone);
  one("#phone-note").hidden = !words;
  say(one("#phone-note"), words);
  one<HTMLButtonElement>("#phone-answer").disabled = !phone.ringing;
  one<HTMLButtonElement>("#phone-hang-up").disabled = !phone.ringing && !phone.talking;
  for (const [id, on] of [["#phone-mute", phone.muted], ["#phone-hold", phone.held]] as const) {
    const button = one<HTMLButtonElement>(id);
    button.disabled = !phone.talking;
    button.setAttribute("aria-pressed", String(on));
  }
}
