// Beside the form: what this number brought in before, and what of it is still open.

import { h } from "../lib/dom";
import { t } from "../lib/i18n";
import { moment } from "../lib/time";
import type { About, CallLine, TicketLine } from "./types";

export function stateOf(state: string, overdue: boolean): HTMLElement {
  if (overdue) return h("span", { class: "mark bad" }, t("trễ hạn"));
  switch (state) {
    case "open":
      return h("span", { class: "mark brand" }, t("đang xử lý"));
    case "answered":
      return h("span", { class: "mark good" }, t("đã có trả lời"));
    case "closed":
      return h("span", { class: "mark good" }, t("đã xong"));
    case "rejected":
      return h("span", { class: "mark" }, t("đã từ chối"));
    default:
      return h("span", { class: "mark warn" }, t("nháp"));
  }
}

export function ticketLine(line: TicketLine, deed?: { words: string; key?: string; run: () => void }): HTMLElement {
  return h(
    "li",
    { class: "ticket-line" },
    h(
      "div",
      { class: "row tight between" },
      h("b", { class: "num" }, line.number ?? t("Chưa có số")),
      h("span", { class: "small soft num" }, moment(line.at)),
    ),
    h("p", { class: "content" }, line.content || t("(chưa có nội dung)")),
    h(
      "div",
      { class: "row tight small" },
      stateOf(line.state, line.overdue),
      line.field ? h("span", {}, line.field) : null,
      line.unit ? h("span", { class: "soft" }, line.unit) : null,
      line.due_at && line.state === "open" ? h("span", { class: "soft num" }, t("hạn {time}", { time: moment(line.due_at) })) : null,
      h("span", { class: "grow" }),
      deed ? h("button", { type: "button", class: "small-button", onclick: () => deed.run() }, deed.words, deed.key ? h("kbd", {}, deed.key) : null) : null,
    ),
  );
}

/** The call that was cut off and what came of it, above the rest. */
function cutOff(about: About, after: string, open: (line: TicketLine) => void): HTMLElement | null {
  const call = about.calls.find((one) => one.id === after);
  if (!call) return null;
  const line = about.cut_off;
  return h(
    "div",
    { class: "note warn cut-off" },
    h("h3", {}, t("Cuộc gọi vừa bị ngắt")),
    h("ul", { class: "lines calls" }, callLine(call)),
    line ? h("ul", { class: "lines" }, ticketLine(line, { words: t("Xem"), run: () => open(line) })) : null,
  );
}

export function drawAbout(about: About | null, away: boolean, after: string, open: (line: TicketLine) => void): HTMLElement {
  if (away) return h("div", {}, h("h2", {}, t("Trước đây")), h("p", { class: "soft" }, t("Chưa tra được: máy chủ dữ liệu không trả lời.")));
  if (!about) return h("div", {}, h("h2", {}, t("Trước đây")), h("p", { class: "soft" }, t("Đang tra…")));
  const shown = [...about.open, ...about.earlier];
  return h(
    "div",
    { class: "stack" },
    h("h2", {}, t("Trước đây")),
    after ? cutOff(about, after, open) : null,
    shown.length === 0 && about.calls.length === 0 ? h("p", { class: "soft" }, t("Chưa có cuộc gọi hay phiếu nào từ số này.")) : null,
    shown.length
      ? h("ul", { class: "lines" }, ...shown.map((line) => ticketLine(line, { words: t("Xem"), run: () => open(line) })))
      : null,
    about.calls.length ? h("h3", {}, t("Các cuộc gọi")) : null,
    about.calls.length ? h("ul", { class: "lines calls" }, ...about.calls.map(callLine)) : null,
  );
}

function callLine(call: CallLine): HTMLElement {
  return h(
    "li",
    { class: "row tight small" },
    h("span", { class: "num nowrap" }, moment(call.at)),
    h("span", {}, call.direction === "outbound" ? t("gọi đi: {outcome}", { outcome: outcomeWords(call.outcome) }) : outcomeWords(call.outcome)),
    call.operator ? h("span", { class: "soft" }, call.operator) : null,
    call.ticket ? h("span", { class: "num" }, call.ticket) : null,
  );
}

function outcomeWords(outcome: string): string {
  switch (outcome) {
    case "answered":
      return t("đã nghe");
    case "abandoned":
      return t("bỏ máy khi chờ");
    case "self_service":
      return t("tự tra cứu");
    case "message":
      return t("để lại lời nhắn");
    case "callback":
      return t("hẹn gọi lại");
    case "failed":
      return t("không thành");
    default:
      return t("đang gọi");
  }
}
