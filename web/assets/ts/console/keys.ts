// The keyboard: one table of keys and deeds; the cheat-sheet is drawn from it.

import { fill, h, one } from "../lib/dom";
import { t } from "../lib/i18n";

export type Deed =
  | "answer" | "hang-up" | "call-back" | "mute" | "hold" | "recording" | "keypad" | "transfer"
  | "ready" | "pause" | "sign-off"
  | "outcome-answer" | "outcome-refer" | "outcome-refuse" | "outcome-none" | "save" | "send" | "link"
  | "new" | "drafts" | "close" | "next" | "previous" | "help" | "try-ring"
  | "callbacks" | "callback-take" | "callback-pass"
  | "callback-1" | "callback-2" | "callback-3" | "callback-4" | "callback-5";

interface Key {
  deed: Deed;
  code: string;
  alt?: boolean;
  ctrl?: boolean;
  shown: string;
  words: string;
  group: "call" | "ticket" | "tabs" | "back" | "me";
}

const KEYS: Key[] = [
  { deed: "answer", code: "F2", shown: "F2", words: t("Nghe máy; đang nói thì đến phiếu của cuộc gọi"), group: "call" },
  { deed: "hold", code: "F4", shown: "F4", words: t("Giữ máy, nói tiếp"), group: "call" },
  { deed: "mute", code: "F7", shown: "F7", words: t("Tắt, bật tiếng của mình"), group: "call" },
  { deed: "recording", code: "KeyT", alt: true, shown: "Alt T", words: t("Tạm dừng ghi âm, ghi tiếp"), group: "call" },
  { deed: "keypad", code: "KeyK", alt: true, shown: "Alt K", words: t("Bàn phím số: rồi gõ 0–9, *, #"), group: "call" },
  { deed: "hang-up", code: "F8", shown: "F8", words: t("Gác máy"), group: "call" },
  { deed: "call-back", code: "KeyG", alt: true, shown: "Alt G", words: t("Gọi lại số của phiếu; máy của mình đổ chuông trước"), group: "call" },
  { deed: "transfer", code: "F9", shown: "F9", words: t("Chuyển máy"), group: "call" },
  { deed: "outcome-answer", code: "KeyA", alt: true, shown: "Alt A", words: t("Trả lời trực tiếp"), group: "ticket" },
  { deed: "outcome-refer", code: "KeyC", alt: true, shown: "Alt C", words: t("Chuyển đơn vị xử lý"), group: "ticket" },
  { deed: "outcome-refuse", code: "KeyX", alt: true, shown: "Alt X", words: t("Từ chối tiếp nhận"), group: "ticket" },
  { deed: "send", code: "Enter", ctrl: true, shown: "Ctrl Enter", words: t("Gửi phiếu"), group: "ticket" },
  { deed: "save", code: "KeyS", alt: true, shown: "Alt S", words: t("Lưu nháp ngay (vẫn luôn tự lưu)"), group: "ticket" },
  { deed: "link", code: "KeyL", alt: true, shown: "Alt L", words: t("Cuộc gọi này về phiếu đang có"), group: "ticket" },
  { deed: "new", code: "KeyN", alt: true, shown: "Alt N", words: t("Phiếu mới"), group: "tabs" },
  { deed: "drafts", code: "KeyO", alt: true, shown: "Alt O", words: t("Các phiếu đang soạn"), group: "tabs" },
  { deed: "previous", code: "Comma", alt: true, shown: "Alt ,", words: t("Phiếu trước"), group: "tabs" },
  { deed: "next", code: "Period", alt: true, shown: "Alt .", words: t("Phiếu sau"), group: "tabs" },
  { deed: "close", code: "KeyW", alt: true, shown: "Alt W", words: t("Đóng phiếu"), group: "tabs" },
  { deed: "callbacks", code: "KeyB", alt: true, shown: "Alt B", words: t("Danh sách phải gọi lại"), group: "back" },
  { deed: "callback-take", code: "KeyY", alt: true, shown: "Alt Y", words: t("Gọi người được mời gọi lại"), group: "back" },
  { deed: "callback-pass", code: "KeyU", alt: true, shown: "Alt U", words: t("Bỏ qua lời mời gọi lại"), group: "back" },
  { deed: "callback-1", code: "Digit1", alt: true, shown: "Alt 1", words: t("Kết quả gọi lại: đã gặp"), group: "back" },
  { deed: "callback-2", code: "Digit2", alt: true, shown: "Alt 2", words: t("Kết quả gọi lại: máy bận"), group: "back" },
  { deed: "callback-3", code: "Digit3", alt: true, shown: "Alt 3", words: t("Kết quả gọi lại: không nghe máy"), group: "back" },
  { deed: "callback-4", code: "Digit4", alt: true, shown: "Alt 4", words: t("Kết quả gọi lại: nhầm số"), group: "back" },
  { deed: "callback-5", code: "Digit5", alt: true, shown: "Alt 5", words: t("Kết quả gọi lại: từ chối nói chuyện"), group: "back" },
  { deed: "ready", code: "KeyR", alt: true, shown: "Alt R", words: t("Sẵn sàng nhận cuộc gọi"), group: "me" },
  { deed: "pause", code: "KeyP", alt: true, shown: "Alt P", words: t("Tạm dừng"), group: "me" },
  { deed: "help", code: "F1", shown: "F1", words: t("Bảng phím tắt này"), group: "me" },
];

const GROUPS: [Key["group"], string][] = [
  ["call", t("Cuộc gọi")],
  ["ticket", t("Phiếu")],
  ["tabs", t("Các phiếu đang mở")],
  ["back", t("Gọi lại")],
  ["me", t("Trạng thái")],
];

/** Call `carryOut` for every key of the table and every button with data-deed. */
export function listen(carryOut: (deed: Deed) => void): void {
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.metaKey || event.shiftKey) return;
    const found = KEYS.find(
      (key) => key.code === event.code && (key.alt ?? false) === event.altKey && (key.ctrl ?? false) === event.ctrlKey,
    );
    const question = event.key === "?" && !isText(event.target) && !event.altKey && !event.ctrlKey;
    if (!found && !question) return;
    if (document.querySelector("dialog[open]")) {
      // in a dialog only its own keys count; the browser's F1 and the like stay off
      if (found) event.preventDefault();
      return;
    }
    event.preventDefault();
    carryOut(found ? found.deed : "help");
  });
  document.addEventListener("click", (event) => {
    const button = (event.target as HTMLElement).closest<HTMLElement>("[data-deed]");
    if (button && !(button as HTMLButtonElement).disabled) carryOut(button.dataset["deed"] as Deed);
  });
}

export function showHelp(): void {
  fill(
    one("#help-list"),
    ...GROUPS.map(([group, title]) =>
      h(
        "section",
        {},
        h("h3", {}, title),
        h(
          "dl",
          { class: "keys" },
          ...KEYS.filter((key) => key.group === group).flatMap((key) => [
            h("dt", {}, h("kbd", {}, key.shown)),
            h("dd", {}, key.words),
          ]),
        ),
      ),
    ),
  );
  one<HTMLDialogElement>("#help-dialog").showModal();
}

function isText(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName));
}
