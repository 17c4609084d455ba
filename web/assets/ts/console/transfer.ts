// Handing the live call on: whom, how, what is happening, and what to do when nobody takes it.

import { Combo } from "../lib/combo";
import { all, fill, h, one } from "../lib/dom";
import { ask } from "../lib/http";
import { t } from "../lib/i18n";
import { since, span } from "../lib/time";
import { toast } from "../lib/toast";
import { transferWords } from "./caller";
import type { Hotline, Person, Transfer } from "./types";

export interface TransferHost {
  callId(): string | null;
  hotline(): Hotline | undefined;
  ticketId(): Promise<string | null>;
  /** The unit chosen in the form, or that of the field. */
  unit(): { id: string; name: string } | null;
  /** Refer the ticket with an SMS instead. */
  refer(unit: string | null): void;
  transfers(): Transfer[];
  /** It begins: whoever is on hold comes off it, or the person called would hear nothing. */
  begins(): Promise<void>;
  closed(): void;
}

interface Target {
  person: string | null;
  number: string | null;
  words: string;
  unit: string | null;
}

const KINDS: [Transfer["kind"], string, string][] = [
  ["warm", t("Nói trước"), t("Nói với người nhận rồi mới nối; dân nghe nhạc chờ")],
  ["blind", t("Nối thẳng"), t("Chuyển ngay; người nhận bấm phím 1 để nhận")],
  ["three_way", t("Ba bên"), t("Cả ba cùng nói khi người nhận nghe máy")],
];

const NUMBER = /^[\d\s.+()-]{3,}$/;

let count = 0;

export class TransferPanel {
  private target: Target | null = null;
  private proposed: string | null = null;
  private tried: string | null = null;
  private shown = "";
  private readonly number: number;

