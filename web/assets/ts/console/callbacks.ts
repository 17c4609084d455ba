// Callers to be called back: the list with its preview, all by key.

import { all, fill, h, one, say } from "../lib/dom";
import { ask } from "../lib/http";
import { t } from "../lib/i18n";
import { moment, now } from "../lib/time";
import { toast } from "../lib/toast";
import { drawAbout } from "./about";
import type { About, Hotline, TicketLine } from "./types";

export type Result = "reached" | "busy" | "no_answer" | "wrong_number" | "refused";

export interface CallBack {
  id: string;
  call: string;
  hotline: string;
  kind: "abandoned" | "callback" | "message";
  caller_number: string | null;
  caller_raw: string;
  caller_name: string;
  ticket: string | null;
  called_at: string;
  due_at: string;
  overdue: boolean;
  waiting_since: string | null;
  state: string;
  owner: string | null;
  owner_name: string;
  tries: number;
  next_try_at: string | null;
}

interface Detail extends CallBack {
  tried: { n: number; at: string; result: Result | null; note: string }[];
  message: string | null;
}

interface Page<T> {
  items: T[];
  next: string | null;
}

export interface CallBackHost {
  account: string;
  hotlines: Hotline[];
  dial(task: CallBack): Promise<void>;
  openTicket(line: { id: string; hotline: string }): void;
}

export const RESULTS: [Result, string][] = [
  ["reached", t("Đã gặp")],
  ["busy", t("Máy bận")],
  ["no_answer", t("Không nghe máy")],
  ["wrong_number", t("Nhầm số")],
  ["refused", t("Từ chối nói chuyện")],
];

export function kindWords(kind: CallBack["kind"]): string {
  return { abandoned: t("Gọi nhỡ"), callback: t("Xin gọi lại"), message: t("Lời nhắn") }[kind];
}

export function callerWords(task: CallBack): string {
  const number = task.caller_number?.replace(/^\+84/, "0") ?? task.caller_raw;
  return number.replace(/^(\d{4})(\d{3})(\d{3})$/, "$1 $2 $3") || t("Số ẩn");
}

export class CallBacks {
  private items: CallBack[] = [];
  private next: string | null = null;
  private chosen = "";
  private detail: Detail | null = null;
  private about: About | null = null;
  private counting = 0;
  private readonly dialog = one<HTMLDialogElement>("#callbacks-dialog");

  constructor(private readonly host: CallBackHost) {
    const hotlines = one<HTMLSelectElement>("#callbacks-hotline");
    for (const { id, name } of host.hotlines) hotlines.append(h("option", { value: id }, name));
    one("#callbacks-filters").addEventListener("change", () => void this.load());
    this.dialog.addEventListener("keydown", (event) => this.key(event));
    one("#callbacks-more").addEventListener("click", () => void this.load(this.next));
  }

  get isOpen(): boolean {
    return this.dialog.open;
  }

  async show(): Promise<void> {
    if (!this.isOpen) this.dialog.showModal();
    one("#callbacks-list").focus(); // not the filters: the keys are the list's
    await this.load();
  }

  /** Something changed somewhere: count again soon, and read the list again when it is shown. */
  changed(): void {
    window.clearTimeout(this.counting);
    this.counting = window.setTimeout(() => {
      void this.count();
      if (this.isOpen) void this.load(null, true);
    }, 300 + Math.random() * 900);
  }

  async count(): Promise<void> {
    const answer = await ask<Page<{ open: number; overdue: number }>>("GET", "/api/v1/callback-counts");
    if (!answer.ok) return;
    const sum = (name: "open" | "overdue"): number => answer.data.items.reduce((n, one) => n + one[name], 0);
    const mark = one("#callback-count");
    mark.hidden = sum("open") === 0;
    mark.className = `mark ${sum("overdue") ? "bad" : "brand"}`;
    say(mark, String(sum("open")));
  }

  async result(id: string, result: Result): Promise<boolean> {
    return this.act(id, "result", { result });
  }

  async act(id: string, deed: string, body: Record<string, unknown> = {}): Promise<boolean> {
    const answer = await ask<CallBack>("POST", `/api/v1/callbacks/${id}/${deed}`, body);
    if (!answer.ok) toast(answer.refusal.message || t("Máy chủ không trả lời; hãy thử lại."), "bad");
    if (this.isOpen) await this.load(null, true);
    return answer.ok;
  }

