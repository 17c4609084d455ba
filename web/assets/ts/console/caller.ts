// The head of a tab: who calls, on which line, how long, what was tried. Drawn from memory alone.

import { h } from "../lib/dom";
import { t } from "../lib/i18n";
import { moment, now, since, span } from "../lib/time";
import { isDialling, phaseOf, type Tab } from "./tabs";
import type { Card, Contact, Hotline, Transfer } from "./types";

export function kindWords(kind: Card["caller"]["kind"]): string {
  switch (kind) {
    case "mobile":
      return t("di động");
    case "landline":
      return t("cố định");
    case "foreign":
      return t("số nước ngoài");
    case "short":
      return t("số ngắn");
    case "extension":
      return t("máy lẻ nội bộ");
    case "emergency":
      return t("số khẩn cấp");
    case "anonymous":
      return t("người gọi giấu số");
    case "malformed":
      return t("số không đúng dạng");
  }
}

/** The number as people read it; a hidden or malformed one is shown as what it is. */
export function numberWords(card: Card): string {
  if (card.direction === "outbound" && !card.caller.raw) return t("Gọi đi");
  if (card.caller.kind === "anonymous") return t("Số ẩn");
  return card.caller.national || card.caller.raw || t("Không có số");
}

export function stateWords(card: Card, handed = false): string {
  if (card.ended_at) return t("Đã kết thúc");
  if (card.ringing) return t("Đang đổ chuông");
  if (handed) return t("Đã chuyển, đang nói với đơn vị");
  if (isDialling(card)) return t("Đang gọi đi");
  switch (card.state) {
    case "held":
      return t("Đang giữ máy");
    case "transferring":
      return t("Đang chuyển máy");
    case "answered":
      return card.mine ? t("Đang nói") : t("Đang nói với người khác");
    case "queued":
      return t("Trong hàng đợi");
    default:
      return t("Đang kết nối");
  }
}

/** How long it has been so; the clock that ticks in the card. */
export function duration(card: Card): string {
  if (card.ringing || !card.answered_at) {
    if (card.ended_at) return "";
    return since(card.queued_at ?? card.started_at);
  }
  return card.ended_at ? span(Date.parse(card.ended_at) - Date.parse(card.answered_at)) : since(card.answered_at);
}

/** What the caller chose in the menus: "Giao thông · tiếng Anh · ưu tiên 3". */
export function chosenWords(chosen: NonNullable<Card["chosen"]>): string {
  const { field, skill, language } = chosen;
  const priority = chosen.after ? 0 : chosen.priority;
  const languages: Record<string, string> = { en: t("tiếng Anh") };
  const spoken = language ? (languages[language] ?? language) : "";
  const skilled = skill && skill !== language ? (languages[skill] ?? skill) : "";
  return [field, spoken, skilled, priority ? t("ưu tiên {number}", { number: priority }) : ""].filter(Boolean).join(" · ");
}

/** Why the caller comes before the others: "bị ngắt cách đây 3 phút"; nothing when he does not. */
export function cutOffWords(card: Card): string {
  const at = card.chosen?.cut_off_at;
  if (!at) return "";
  const minutes = Math.round((Date.parse(card.started_at) - Date.parse(at)) / 60_000);
  return minutes < 1 ? t("Vừa bị ngắt máy") : t("Bị ngắt máy {n} phút trước khi gọi lại", { n: minutes });
}

export function waited(card: Card): string {
  const from = Date.parse(card.queued_at ?? card.started_at);
  const to = card.answered_at ?? card.ended_at;
  return span((to ? Date.parse(to) : now()) - from);
}

export function transferWords(transfer: Transfer): string {
  switch (transfer.state) {
    case "starting":
      return t("đang nối");
    case "ringing":
      return t("đang đổ chuông");
    case "answered":
      return t("đã nhấc máy, chờ bấm phím nhận");
    case "accepted":
      return transfer.joined ? t("cả ba đang nói") : t("đang nói với người gọi đến, dân chờ nghe nhạc");
    case "completed":
      return t("đã nhận cuộc gọi");
    case "cancelled":
      return t("đã hủy");
    case "abandoned":
      return t("người dân gác máy");
    case "returned":
      return reasonWords(transfer);
  }
}

