// One tab's content: the caller above, the form at the left, what is known at the right.

import { Combo, focusQuietly, type Option } from "../lib/combo";
import { all, fill, h, one, say } from "../lib/dom";
import { rank } from "../lib/fold";
import { ask, isAway, type Answer } from "../lib/http";
import { t } from "../lib/i18n";
import type { Keep } from "../lib/keep";
import { toast } from "../lib/toast";
import { drawAbout, ticketLine } from "./about";
import { drawCaller, duration, waited } from "./caller";
import { Draft, wordsFor } from "./form";
import { drawResult } from "./result";
import type { RuleBook } from "./rules";
import { phaseOf, type Tab } from "./tabs";
import { TransferPanel } from "./transfer";
import type { About, Contact, Form, Person, Rules, Setup, Ticket, TicketLine, Transfer } from "./types";

export type Outcome = "answer" | "refer" | "refuse";

export interface PaneHost {
  setup: Setup;
  keep: Keep;
  rules: RuleBook;
  transfers(call: string): Transfer[];
  canAnswer(call: string): boolean;
  openTicket(line: TicketLine): void;
  secondMatter(tab: Tab): void;
  canCall(): boolean;
  call(tab: Tab, number: string): Promise<void>;
  close(tab: Tab): void;
  changed(): void;
}

const EVENTS: Record<Outcome, string> = { answer: "answered_directly", refer: "referred", refuse: "rejected" };
const COMBOS = ["type", "field", "unit", "ground"] as const;
type ComboName = (typeof COMBOS)[number];
const RETRY = 4000;

let count = 0;