  private async load(cursor: string | null = null, keep = false): Promise<void> {
    const query = new URLSearchParams({ limit: "30" });
    const form = one<HTMLFormElement>("#callbacks-filters");
    const asked = new FormData(form);
    for (const name of ["kind", "hotline", "owner", "overdue"]) {
      const value = String(asked.get(name) ?? "");
      if (value) query.set(name, value);
    }
    if (cursor) query.set("cursor", cursor);
    const answer = await ask<Page<CallBack>>("GET", `/api/v1/callbacks?${query}`);
    if (!answer.ok) {
      fill(one("#callbacks-list"), h("p", { class: "soft" }, t("Máy chủ không trả lời.")));
      return;
    }
    this.items = cursor ? [...this.items, ...answer.data.items] : answer.data.items;
    this.next = answer.data.next;
    if (!this.items.some(({ id }) => id === this.chosen)) this.chosen = this.items[0]?.id ?? "";
    this.draw();
    await this.preview(keep);
  }

  private draw(): void {
    const list = one("#callbacks-list");
    const focused = list.contains(document.activeElement);
    one("#callbacks-more").hidden = this.next === null;
    fill(
      list,
      this.items.length ? null : h("p", { class: "soft" }, t("Không có ai phải gọi lại.")),
      ...this.items.map((task) => this.row(task)),
    );
    if (focused) this.focus();
  }

  private row(task: CallBack): HTMLElement {
    const mine = task.owner === this.host.account;
    const name = this.host.hotlines.find(({ id }) => id === task.hotline)?.name ?? task.hotline;
    return h(
      "div",
      {
        class: `callback ${task.id === this.chosen ? "on" : ""}`,
        role: "option",
        id: `callback-${task.id}`,
        "data-task": task.id,
        tabindex: task.id === this.chosen ? 0 : -1,
        "aria-selected": String(task.id === this.chosen),
        onclick: () => void this.choose(task.id),
        ondblclick: () => void this.dial(task),
      },
      h("b", { class: "num" }, callerWords(task)),
      h("span", { class: "mark" }, kindWords(task.kind)),
      task.overdue ? h("span", { class: "mark bad" }, t("quá hạn")) : null,
      mine ? h("span", { class: "mark brand" }, t("của tôi")) : task.owner_name ? h("span", { class: "soft small" }, task.owner_name) : null,
      h("span", { class: "soft small grow" }, [task.caller_name, name].filter(Boolean).join(" · ")),
      h("span", { class: "small num" }, t("hạn {time}", { time: moment(task.due_at) })),
    );
  }

  private async choose(id: string): Promise<void> {
    this.chosen = id;
    for (const row of all("[data-task]", one("#callbacks-list"))) {
      const on = row.dataset["task"] === id;
      row.classList.toggle("on", on);
      row.setAttribute("aria-selected", String(on));
      row.tabIndex = on ? 0 : -1;
    }
    this.focus();
    await this.preview();
  }

  private focus(): void {
    document.getElementById(`callback-${this.chosen}`)?.focus();
  }

  private async preview(keep = false): Promise<void> {
    const id = this.chosen;
    if (!id) {
      fill(one("#callbacks-preview"));
      return;
    }
    const [detail, about] = await Promise.all([
      ask<Detail>("GET", `/api/v1/callbacks/${id}`),
      keep && this.detail?.id === id ? null : ask<About>("GET", `/console/callbacks/${id}/about`),
    ]);
    if (id !== this.chosen || !detail.ok) return;
    this.detail = detail.data;
    if (about) this.about = about.ok ? about.data : null;
    this.drawPreview(detail.data);
  }