export function reasonWords(transfer: Transfer): string {
  switch (transfer.reason) {
    case "no_answer":
      return t("không nghe máy");
    case "busy":
      return t("máy bận");
    case "rejected":
      return t("từ chối cuộc gọi");
    case "unreachable":
      return t("không liên lạc được");
    case "not_accepted":
      if (transfer.detail === "refused") return t("nhấc máy nhưng từ chối nhận");
      if (transfer.detail === "later") return t("nhấc máy, hẹn gọi lại sau");
      return t("nhấc máy nhưng không bấm phím nhận");
    case "person_hung_up":
      return t("người được gọi gác máy");
    case "operator_cancelled":
      return t("đã hủy");
    case "operator_hung_up":
      return t("tổng đài viên gác máy");
    case "caller_hung_up":
      return t("người dân gác máy");
    default:
      return t("không chuyển được");
  }
}

/** Why the citizen whom I called was not reached. */
export function unreachedWords(why: string): string {
  switch (why) {
    case "busy":
      return t("Máy của người dân đang bận.");
    case "no_answer":
      return t("Người dân không nghe máy.");
    default:
      return t("Không gọi được số này: số không đúng, hoặc máy tắt hay ngoài vùng phủ sóng.");
  }
}

export interface CallerDeeds {
  answer: boolean;
  transfer: boolean;
}

export function drawCaller(
  tab: Tab,
  hotline: Hotline | undefined,
  contacts: Contact[],
  transfers: Transfer[],
  can: CallerDeeds,
): HTMLElement {
  const call = tab.call;
  if (!call) return h("div", { class: "caller-head" });
  const phase = phaseOf(tab);
  const outbound = call.direction === "outbound";
  const name = nameWords(call, contacts);
  const tried = transfers.filter((transfer) => transfer.call === call.id && transfer.ended_at);
  return h(
    "div",
    { class: `caller-head ${phase}` },
    h(
      "div",
      { class: "who" },
      h(
        "div",
        { class: "number-line" },
        h("span", { class: `number num ${call.caller.kind}`, title: call.caller.raw }, numberWords(call)),
        h("span", { class: "mark" }, kindWords(call.caller.kind)),
        call.caller.kind === "malformed" ? h("code", { class: "raw", title: call.caller.raw }, call.caller.raw || "∅") : null,
      ),
      h("div", { class: "name-line" }, name),
    ),
    h(
      "dl",
      { class: "call-facts" },
      h("div", {}, h("dt", {}, outbound ? t("Gọi đi từ") : t("Gọi đến")), h("dd", { class: "line" }, hotline?.title ?? call.hotline)),
      call.chosen && chosenWords(call.chosen)
        ? h("div", {}, h("dt", {}, t("Đã chọn")), h("dd", { class: "line" }, chosenWords(call.chosen)))
        : null,
      cutOffWords(call) ? h("div", {}, h("dt", {}, t("Lý do ưu tiên")), h("dd", { class: "line cut-off" }, cutOffWords(call))) : null,
      h("div", {}, h("dt", {}, t("Đã chờ")), h("dd", { class: "num", "data-tick": "waited" }, waited(call))),
      h("div", {}, h("dt", {}, t("Bắt đầu")), h("dd", { class: "num" }, moment(call.started_at))),
    ),
    h(
      "div",
      { class: "now" },
      h("span", { class: `phase ${phase} ${call.state}` }, stateWords(call, tab.handed), " ", h("b", { class: "num", "data-tick": "duration" }, duration(call))),
      can.answer ? h("button", { type: "button", class: "good", "data-deed": "answer" }, t("Nghe máy"), h("kbd", {}, "F2")) : null,
      can.transfer ? h("button", { type: "button", "data-deed": "transfer" }, t("Chuyển máy"), h("kbd", {}, "F9")) : null,
    ),
    tried.length
      ? h(
          "ol",
          { class: "tried", "aria-label": t("Đã chuyển máy") },
          ...tried.map((transfer) =>
            h(
              "li",
              {},
              h("span", { class: "num" }, moment(transfer.started_at)),
              ` ${transfer.person || transfer.number}${transfer.unit ? ` (${transfer.unit})` : ""}: ${transferWords(transfer)}`,
            ),
          ),
        )
      : null,
  );
}

/** Several contacts on a number: all are shown, none is chosen silently. */
function nameWords(call: Card, contacts: Contact[]): HTMLElement {
  const only = contacts[0];
  if (contacts.length > 1) {
    return h("span", {}, t("{n} người từng gọi từ số này: ", { n: contacts.length }), contacts.map((c) => c.name).join("; "));
  }
  if (only) return h("span", {}, h("b", {}, only.name), only.address ? ` · ${only.address}` : "");
  if (call.caller.name) return h("span", {}, h("b", {}, call.caller.name), " ", h("span", { class: "soft small" }, t("(tên do mạng báo)")));
  return h("span", { class: "soft" }, t("Chưa biết tên"));
}
