// One tab's content: the caller above, the form at the left, what is known at the right.

import { focusQuietly } from "../lib/combo";
import { all, fill, h, one, say } from "../lib/dom";
import { ask } from "../lib/http";
import { t } from "../lib/i18n";
import type { Keep } from "../lib/keep";
import { toast } from "../lib/toast";
import { drawCaller, duration, waited } from "./caller";
import { Choices } from "./choices";
import { Fields } from "./fields";
import { Files } from "./files";
import { Filing, type Outcome } from "./filing";
import { Draft, wordsFor, type SaveState } from "./form";
import { Known } from "./known";
import { drawResult } from "./result";
import type { RuleBook } from "./rules";
import { Served } from "./served";
import { phaseOf, type Tab } from "./tabs";
import { TransferPanel } from "./transfer";
import type { Form, Setup, Ticket, TicketLine, Transfer } from "./types";

export interface PaneHost {
  setup: Setup;
  keep: Keep;
  rules: RuleBook;
  transfers(call: string): Transfer[];
  canAnswer(call: string): boolean;
  openTicket(line: TicketLine): void;
  secondMatter(tab: Tab): void;
  canCall(): boolean;
  /** Take the citizen off hold. */
  resume(): Promise<void>;
  call(tab: Tab, number: string): Promise<void>;
  close(tab: Tab): void;
  changed(): void;
}

const RETRY = 4000;

let count = 0;

export class Pane {
  readonly element: HTMLElement;
  readonly transfer: TransferPanel;
  private readonly fields: Fields;
  private readonly served: Served;
  private readonly draft: Draft;
  private readonly choices: Choices;
  private readonly known: Known;
  private readonly files: Files;
  private readonly filing: Filing;
  private readonly number: number;
  private outcome: Outcome | null = null;
  private timers: number[] = [];

  constructor(
    readonly tab: Tab,
    private readonly host: PaneHost,
  ) {
    count += 1;
    this.number = count;
    const template = one<HTMLTemplateElement>("#pane-template");
    this.element = template.content.firstElementChild?.cloneNode(true) as HTMLElement;
    this.element.id = `pane-${this.number}`;
    this.element.setAttribute("aria-labelledby", `tab-${this.number}`);
    this.fields = new Fields(this.element, this.number);
    this.served = new Served(tab, { took: (ticket) => this.takeTicket(ticket), changed: () => host.changed(), later: (run) => this.later(run) });
    this.draft = new Draft(tab.key, host.keep, () => this.fields.read(), (state) => this.showSaved(state), () => this.served.id());
    this.choices = new Choices(this.fields, { hotline: tab.hotline, contacts: () => this.known.contacts, changed: () => this.typed() });
    this.known = this.makeKnown();
    this.files = new Files(this.fields, () => this.savedTicket());
    this.filing = new Filing(this.fields, host.keep, {
      key: tab.key,
      filed: () => this.filed,
      ticket: () => this.served.id(),
      took: (ticket) => this.served.take(ticket),
      later: (run) => this.later(run),
    });
    this.transfer = new TransferPanel(this.fields.part("transfer"), {
      callId: () => this.tab.call?.id ?? null,
      hotline: () => this.hotline(),
      ticketId: () => this.savedTicket(),
      unit: () => this.choices.chosen(),
      refer: (unit) => void this.referNow(unit),
      transfers: () => (this.tab.call ? this.host.transfers(this.tab.call.id) : []),
      begins: () => this.host.resume(),
      closed: () => this.focusForm(),
    });
    this.wire();
    this.begin();
  }

  get id(): number {
    return this.number;
  }

  private get ticket(): Ticket | null {
    return this.served.ticket;
  }

  get filed(): boolean {
    return this.ticket !== null && this.ticket.state !== "draft";
  }

  /** What the tab is called. */
  get words(): string {
    return this.ticket?.number ?? this.fields.value("sender_name");
  }

  get sending(): boolean {
    return this.filing.running;
  }

  /** Whether closing loses nothing that somebody typed. */
  get empty(): boolean {
    return ["content", "sender_address", "place", "direct_answer"].every((name) => this.fields.value(name).trim() === "");
  }

  /** The call, a transfer or the time changed something: draw the head anew. */
  update(): void {
    const call = this.tab.call;
    const phase = phaseOf(this.tab);
    this.element.dataset["phase"] = phase;
    const head = this.fields.part("caller");
    head.hidden = !call;
    if (call) {
      const running = this.transfer.running() !== undefined;
      const can = {
        answer: (phase === "ringing" || phase === "calling") && this.host.canAnswer(call.id),
        transfer: phase === "talking" && !running && !this.transfer.open,
      };
      fill(head, drawCaller(this.tab, this.hotline(), this.known.contacts, this.host.transfers(call.id), can));
    }
    this.offerCall();
    this.transfer.update();
    void this.known.lookUp();
    this.served.follow();
  }