export class Pane {
  readonly element: HTMLElement;
  readonly transfer: TransferPanel;
  private readonly draft: Draft;
  private readonly number: number;
  private rules: Rules | null = null;
  private ticket: Ticket | null = null;
  private about: About | null = null;
  private aboutAway = false;
  private aboutAsked = "";
  private focal: { unit: string; person: Person | null } | null = null;
  private outcome: Outcome | null = null;
  private pending: Outcome | null = null;
  private timers: number[] = [];
  private rereading = 0;
  private asking: Promise<string | null> | null = null;

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
    this.draft = new Draft(tab.key, host.keep, () => this.read(), (state) => {
      const line = this.part("saved");
      say(line, wordsFor(state));
      line.className = `saved ${state.state}`;
      if (state.state === "conflict") line.append(" ", h("button", { type: "button", class: "small-button", onclick: () => void this.draft.insist() }, t("Lưu bản này")));
    }, () => this.ensureTicket());
    this.transfer = new TransferPanel(this.part("transfer"), {
      callId: () => this.tab.call?.id ?? null,
      hotline: () => this.hotline(),
      ticketId: () => this.draft.now().then(() => this.ensureTicket()),
      unit: () => this.chosenUnit(),
      refer: (unit) => void this.referNow(unit),
      transfers: () => (this.tab.call ? this.host.transfers(this.tab.call.id) : []),
      closed: () => this.focusForm(),
    });
    this.wire();
    this.begin();
  }

  get id(): number {
    return this.number;
  }

  get filed(): boolean {
    return this.ticket !== null && this.ticket.state !== "draft";
  }

  /** What the tab is called. */
  get words(): string {
    return this.ticket?.number ?? this.value("sender_name");
  }

  get sending(): boolean {
    return this.pending !== null;
  }

  /** Whether closing loses nothing that somebody typed. */
  get empty(): boolean {
    return ["content", "sender_address", "place", "direct_answer"].every((name) => this.value(name).trim() === "");
  }

  /** The call, a transfer or the time changed something: draw the head anew. */
  update(): void {
    const call = this.tab.call;
    const phase = phaseOf(this.tab);
    this.element.dataset["phase"] = phase;
    const head = this.part("caller");
    head.hidden = !call;
    if (call) {
      const running = this.transfer.running() !== undefined;
      const can = {
        answer: (phase === "ringing" || phase === "calling") && this.host.canAnswer(call.id),
        transfer: phase === "talking" && call.direction === "inbound" && !running && !this.transfer.open,
      };
      fill(head, drawCaller(this.tab, this.hotline(), this.about?.contacts ?? [], this.host.transfers(call.id), can));
    }
    this.offerCall();
    this.transfer.update();
    void this.lookUp();
    if (this.tab.ticket && this.ticket?.id !== this.tab.ticket) void this.loadTicket(this.tab.ticket);
    else if (call && this.tab.kept && !this.tab.ticket && !this.asking) void this.ensureTicket();
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
    const first = ["type_text", "sender_name", "sender_address", "content"].find((name) => this.value(name) === "") ?? "content";
    if (this.filed) this.element.focus();
    else focusQuietly(this.input(first));
  }

  choose(outcome: Outcome | null): void {
    if (this.filed || this.pending) return;
    this.outcome = outcome;
    this.part("outcome").hidden = outcome === null;
    this.part("choose").hidden = outcome !== null;
    this.part("send").hidden = outcome === null;
    for (const section of all("[data-outcome]", this.element)) section.hidden = section.dataset["outcome"] !== outcome;
    if (outcome === null) return;
    const words = { answer: t("Ghi kết quả, đóng phiếu"), refer: t("Chuyển phiếu + SMS"), refuse: t("Từ chối tiếp nhận") }[outcome];
    fill(this.part("send-button"), words, h("kbd", {}, "Ctrl Enter"));
    if (outcome === "refer") this.proposeUnit();
    const first = { answer: "direct_answer", refer: this.value("unit") ? "" : "unit_text", refuse: "ground_text" }[outcome];
    this.part("outcome").scrollIntoView({ block: "nearest" });
    if (first) this.input(first).focus();
    else this.part<HTMLButtonElement>("send-button").focus();
  }

  /** Nobody took the call: refer the ticket with an SMS, at once when the form is whole (CT-9.1.2b). */
  async referNow(unit: string | null): Promise<void> {
    if (unit && !this.hidden("unit").value) this.set("unit", { value: unit, text: this.unitName(unit) ?? "" });
    this.choose("refer");
    await this.send();
  }

  /** Somebody did something about a ticket: read it again when it is this one. */
  ticketChanged(id: string): void {
    if (this.ticket?.id !== id || this.pending || this.asking) return;
    window.clearTimeout(this.rereading);
    this.rereading = window.setTimeout(() => void this.loadTicket(id), 300);
  }

  /** Call the number that stands in the form, else the caller's. */
  callBack(): void {
    const number = this.phoneNumber();
    if (number) void this.host.call(this.tab, number);
    else toast(t("Phiếu chưa có số điện thoại để gọi."), "bad");
  }

  private phoneNumber(): string {
    const call = this.tab.call;
    return this.value("sender_phone").trim() || (call?.caller.e164 ? call.caller.national : "");
  }

  /** Offer to call only when it can be done. */
  private offerCall(): void {
    const can = this.phoneNumber() !== "" && this.host.canCall();
    for (const button of all<HTMLButtonElement>("[data-deed=call-back]", this.element)) button.hidden = !can;
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
    if (this.pending) return;
    const lacking = this.lacking(outcome);
    this.fault(lacking);
    if (Object.keys(lacking).length) return;
    this.pending = outcome;
    this.host.keep.set(`pending/${this.tab.key}`, outcome);
    await this.deliver();
  }

  /** Take the first of the caller's live tickets. */
  linkFirst(): void {
    const line = this.about?.open[0];
    if (line && this.tab.call && !this.filed) void this.link(line);
  }

  end(): void {
    for (const timer of [...this.timers, this.rereading]) window.clearTimeout(timer);
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
    this.rules = this.host.rules.now(this.tab.hotline);
    this.applyRules();
    void this.host.rules.load(this.tab.hotline).then((rules) => {
      this.rules = rules;
      this.applyRules();
    });
    const known: Form = call
      ? { channel: "phone", sender_phone: call.caller.e164 ? call.caller.national : "", sender_kind: "person" }
      : { sender_kind: "person" };
    const kept = this.draft.kept();
    if (kept) this.write(kept);
    else {
      this.write(known);
      this.draft.setBase(this.read()); // what stands there now, nobody has typed
    }
    this.part("channel").hidden = call !== null;
    const pending = this.host.keep.get<Outcome>(`pending/${this.tab.key}`);
    if (pending) {
      this.choose(pending);
      this.pending = pending;
      void this.deliver();
    }
  }

  private wire(): void {
    for (const label of all("[data-for]", this.element)) {
      const name = label.dataset["for"] ?? "";
      const control = this.element.querySelector<HTMLElement>(`[data-combo="${name}"]`) ?? this.element.querySelector<HTMLElement>(`[data-name="${name}"]`);
      if (!control) continue;
      control.id = `f${this.number}-${name}`;
      label.setAttribute("for", control.id);
      if (label.classList.contains("need")) control.setAttribute("aria-required", "true");
    }
    fill(this.part("fields").querySelector("select[data-name=channel]") as HTMLElement, ...this.host.setup.channels.map(({ code, name }) => h("option", { value: code }, name)));
    const form = this.part<HTMLFormElement>("form");
    form.addEventListener("input", (event) => {
      this.unfault(event.target as HTMLElement);
      this.draft.changed();
      this.host.changed();
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
        this.next(target);
      } else if (event.key === "Escape" && this.outcome && !event.defaultPrevented) {
        event.preventDefault();
        this.choose(null);
        this.focusForm();
      }
    });
    this.part<HTMLInputElement>("file-input").addEventListener("change", () => void this.attach());
    this.combos();
  }

  private combos(): void {
    const local = (name: ComboName, options: () => Option<string>[], eager: boolean): void => {
      const input = this.input(`${name}_text`);
      new Combo<string>(input, {
        eager,
        first: true,
        nothing: t("Không có trong danh mục"),
        find: (typed) => rank(typed, options(), (option) => `${option.text} ${option.detail ?? ""}`),
        pick: (option) => {
          this.set(name, option);
          this.next(input);
        },
        typed: () => this.set(name, null),
      });
      input.addEventListener("focus", () => input.select());
    };
    local("type", () => (this.rules?.types ?? []).map(({ code, name }) => ({ value: code, text: name })), true);
    local("field", () => (this.rules?.fields ?? []).map(({ id, name, also, unit }) => ({ value: id, text: name, detail: also || this.unitName(unit) || "" })), true);
    local("unit", () => (this.rules?.units ?? []).filter(({ handles }) => handles).map(({ id, name, also }) => ({ value: id, text: name, detail: also })), false);
    local("ground", () => (this.rules?.grounds ?? []).map(({ code, name }) => ({ value: code, text: name })), true);
    new Combo<Contact>(this.input("sender_name"), {
      find: async (typed) => {
        const near = (this.about?.contacts ?? []).map((contact) => this.contactOption(contact));
        if (typed.length < 2) return near;
        const answer = await ask<{ items: Contact[] }>("GET", `/console/hotlines/${this.tab.hotline}/contacts?q=${encodeURIComponent(typed)}`);
        const found = answer.ok ? answer.data.items.map((contact) => this.contactOption(contact)) : [];
        const ids = new Set(found.map(({ value }) => value.id));
        return [...rank(typed, near, ({ text }) => text).filter(({ value }) => !ids.has(value.id)), ...found];
      },
      pick: ({ value }) => this.takeContact(value),
      typed: () => {
        this.hidden("contact").value = "";
      },
    });
  }

  // --- the form's values ---

  private read(): Form {
    const form: Form = {};
    for (const control of all<HTMLInputElement>("[data-name]", this.element)) {
      const name = control.dataset["name"] ?? "";
      const value = control.type === "checkbox" ? (control.checked ? "on" : "") : control.value;
      const chosen = name.endsWith("_text") && this.hidden(name.replace("_text", "")).value !== "";
      if (value !== "" && !chosen) form[name] = value;
    }
    return form;
  }

  private write(form: Form): void {
    for (const control of all<HTMLInputElement>("[data-name]", this.element)) {
      const name = control.dataset["name"] ?? "";
      if (control === document.activeElement && control.value !== "" && control.value !== (form[name] ?? "")) continue;
      if (control.type === "checkbox") control.checked = form[name] === "on";
      else if (control.tagName === "SELECT") control.value = form[name] ?? control.value;
      else control.value = form[name] ?? "";
    }
    this.showChosen();
  }

  /** Write the names of what the hidden ids stand for. */
  private showChosen(): void {
    const names: Record<ComboName, (id: string) => string | undefined> = {
      type: (id) => this.rules?.types.find(({ code }) => code === id)?.name,
      field: (id) => this.rules?.fields.find((field) => field.id === id)?.name,
      unit: (id) => this.unitName(id),
      ground: (id) => this.rules?.grounds.find(({ code }) => code === id)?.name,
    };
    for (const name of COMBOS) {
      const id = this.hidden(name).value;
      const words = id ? names[name](id) : undefined;
      if (words) this.input(`${name}_text`).value = words;
    }
    const unit = this.hidden("unit").value;
    if (unit) void this.showFocal(unit);
  }

  private set(name: ComboName, option: Option<string> | null): void {
    this.hidden(name).value = option?.value ?? "";
    if (option) {
      this.input(`${name}_text`).value = option.text;
      this.unfault(this.input(`${name}_text`));
    }
    if (name === "unit") {
      this.hidden("unit").value = option?.value ?? "";
      if (option) void this.showFocal(option.value);
      else fill(this.part("focal"), "–");
    }
    if (name === "ground" && option) {
      const guidance = this.rules?.grounds.find(({ code }) => code === option.value)?.guidance ?? "";
      const area = this.input("guidance");
      if (guidance && (area.value === "" || area.dataset["given"] === area.value)) {
        area.value = guidance;
        area.dataset["given"] = guidance;
      }
    }
    this.draft.changed();
    this.host.changed();
  }

  private takeContact(contact: Contact): void {
    this.hidden("contact").value = contact.id;
    this.input("sender_name").value = contact.name;
    if (contact.address) this.input("sender_address").value = contact.address;
    if (contact.email) this.input("sender_email").value = contact.email;
    if (contact.phone && !this.value("sender_phone")) this.input("sender_phone").value = contact.phone;
    this.input("sender_kind").value = contact.kind === "organisation" ? "organisation" : "person";
    this.draft.changed();
    this.host.changed();
    this.next(this.input("sender_name"));
  }

  private contactOption(contact: Contact): Option<Contact> {
    return { value: contact, text: contact.name, detail: [contact.phone, contact.address].filter(Boolean).join(" · ") };
  }

  private applyRules(): void {
    const rules = this.rules;
    this.part("confidential").hidden = !rules?.confidentiality;
    for (const button of all<HTMLButtonElement>("[data-deed=outcome-refer]", this.element)) {
      button.disabled = rules !== null && !rules.refers;
      button.title = button.disabled ? t("Quy chế của đường dây này chưa có trong hệ thống; chưa chuyển được.") : "";
    }
    this.showChosen();
  }

  private proposeUnit(): void {
    if (this.hidden("unit").value) return;
    const unit = this.chosenUnit();
    if (unit) this.set("unit", { value: unit.id, text: unit.name });
  }

  /** The unit that was chosen, else the field's, else the type's (CT-3.5, CT-4.2). */
  private chosenUnit(): { id: string; name: string } | null {
    const rules = this.rules;
    const id =
      this.hidden("unit").value ||
      rules?.fields.find((field) => field.id === this.hidden("field").value)?.unit ||
      rules?.types.find(({ code }) => code === this.hidden("type").value)?.unit;
    return id ? { id, name: this.unitName(id) ?? "" } : null;
  }

  private unitName(id: string | null): string | undefined {
    return this.rules?.units.find((unit) => unit.id === id)?.name;
  }

  private async showFocal(unit: string): Promise<void> {
    if (this.focal?.unit !== unit) {
      const answer = await ask<{ person: Person | null }>("GET", `/console/hotlines/${this.tab.hotline}/focal-point?unit=${encodeURIComponent(unit)}`);
      if (!answer.ok) return;
      this.focal = { unit, person: answer.data.person };
    }
    const person = this.focal.person;
    fill(
      this.part("focal"),
      person ? h("span", {}, h("b", {}, person.name), " ", h("span", { class: "num" }, person.mobile || person.phone)) : h("span", { class: "mark warn" }, t("Đơn vị chưa có đầu mối")),
    );
  }

  /** Go to the next field, as Enter does. */
  private next(from: HTMLElement): void {
    const fields = all<HTMLElement>("input:not([type=hidden]):not([type=file]), select, textarea, [data-part=send-button]", this.part("form")).filter(
      (element) => element.offsetParent !== null,
    );
    fields[fields.indexOf(from) + 1]?.focus();
  }

  // --- the server's ticket ---

  private ensureTicket(): Promise<string | null> {
    if (this.tab.ticket) return Promise.resolve(this.tab.ticket);
    const call = this.tab.call;
    if (!call || !call.mine) return Promise.resolve(null);
    this.asking ??= ask<Ticket>("POST", `/console/calls/${call.id}/ticket`, {})
      .then((answer) => {
        if (!answer.ok) return null;
        this.tab.ticket = answer.data.id;
        this.takeTicket(answer.data);
        this.host.changed();
        return answer.data.id;
      })
      .finally(() => {
        window.setTimeout(() => {
          this.asking = null;
        }, 2000);
      });
    return this.asking;
  }

  private async loadTicket(id: string): Promise<void> {
    if (this.asking) return;
    this.asking = ask<Ticket>("GET", `/console/tickets/${id}`).then((answer) => {
      if (answer.ok) this.takeTicket(answer.data);
      else if (answer.status === 404) toast(answer.refusal.message, "bad");
      return answer.ok ? id : null;
    });
    const found = await this.asking;
    this.asking = null;
    if (!found) this.timers.push(window.setTimeout(() => this.tab.ticket && !this.ticket && void this.loadTicket(this.tab.ticket), RETRY));
  }

  private takeTicket(ticket: Ticket): void {
    if (this.tab.ticket && ticket.id !== this.tab.ticket) return;
    this.ticket = ticket;
    this.showFiles(ticket);
    if (ticket.state === "draft") {
      this.write(this.draft.merge(ticket, this.read()));
    } else {
      this.show(ticket);
    }
    this.host.changed();
  }

  /** The ticket is filed: its form stands still, its number and due time are shown. */
  private show(ticket: Ticket): void {
    this.draft.end();
    this.tab.filed = true;
    this.pending = null;
    this.outcome = null;
    this.host.keep.drop(`pending/${this.tab.key}`);
    this.write(ticket.form);
    this.part<HTMLFieldSetElement>("fields").disabled = true;
    this.part("scroll").tabIndex = 0; // nothing in it takes the focus any more, yet it scrolls
    this.part("outcome").hidden = true;
    this.part("choose").hidden = true;
    this.part("send").hidden = true;
    say(this.part("saved"), "");
    this.part("offers").hidden = true;
    this.element.classList.add("filed");
    const result = this.part("result");
    result.hidden = false;
    drawResult(result, ticket, {
      second: this.tab.call ? () => this.host.secondMatter(this.tab) : null,
      close: () => this.host.close(this.tab),
    });
    this.offerCall();
    if (ticket.message && ["queued", "sending", "accepted"].includes(ticket.message.state)) {
      this.timers.push(window.setTimeout(() => this.ticket && void this.loadTicket(this.ticket.id), RETRY));
    }
  }

  private async deliver(): Promise<void> {
    const outcome = this.pending;
    if (!outcome || this.filed) return;
    const id = await this.ensureTicket();
    const answer: Answer<Ticket> | null = id
      ? await ask<Ticket>("POST", `/console/tickets/${id}/file`, { form: this.read(), event: EVENTS[outcome] })
      : null;
    if (answer?.ok) {
      this.takeTicket(answer.data);
      this.element.querySelector<HTMLElement>("[data-part=result]")?.focus();
      this.host.changed();
      return;
    }
    if (!answer || isAway(answer) || answer.status === 401) {
      this.waitForServer(outcome);
      return;
    }
    this.pending = null;
    this.host.keep.drop(`pending/${this.tab.key}`);
    this.part<HTMLButtonElement>("send-button").disabled = false;
    this.part("result").hidden = true;
    this.fault(answer.refusal.fields);
    toast(answer.refusal.message, "bad");
  }

  private waitForServer(outcome: Outcome): void {
    const words = {
      answer: t("Máy chủ chưa trả lời. Kết quả sẽ được ghi ngay khi có lại; số phiếu sẽ có sau."),
      refer: t("Máy chủ chưa trả lời. Phiếu sẽ được chuyển ngay khi có lại: số phiếu, thời hạn, SMS sẽ có sau."),
      refuse: t("Máy chủ chưa trả lời. Việc từ chối sẽ được ghi ngay khi có lại."),
    }[outcome];
    const result = this.part("result");
    result.className = "note warn";
    result.hidden = false;
    fill(result, h("p", {}, words));
    this.part<HTMLButtonElement>("send-button").disabled = true;
    this.timers.push(window.setTimeout(() => void this.deliver(), RETRY));
  }

  private lacking(outcome: Outcome): Record<string, string> {
    const needed = outcome === "refuse" ? ["ground", "guidance"] : [...(this.rules?.required ?? ["type", "content"])];
    if (outcome === "answer") needed.push("direct_answer");
    if (outcome === "refer") needed.push("unit");
    const faults: Record<string, string> = {};
    for (const name of needed) {
      const unknown = COMBOS.includes(name as ComboName) && this.value(name) === "" && this.value(`${name}_text`) !== "";
      if (this.value(name).trim() === "") faults[name] = unknown ? t("Hãy chọn trong danh sách.") : t("Cần nhập mục này.");
    }
    return faults;
  }

  private fault(faults: Record<string, string>): void {
    for (const old of all(".fault", this.part("form"))) old.remove();
    for (const control of all("[aria-invalid]", this.part("form"))) control.removeAttribute("aria-invalid");
    for (const [name, words] of Object.entries(faults)) {
      const control =
        this.element.querySelector<HTMLElement>(`[data-combo="${name}"]`) ?? this.element.querySelector<HTMLElement>(`[data-name="${name}"]`);
      if (!control) {
        toast(words, "bad");
        continue;
      }
      const id = `f${this.number}-${name}-fault`;
      control.setAttribute("aria-invalid", "true");
      control.setAttribute("aria-describedby", id);
      control.closest(".field")?.append(h("span", { class: "fault", id }, words));
    }
    const first = this.part("form").querySelector<HTMLElement>("[aria-invalid=true]");
    if (first) focusQuietly(first);
  }

  private unfault(control: HTMLElement): void {
    if (!control.hasAttribute("aria-invalid")) return;
    control.removeAttribute("aria-invalid");
    control.closest(".field")?.querySelector(".fault")?.remove();
  }

  private async attach(): Promise<void> {
    const input = this.part<HTMLInputElement>("file-input");
    const files = [...(input.files ?? [])];
    input.value = "";
    if (!files.length) return;
    await this.draft.now();
    const id = await this.ensureTicket();
    if (!id) {
      toast(t("Chưa gửi được tệp: máy chủ chưa trả lời. Hãy thử lại sau."), "bad");
      return;
    }
    const body = new FormData();
    for (const file of files) body.append("file", file, file.name);
    const answer = await ask<{ files: Ticket["files"] }>("POST", `/console/tickets/${id}/files`, body);
    if (answer.ok && this.ticket) {
      this.ticket.files = answer.data.files;
      this.showFiles(this.ticket);
    } else if (!answer.ok) {
      toast(answer.refusal.message || t("Chưa gửi được tệp."), "bad");
    }
  }

  private showFiles(ticket: Ticket): void {
    const size = (bytes: number): string => (bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`);
    fill(this.part("file-list"), ...ticket.files.map((file) => h("li", {}, file.name, " ", h("span", { class: "soft num" }, size(file.bytes)))));
  }

  // --- what is known of the caller ---

  private async lookUp(): Promise<void> {
    const call = this.tab.call;
    if (!call || this.aboutAsked === `${call.id}/${call.mine}`) return;
    this.aboutAsked = `${call.id}/${call.mine}`;
    const answer = await ask<About>("GET", `/console/calls/${call.id}/about`);
    this.aboutAway = !answer.ok;
    if (answer.ok) this.about = answer.data;
    else if (isAway(answer)) {
      this.timers.push(
        window.setTimeout(() => {
          this.aboutAsked = "";
          void this.lookUp();
        }, RETRY),
      );
    }
    this.drawKnown();
    this.update();
  }

  private drawKnown(): void {
    fill(this.part("about"), drawAbout(this.about, this.aboutAway && !this.about, (line) => this.host.openTicket(line)));
    this.offerCall();
    const open = this.about?.open ?? [];
    const offers = this.part("offers");
    offers.hidden = open.length === 0 || this.filed || !this.tab.call;
    if (offers.hidden) return;
    fill(
      offers,
      h("p", {}, h("b", {}, open.length === 1 ? t("Số này đang có một phiếu chưa xong.") : t("Số này đang có {n} phiếu chưa xong.", { n: open.length })), " ", t("Gọi về phiếu nào, hay việc mới? Không chọn thì là phiếu mới.")),
      h(
        "ul",
        { class: "lines" },
        ...open.map((line, at) => ticketLine(line, { words: t("Cuộc gọi về phiếu này"), ...(at === 0 ? { key: "Alt L" } : {}), run: () => void this.link(line) })),
      ),
    );
  }

  private async link(line: TicketLine): Promise<void> {
    const call = this.tab.call;
    if (!call) return;
    if (!call.mine) {
      toast(t("Hãy nghe máy trước."), "bad");
      return;
    }
    await this.draft.now();
    const answer = await ask<Ticket>("POST", `/console/calls/${call.id}/link`, { ticket: line.id });
    if (answer.ok) {
      this.tab.ticket = answer.data.id;
      this.takeTicket(answer.data);
      toast(t("Cuộc gọi đã được ghi vào phiếu {number}.", { number: line.number ?? "" }), "good");
    } else {
      toast(answer.refusal.message || t("Máy chủ không trả lời."), "bad");
    }
  }

  // --- small things ---

  private hotline(): Setup["hotlines"][number] | undefined {
    return this.host.setup.hotlines.find(({ id }) => id === this.tab.hotline);
  }

  private part<T extends HTMLElement = HTMLElement>(name: string): T {
    return one<T>(`[data-part="${name}"]`, this.element);
  }

  private input(name: string): HTMLInputElement {
    return one<HTMLInputElement>(`[data-name="${name}"]`, this.element);
  }

  private hidden(name: string): HTMLInputElement {
    return this.input(name);
  }

  private value(name: string): string {
    return this.element.querySelector<HTMLInputElement>(`[data-name="${name}"]`)?.value ?? "";
  }
}
