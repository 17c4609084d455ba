// What became of the ticket: number, due time, who was told; the words to read aloud.

import { fill, h } from "../lib/dom";
import { t } from "../lib/i18n";
import { moment } from "../lib/time";
import type { Ticket } from "./types";

export interface ResultDeeds {
  second: (() => void) | null;
  close: () => void;
}

export function drawResult(room: HTMLElement, ticket: Ticket, deeds: ResultDeeds): void {
  room.className = `note result ${ticket.overdue ? "bad" : "good"}`;
  room.tabIndex = -1;
  fill(
    room,
    h("p", { class: "number num" }, ticket.number ?? "–", " ", h("span", { class: "state" }, stateWords(ticket))),
    ticket.due_words ? h("p", {}, t("Hạn xử lý: "), h("b", { class: "num due" }, ticket.due_words)) : null,
    ticket.unit ? h("p", {}, t("Đơn vị: "), ticket.unit, ticket.person ? ` · ${ticket.person}` : "") : null,
    ticket.message ? h("p", { class: "small" }, "SMS: ", messageWords(ticket.message.state)) : null,
    ticket.code && ticket.state !== "rejected" ? h("p", {}, t("Mã tra cứu cho người dân: "), h("b", { class: "num code" }, spoken(ticket.code))) : null,
    aloud(ticket),
    ...ticket.notes.map((note) => h("p", { class: "small" }, h("span", { class: "num soft" }, moment(note.at)), " ", note.text)),
    h(
      "div",
      { class: "row tight" },
      // hidden until the pane knows that a call can be made now
      h("button", { type: "button", hidden: true, "data-deed": "call-back" }, t("Gọi lại"), h("kbd", {}, "Alt G")),
      deeds.second ? h("button", { type: "button", onclick: deeds.second }, t("Việc khác của người này")) : null,
      h("a", { class: "button", href: `/desk/tickets/${ticket.id}`, target: "_blank", rel: "noopener" }, t("Trang xử lý phiếu")),
      h("button", { type: "button", onclick: deeds.close }, t("Đóng phiếu"), h("kbd", {}, "Alt W")),
    ),
  );
}

function stateWords(ticket: Ticket): string {
  if (ticket.overdue) return t("Trễ hạn");
  switch (ticket.state) {
    case "draft":
      return t("Nháp");
    case "open":
      return ticket.unit ? t("Đã chuyển đơn vị") : t("Đang xử lý");
    case "answered":
      return t("Đã có trả lời");
    case "closed":
      return t("Đã xong");
    case "rejected":
      return t("Đã từ chối tiếp nhận");
  }
}

/** The promise to read to the caller (CT-9.1.2b). */
function aloud(ticket: Ticket): HTMLElement | null {
  if (ticket.state === "rejected" || !ticket.number) return null;
  const words = ticket.due_words
    ? t("Đọc cho người dân: “Phiếu số {number}. {unit} sẽ trả lời ông/bà trước {due}.”", {
        number: ticket.number,
        unit: ticket.unit || t("Đơn vị xử lý"),
        due: ticket.due_words,
      })
    : t("Đọc cho người dân: “Nội dung của ông/bà đã được ghi nhận, số phiếu {number}.”", { number: ticket.number });
  return h("p", { class: "aloud" }, words);
}

function spoken(code: string): string {
  return `${code.slice(0, 3)} ${code.slice(3, 6)} ${code.slice(6)}`;
}

export function messageWords(state: string): string {
  switch (state) {
    case "queued":
    case "sending":
      return t("đang gửi");
    case "accepted":
      return t("nhà mạng đã nhận, chờ báo đến máy");
    case "delivered":
      return t("đã đến máy người nhận");
    case "undelivered":
    case "rejected":
      return t("KHÔNG đến được; hãy gọi cho đầu mối");
    case "not_sendable":
      return t("KHÔNG gửi được: đầu mối không có số di động nhận SMS");
    case "unknown":
      return t("chưa rõ đã đến hay chưa");
    default:
      return t("đã hủy");
  }
}