  tick(): void {
    const call = this.tab.call;
    if (!call || this.element.hidden) return;
    const clock = this.element.querySelector<HTMLElement>("[data-tick=duration]");
    const wait = this.element.querySelector<HTMLElement>("[data-tick=waited]");
    if (clock) say(clock, duration(call));
    if (wait) say(wait, waited(call));
    this.transfer.tick();
  }

  focusForm(): void {
    const first = ["type_text", "sender_name", "sender_address", "content"].find((name) => this.fields.value(name) === "") ?? "content";
    if (this.filed) this.element.focus();
    else focusQuietly(this.fields.input(first));
  }

  choose(outcome: Outcome | null): void {
    if (this.filed || this.filing.running) return;
    this.outcome = outcome;
    this.fields.part("outcome").hidden = outcome === null;
    this.fields.part("choose").hidden = outcome !== null;
    this.fields.part("send").hidden = outcome === null;
    for (const section of all("[data-outcome]", this.element)) section.hidden = section.dataset["outcome"] !== outcome;
    if (outcome === null) return;
    const words = { answer: t("Ghi kết quả, đóng phiếu"), refer: t("Chuyển phiếu + SMS"), refuse: t("Từ chối tiếp nhận") }[outcome];
    fill(this.fields.part("send-button"), words, h("kbd", {}, "Ctrl Enter"));
    if (outcome === "refer") this.choices.proposeUnit();
    const first = { answer: "direct_answer", refer: this.fields.value("unit") ? "" : "unit_text", refuse: "ground_text" }[outcome];
    this.fields.part("outcome").scrollIntoView({ block: "nearest" });
    if (first) this.fields.input(first).focus();
    else this.fields.part<HTMLButtonElement>("send-button").focus();
  }

  /** Whether the ticket can still be refused because it is about a state secret. */
  get refusesSecrets(): boolean {
    return !this.filed && this.choices.secretGround() !== null;
  }

  /** Begin to refuse it so; the operator reads it over and sends. */
  refuseSecret(): void {
    const ground = this.choices.secretGround();
    this.choose("refuse");
    if (ground && this.choosing) this.choices.set("ground", ground);
    this.fields.part<HTMLButtonElement>("send-button").focus();
  }

  /** Nobody took the call: refer the ticket with an SMS, at once when the form is whole (CT-9.1.2b). */
  async referNow(unit: string | null): Promise<void> {
    if (unit && !this.fields.value("unit")) this.choices.set("unit", { value: unit, text: this.choices.unitName(unit) ?? "" });
    this.choose("refer");
    await this.send();
  }

  /** Somebody did something about a ticket: read it again when it is this one. */
  ticketChanged(id: string): void {
    if (!this.filing.running) this.served.changed(id);
  }

  /** Call the number that stands in the form, else the caller's. */
  callBack(): void {
    const number = this.phoneNumber();
    if (number) void this.host.call(this.tab, number);
    else toast(t("Phiếu chưa có số điện thoại để gọi."), "bad");
  }

  private phoneNumber(): string {
    const call = this.tab.call;
    return this.fields.value("sender_phone").trim() || (call?.caller.e164 ? call.caller.national : "");
  }

  /** Offer to call only when it can be done: at the number, or at what became of the ticket. */
  private offerCall(): void {
    const can = this.phoneNumber() !== "" && this.host.canCall();
    for (const button of all<HTMLButtonElement>("[data-deed=call-back]", this.element)) {
      button.hidden = !can || this.filed === (button.closest("[data-part=fields]") !== null);
    }
  }

  get choosing(): boolean {
    return this.outcome !== null;
  }

  async save(): Promise<void> {
    await this.draft.now();
  }

  /** File the ticket with what becomes of it; without the server it waits here and goes by itself. */
  async send(): Promise<void> {
    if (this.filed) return;
    const outcome = this.outcome;
    if (!outcome) {
      this.choose("refer");
      return;
    }
    if (this.filing.running) return;
    const lacking = this.choices.lacking(outcome);
    this.fields.fault(lacking);
    if (Object.keys(lacking).length === 0) await this.filing.start(outcome);
  }

  /** Take the first of the caller's live tickets. */
  linkFirst(): void {
    this.known.linkFirst();
  }

  end(): void {
    for (const timer of this.timers) window.clearTimeout(timer);
    this.served.end();
    if (this.filed || this.empty) this.draft.end();
    this.element.remove();
  }