  constructor(
    readonly room: HTMLElement,
    private readonly host: TransferHost,
  ) {
    count += 1;
    this.number = count;
    room.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented || this.running()) return;
      event.preventDefault();
      this.hide();
    });
  }

  get open(): boolean {
    return !this.room.hidden;
  }

  /** The transfer that runs for this call. */
  running(): Transfer | undefined {
    return this.host.transfers().find((transfer) => !transfer.ended_at);
  }

  last(): Transfer | undefined {
    return this.host.transfers().at(-1);
  }

  async show(): Promise<void> {
    this.room.hidden = false;
    if (!this.running()) this.drawChoice(null);
    this.update();
    await this.propose();
  }

  hide(): void {
    this.room.hidden = true;
    this.shown = "";
    this.host.closed();
  }

  /** Something about this call's transfers is new. */
  update(): void {
    const running = this.running();
    const last = this.last();
    if (running) {
      this.room.hidden = false;
      const key = `${running.id}/${running.state}/${running.joined}`;
      if (this.shown !== key) {
        this.shown = key;
        this.drawRunning(running);
      }
    } else if (last && last.ended_at && this.shown.startsWith(`${last.id}/`) && this.shown !== `${last.id}/over`) {
      this.shown = `${last.id}/over`;
      if (last.state === "completed") this.drawDone(last);
      else this.drawChoice(last);
    }
  }

  tick(): void {
    const running = this.running();
    const clock = this.room.querySelector<HTMLElement>("[data-tick=ring]");
    if (running && clock) clock.textContent = since(running.answered_at ?? running.started_at);
  }

  private async propose(): Promise<void> {
    const unit = this.host.unit();
    const hotline = this.host.hotline();
    if (!unit || !hotline || this.running()) return;
    if (this.proposed === unit.id && this.target) return;
    const answer = await ask<{ person: Person | null }>("GET", `/console/hotlines/${hotline.id}/focal-point?unit=${encodeURIComponent(unit.id)}`);
    const input = this.room.querySelector<HTMLInputElement>("[data-transfer=target]");
    if (!answer.ok || !answer.data.person || !input || input.value) return;
    this.proposed = unit.id;
    this.choose(answer.data.person, t("đầu mối của {unit}", { unit: unit.name }));
    one<HTMLButtonElement>("[data-transfer=start]", this.room).focus();
  }

  private choose(person: Person, why: string): void {
    this.target = { person: person.id, number: null, words: person.name, unit: person.unit_id };
    const input = one<HTMLInputElement>("[data-transfer=target]", this.room);
    input.value = person.name;
    fill(
      one("[data-transfer=chosen]", this.room),
      h("b", {}, person.name),
      ` · ${person.title || person.unit}`,
      person.title ? ` · ${person.unit}` : "",
      " · ",
      h("span", { class: "num" }, person.phone),
      why ? h("span", { class: "soft" }, ` (${why})`) : null,
    );
  }

  private drawChoice(failed: Transfer | null): void {
    const typed = this.host.hotline()?.typed_numbers ?? false;
    const name = `transfer-${this.number}`;
    const input = h("input", { id: `${name}-target`, "data-transfer": "target", placeholder: typed ? t("Tên, đơn vị hoặc số điện thoại") : t("Tên hoặc đơn vị") });
    fill(
      this.room,
      h("div", { class: "row between" }, h("h2", {}, t("Chuyển máy")), h("button", { type: "button", class: "quiet", onclick: () => this.hide() }, t("Đóng"), h("kbd", {}, "Esc"))),
      failed ? this.failure(failed) : null,
      h("div", { class: "field" }, h("label", { for: `${name}-target` }, failed ? t("Thử người khác") : t("Chuyển cho")), h("div", {}, input)),
      h("p", { class: "small chosen", "data-transfer": "chosen" }),
      h(
        "fieldset",
        { class: "kinds" },
        h("legend", { class: "visually-hidden" }, t("Cách chuyển")),
        ...KINDS.map(([kind, words, title], at) =>
          h("label", { title }, h("input", { type: "radio", name: `${name}-kind`, value: kind, checked: at === 0 }), " ", words),
        ),
      ),
      h("p", { class: "hint", "data-transfer": "hint" }, KINDS[0]?.[2] ?? ""),
      h("div", { class: "row end" }, h("button", { type: "button", class: failed ? "" : "primary", "data-transfer": "start", onclick: () => void this.start() }, t("Gọi")  , h("kbd", {}, "Enter"))),
    );
    this.target = null;
    this.combo(input, typed);
    for (const radio of all<HTMLInputElement>("input[type=radio]", this.room)) {
      radio.addEventListener("change", () => {
        one("[data-transfer=hint]", this.room).textContent = KINDS.find(([kind]) => kind === radio.value)?.[2] ?? "";
      });
    }
    (failed ? this.room.querySelector<HTMLElement>("[data-transfer=instead]") : input)?.focus();
  }

  private combo(input: HTMLInputElement, typed: boolean): void {
    new Combo<Person>(input, {
      first: (text) => !NUMBER.test(text), // who types a number means the number
      nothing: typed ? "" : t("Không thấy ai như vậy trong danh bạ"),
      find: async (text) => {
        const hotline = this.host.hotline();
        if (!hotline || text.length < 1) return [];
        const answer = await ask<{ items: Person[] }>("GET", `/console/hotlines/${hotline.id}/people?q=${encodeURIComponent(text)}`);
        return answer.ok
          ? answer.data.items.map((value) => ({ value, text: value.name, detail: [value.title, value.unit, value.phone].filter(Boolean).join(" · ") }))
          : [];
      },
      pick: ({ value }) => this.choose(value, ""),
      typed: () => {
        this.target = null;
        fill(one("[data-transfer=chosen]", this.room));
      },
    });
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.defaultPrevented) {
        event.preventDefault();
        void this.start();
      }
    });
  }

  private failure(failed: Transfer): HTMLElement {
    const rang = failed.ended_at ? span(Date.parse(failed.ended_at) - Date.parse(failed.started_at)) : "";
    return h(
      "div",
      { class: "note bad", role: "alert" },
      h("p", {}, h("b", {}, failed.person || failed.number), `: ${transferWords(failed)}`, rang ? h("span", { class: "num" }, ` (${rang})`) : null),
      h("p", {}, t("Người dân đang ở lại với bạn.")),
      h("button", { type: "button", class: "primary", "data-transfer": "instead", onclick: () => this.instead() }, t("Chuyển phiếu + SMS"), h("kbd", {}, "Alt C")),
    );
  }

  /** Whether the last thing that happened is that nobody took the call. */
  get failed(): boolean {
    return this.open && this.room.querySelector("[data-transfer=instead]") !== null;
  }

  /** Refer the ticket instead, to the unit that was tried. */
  instead(): void {
    this.host.refer(this.target?.unit ?? this.tried);
  }

  private drawRunning(transfer: Transfer): void {
    const who = transfer.person || transfer.number;
    const deeds: HTMLElement[] = [];
    const act = (deed: string, words: string, cls = ""): HTMLElement =>
      h("button", { type: "button", class: cls, onclick: () => void this.act(transfer, deed) }, words);
    if (transfer.state === "accepted" && !transfer.joined) {
      deeds.push(act("complete", t("Nối hai bên rồi rời máy"), "primary"), act("join", t("Nối cả ba")));
    } else if (transfer.state === "accepted") {
      deeds.push(act("complete", t("Rời máy, để hai bên nói"), "primary"));
    }
    deeds.push(act("cancel", t("Hủy, nói tiếp với dân")));
    fill(
      this.room,
      h("h2", {}, t("Chuyển máy")),
      h(
        "div",
        { class: `live ${transfer.state}`, role: "status" },
        h("p", {}, h("b", {}, who), transfer.unit ? ` · ${transfer.unit}` : ""),
        h("p", { class: "now-line" }, h("span", { class: "pulse" }), ` ${transferWords(transfer)} `, h("b", { class: "num", "data-tick": "ring" }, since(transfer.answered_at ?? transfer.started_at))),
      ),
      h("div", { class: "row tight wrap" }, ...deeds),
    );
    deeds[0]?.focus();
  }

  private drawDone(transfer: Transfer): void {
    fill(
      this.room,
      h("div", { class: "row between" }, h("h2", {}, t("Chuyển máy")), h("button", { type: "button", class: "quiet", onclick: () => this.hide() }, t("Đóng"), h("kbd", {}, "Esc"))),
      h("div", { class: "note good" }, h("p", {}, h("b", {}, transfer.person || transfer.number), `: ${transferWords(transfer)}`)),
    );
  }

  private async start(): Promise<void> {
    const call = this.host.callId();
    if (!call) return;
    const input = one<HTMLInputElement>("[data-transfer=target]", this.room);
    const kind = this.room.querySelector<HTMLInputElement>("input[type=radio]:checked")?.value ?? "warm";
    const body: Record<string, string> = { kind };
    this.tried = this.target?.unit ?? null;
    if (this.target?.person) body["person"] = this.target.person;
    else if (NUMBER.test(input.value.trim())) body["number"] = input.value.trim();
    else {
      toast(t("Hãy chọn người nhận trong danh bạ."), "bad");
      input.focus();
      return;
    }
    const ticket = await this.host.ticketId();
    if (ticket) body["ticket"] = ticket;
    await this.host.begins();
    const answer = await ask<{ transfer: Transfer }>("POST", `/console/calls/${call}/transfers`, body);
    if (!answer.ok) toast(answer.refusal.message || t("Máy chủ không trả lời; chưa chuyển được."), "bad");
  }

  private async act(transfer: Transfer, deed: string): Promise<void> {
    const answer = await ask("POST", `/console/transfers/${transfer.id}/${deed}`, {});
    if (!answer.ok) toast(answer.refusal.message || t("Máy chủ không trả lời."), "bad");
  }
}