  private drawPreview(task: Detail): void {
    const button = (words: string, key: string, run: () => void, more: Record<string, string | boolean> = {}): HTMLElement =>
      h("button", { type: "button", ...more, onclick: run }, words, h("kbd", {}, key));
    const mayDial = task.caller_number !== null && task.state !== "unreachable";
    const others = task.owner !== null && task.owner !== this.host.account;
    fill(
      one("#callbacks-preview"),
      h("h3", {}, h("span", { class: "num" }, callerWords(task)), " ", task.caller_name),
      h("p", { class: "small soft" }, `${kindWords(task.kind)}, ${moment(task.called_at)}`, task.waiting_since ? `, ${t("giữ chỗ từ {time}", { time: moment(task.waiting_since) })}` : ""),
      task.state === "unreachable" ? h("p", { class: "note warn" }, t("Không liên lạc được; trưởng ca quyết định.")) : null,
      task.next_try_at && Date.parse(task.next_try_at) > now() ? h("p", { class: "small" }, t("Gọi tiếp từ {time}", { time: moment(task.next_try_at) })) : null,
      task.message ? h("audio", { controls: true, preload: "none", id: "callback-message", src: `/api/v1/callbacks/${task.id}/message` }) : null,
      h(
        "div",
        { class: "row tight" },
        mayDial ? button(t("Gọi"), "Enter", () => void this.dial(task), { class: "primary", disabled: others }) : null,
        task.message ? button(t("Nghe lời nhắn"), "H", () => this.hear()) : null,
        button(t("Mở phiếu"), "T", () => void this.openForm(task)),
        task.owner === this.host.account ? button(t("Trả lại"), "N", () => void this.act(task.id, "release")) : button(t("Nhận"), "N", () => void this.act(task.id, "claim"), { disabled: others }),
      ),
      others ? null : h("div", { class: "row tight" }, ...RESULTS.map(([code, words], at) => button(words, String(at + 1), () => void this.result(task.id, code), { class: "small-button" }))),
      others ? null : this.closing(task),
      task.tried.length ? h("ul", { class: "lines" }, ...task.tried.map((one) => h("li", { class: "small row tight" }, h("span", { class: "num" }, moment(one.at)), one.result ? resultWords(one.result) : t("đang gọi"), one.note && !/^[A-Z]*$/.test(one.note) ? h("span", { class: "soft" }, one.note) : null))) : null,
      drawAbout(this.about, false, "", (line: TicketLine) => {
        this.dialog.close();
        this.host.openTicket({ id: line.id, hotline: task.hotline });
      }),
    );
  }

  private closing(task: Detail): HTMLElement {
    const reason = h("input", { "aria-label": t("Đã giải quyết thế nào mà không cần gọi"), placeholder: t("Không cần gọi: đã giải quyết thế nào"), minlength: 3, maxlength: 500, required: true });
    return h(
      "form",
      {
        class: "row tight",
        onsubmit: (event) => {
          event.preventDefault();
          void this.act(task.id, "close", { reason: reason.value });
        },
      },
      reason,
      h("button", { class: "small-button" }, t("Kết thúc")),
    );
  }

  private async dial(task: CallBack): Promise<void> {
    if (task.caller_number === null) return;
    this.dialog.close();
    await this.host.dial(task);
  }

  private hear(): void {
    void document.querySelector<HTMLAudioElement>("#callback-message")?.play();
  }

  private async openForm(task: CallBack): Promise<void> {
    const answer = await ask<{ ticket: string }>("POST", `/api/v1/callbacks/${task.id}/form`, {});
    if (!answer.ok) {
      toast(answer.refusal.message || t("Máy chủ không trả lời; chưa mở được phiếu mới."), "bad");
      return;
    }
    this.dialog.close();
    this.host.openTicket({ id: answer.data.ticket, hotline: task.hotline });
  }

  private key(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (["INPUT", "SELECT", "BUTTON", "AUDIO", "TEXTAREA"].includes(target.tagName) || event.altKey || event.ctrlKey || event.metaKey) return;
    const at = this.items.findIndex(({ id }) => id === this.chosen);
    const task = this.items[at];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      const next = this.items[at + step];
      if (next) void this.choose(next.id);
      else if (step > 0 && this.next) void this.load(this.next);
    } else if (!task) {
      return;
    } else if (event.key === "Enter") {
      void this.dial(task);
    } else if (event.code === "KeyH") {
      this.hear();
    } else if (event.code === "KeyT") {
      void this.openForm(task);
    } else if (event.code === "KeyN") {
      void this.act(task.id, task.owner === this.host.account ? "release" : "claim");
    } else if (/^[1-5]$/.test(event.key)) {
      const found = RESULTS[Number(event.key) - 1];
      if (found) void this.result(task.id, found[0]);
    } else {
      return;
    }
    event.preventDefault();
  }
}

export function resultWords(result: Result): string {
  return RESULTS.find(([code]) => code === result)?.[1] ?? result;
}