  discard(): void {
    const id = this.ticket?.state === "draft" ? this.ticket.id : null;
    if (id && this.empty) void ask("DELETE", `/console/tickets/${id}`);
  }

  // --- beginning ---

  private begin(): void {
    const call = this.tab.call;
    this.choices.take(this.host.rules.now(this.tab.hotline));
    void this.host.rules.load(this.tab.hotline).then((rules) => this.choices.take(rules));
    const known: Form = call
      ? { channel: "phone", sender_phone: call.caller.e164 ? call.caller.national : "", sender_kind: "person" }
      : { sender_kind: "person" };
    const kept = this.draft.kept();
    if (kept) this.write(kept);
    else {
      this.write(known);
      this.draft.setBase(this.fields.read()); // what stands there now, nobody has typed
    }
    this.fields.part("channel").hidden = call !== null;
    const pending = this.filing.kept();
    if (pending) {
      this.choose(pending);
      void this.filing.start(pending);
    }
  }

  private wire(): void {
    fill(this.fields.part("fields").querySelector("select[data-name=channel]") as HTMLElement, ...this.host.setup.channels.map(({ code, name }) => h("option", { value: code }, name)));
    const form = this.fields.part<HTMLFormElement>("form");
    form.addEventListener("input", (event) => {
      this.fields.unfault(event.target as HTMLElement);
      this.typed();
      this.offerCall();
    });
    form.addEventListener("change", () => this.draft.changed());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.send();
    });
    form.addEventListener("keydown", (event) => {
      const target = event.target as HTMLElement;
      if (event.key === "Enter" && ["INPUT", "SELECT"].includes(target.tagName) && !event.ctrlKey && !event.defaultPrevented) {
        event.preventDefault();
        this.fields.next(target);
      } else if (event.key === "Escape" && this.outcome && !event.defaultPrevented) {
        event.preventDefault();
        this.choose(null);
        this.focusForm();
      }
    });
  }

  private makeKnown(): Known {
    return new Known(this.fields, {
      tab: this.tab,
      filed: () => this.filed,
      openTicket: (line) => this.host.openTicket(line),
      saved: () => this.draft.now(),
      took: (ticket) => this.served.take(ticket),
      drawn: () => this.update(),
      later: (run) => this.later(run),
    });
  }

  private showSaved(state: SaveState): void {
    const line = this.fields.part("saved");
    say(line, wordsFor(state));
    line.className = `saved ${state.state}`;
    if (state.state === "conflict") line.append(" ", h("button", { type: "button", class: "small-button", onclick: () => void this.draft.insist() }, t("Lưu bản này")));
  }

  /** The form says something else than before. */
  private typed(): void {
    this.draft.changed();
    this.host.changed();
  }

  private write(form: Form): void {
    this.fields.write(form);
    this.choices.show();
  }

  // --- the server's ticket ---

  private savedTicket(): Promise<string | null> {
    return this.draft.now().then(() => this.served.id());
  }

  private takeTicket(ticket: Ticket): void {
    this.files.show(ticket.files);
    if (ticket.state === "draft") {
      this.write(this.draft.merge(ticket, this.fields.read()));
    } else {
      this.show(ticket);
    }
    this.host.changed();
  }

  /** The ticket is filed: its form stands still, its number and due time are shown. */
  private show(ticket: Ticket): void {
    this.draft.end();
    this.tab.filed = true;
    this.outcome = null;
    this.filing.forget();
    this.write(ticket.form);
    this.fields.part<HTMLFieldSetElement>("fields").disabled = true;
    this.fields.part("scroll").tabIndex = 0; // nothing in it takes the focus any more, yet it scrolls
    this.fields.part("outcome").hidden = true;
    this.fields.part("choose").hidden = true;
    this.fields.part("send").hidden = true;
    say(this.fields.part("saved"), "");
    this.fields.part("offers").hidden = true;
    this.element.classList.add("filed");
    const result = this.fields.part("result");
    result.hidden = false;
    drawResult(result, ticket, {
      second: this.tab.call ? () => this.host.secondMatter(this.tab) : null,
      close: () => this.host.close(this.tab),
    });
    this.offerCall();
    if (ticket.message && ["queued", "sending", "accepted"].includes(ticket.message.state)) {
      this.later(() => void this.served.load(ticket.id));
    }
  }

  // --- small things ---

  /** Do it after a while, unless the pane is closed by then. */
  private later(run: () => void): void {
    this.timers.push(window.setTimeout(run, RETRY));
  }

  private hotline(): Setup["hotlines"][number] | undefined {
    return this.host.setup.hotlines.find(({ id }) => id === this.tab.hotline);
  }
}
