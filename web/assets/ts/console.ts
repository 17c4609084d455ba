// The operator console: what the service pushes becomes tabs; the keyboard does the rest.

import { fill, h, one, say } from "./lib/dom";
import { ask } from "./lib/http";
import { t } from "./lib/i18n";
import { Keep } from "./lib/keep";
import { Line } from "./lib/push";
import { now } from "./lib/time";
import { toast } from "./lib/toast";
import { numberWords, unreachedWords } from "./console/caller";
import { listen, showHelp, type Deed } from "./console/keys";
import { Keypad, showKeypad } from "./console/keypad";
import { MePanel } from "./console/me";
import { Pane, type PaneHost } from "./console/pane";
import { Phone, type PhoneState } from "./console/phone";
import { Ring } from "./console/ring";
import { RuleBook } from "./console/rules";
import { Sounds } from "./console/sounds";
import { phaseOf, Tabs, type Change, type Closed, type Phase, type Tab } from "./console/tabs";
import type { Card, Me, Queue, Setup, Ticket, TicketLine, Transfer } from "./console/types";

const setup = JSON.parse(one("#setup").textContent ?? "{}") as Setup;

class Console implements PaneHost {
  readonly setup = setup;
  readonly keep = new Keep(setup.account);
  readonly rules = new RuleBook(this.keep);
  private readonly tabs = new Tabs(this.keep.get<Closed>("closed") ?? {});
  private readonly panes = new Map<string, Pane>();
  private readonly handed = new Map<string, Transfer[]>();
  private readonly me = new MePanel(setup);
  private readonly ring = new Ring();
  private readonly phone = new Phone(one<HTMLAudioElement>("#remote-audio"), {
    phone: (state) => this.phoneIs(state),
    session: () => this.drawPhone(),
  });
  private readonly line: Line;
  private active: string | null = null;
  /** My phone rings, or soon will, for a call that I asked for. */
  private dialling = false;

  constructor() {
    new Sounds(this.keep, this.ring, this.phone);
    this.line = new Line({
      snapshot: (data) => this.snapshot(data["console"] as { me?: Me; calls?: Card[]; transfers?: Transfer[]; queues?: Queue[] }),
      event: (kind, data) => this.event(kind, data),
      line: (up) => this.lineIs(up),
    });
    this.restore();
    listen((deed) => this.carryOut(deed));
    for (const hotline of setup.hotlines) void this.rules.load(hotline.id);
    new Keypad(this.phone);
    one<HTMLFormElement>("#new-form").addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || (event.target as HTMLElement).tagName !== "SELECT") return;
      event.preventDefault();
      one<HTMLButtonElement>("#new-form [value=open]").click();
    });
    one<HTMLFormElement>("#new-form").addEventListener("submit", (event) => {
      if ((event.submitter as HTMLButtonElement | null)?.value === "open") void this.openNew();
    });
    window.setInterval(() => this.tick(), 1000);
    this.drawPhone();
    this.lineIs(false);
    this.line.open();
    void this.countDrafts();
  }

  // --- what panes ask for ---

  transfers(call: string): Transfer[] {
    return this.handed.get(call) ?? [];
  }

  canAnswer(): boolean {
    return this.me.device === "web" && this.phone.ringing;
  }

  openTicket(line: TicketLine): void {
    const hotline = this.activeTab()?.hotline ?? setup.hotlines[0]?.id ?? "";
    const tab = this.tabs.openTicket(line.id, hotline);
    this.addPane(tab);
    this.show(tab.key);
  }

  /** Whether a call can be made now: signed on, and in none. */
  canCall(): boolean {
    return ["ready", "paused", "wrap_up"].includes(this.me.me?.state ?? "") && !this.live() && !this.dialling;
  }

  /** Call a citizen for a tab's line; when it has a ticket, the call is about that ticket. */
  async call(tab: Tab, number: string): Promise<void> {
    if (!this.canCall()) {
      toast(t("Chưa gọi được: hãy vào ca, và gọi khi không có cuộc gọi nào."), "bad");
      return;
    }
    this.dialling = true;
    this.drawPhone();
    toast(t("Máy của bạn đang đổ chuông. Hãy nhấc máy để gọi {number}.", { number }));
    await this.panes.get(tab.key)?.save();
    const answer = await ask<{ call: string; ticket: string | null }>("POST", "/console/calls", { hotline: tab.hotline, number, ticket: tab.ticket });
    this.dialling = false;
    if (answer.ok) await this.called(tab, answer.data.call, answer.data.ticket);
    else toast(answer.refusal.message || t("Máy chủ không trả lời; chưa gọi được."), "bad");
    this.drawPhone();
  }

  secondMatter(tab: Tab): void {
    void this.blank(tab.hotline, "phone");
  }

  close(tab: Tab): void {
    const pane = this.panes.get(tab.key);
    if (pane?.sending) {
      toast(t("Phiếu đang chờ gửi; chưa đóng được."), "bad");
      return;
    }
    const phase = phaseOf(tab);
    if (phase === "talking" || phase === "ringing" || phase === "calling") {
      toast(t("Cuộc gọi còn đang diễn ra; chưa đóng được."), "bad");
      return;
    }
    if (pane && !pane.filed && !pane.empty && !window.confirm(t("Phiếu chưa gửi. Đóng lại và giữ ở mục Đang soạn?"))) return;
    if (pane && !pane.filed) {
      if (pane.empty) pane.discard();
      else void pane.save();
    }
    const at = this.tabs.tabs.indexOf(tab);
    this.tabs.close(tab.key);
    this.dropPane(tab.key);
    const next = this.tabs.tabs[Math.min(at, this.tabs.tabs.length - 1)];
    this.active = null;
    if (next) this.show(next.key);
    this.changed();
    void this.countDrafts();
  }

  /** The call is about a tab's ticket: the call's tab goes on with it, the other one closes. */
  private async called(from: Tab, call: string, ticket: string | null): Promise<void> {
    const tab = this.tabs.get(call);
    const pane = this.panes.get(from.key);
    if (!tab || !ticket || tab === from) return;
    await pane?.save();
    tab.ticket = ticket;
    tab.kept = true;
    this.panes.get(call)?.ticketChanged(ticket);
    if (!pane?.sending) {
      this.tabs.close(from.key);
      this.dropPane(from.key);
    }
    this.show(call);
    this.changed();
  }

  /** Tabs or their names changed: draw the strip, keep it on this machine. */
  changed(): void {
    this.keep.set("tabs", this.tabs.tabs);
    this.keep.set("closed", this.tabs.closedOnes());
    this.drawTabs();
  }

  // --- what the service says ---

  private snapshot(data: { me?: Me; calls?: Card[]; transfers?: Transfer[]; queues?: Queue[] }): void {
    if (!data.me) return;
    this.takeMe(data.me);
    for (const transfer of data.transfers ?? []) this.takeTransfer(transfer);
    this.apply(this.tabs.snapshot(data.calls ?? [], new Date(now()).toISOString()));
    this.me.takeQueues(data.queues ?? []);
  }

  private event(kind: string, data: Record<string, unknown>): void {
    switch (kind) {
      case "call":
        this.apply(this.tabs.take(data as unknown as Card));
        break;
      case "me":
        this.takeMe(data as unknown as Me);
        break;
      case "transfer":
        this.takeTransfer(data as unknown as Transfer);
        break;
      case "ticket":
        for (const pane of this.panes.values()) pane.ticketChanged(String(data["ticket"]));
        break;
      case "unreached":
        toast(unreachedWords(String(data["why"])), "bad");
        break;
      case "queues":
        this.me.takeQueues(data["queues"] as Queue[]);
        break;
    }
  }

  private apply(changes: Change[]): void {
    for (const change of changes) {
      if (change.what === "opened") {
        this.addPane(change.tab);
        if (this.mayTakeOver() || phaseOf(change.tab) === "calling") this.bring(change.tab.key);
      } else if (change.what === "changed") {
        const pane = this.panes.get(change.tab.key);
        const phase = phaseOf(change.tab);
        if (change.before === "ringing" && phase === "talking" && this.active === change.tab.key) pane?.focusForm();
      } else {
        this.dropPane(change.tab.key);
        if (this.active === change.tab.key) {
          this.active = null;
          const next = this.tabs.tabs.at(-1);
          if (next) this.bring(next.key);
        }
        if (change.why === "taken") toast(t("Người khác đã nghe cuộc gọi."));
        else if (change.why === "hung_up") toast(t("Người gọi đã gác máy."));
      }
    }
    if (changes.length) {
      this.drawPhone(); // every pane, once
      this.changed();
      this.alarm();
    }
  }

  /** A new call may come to the front only where nobody's hands are in a form. */
  private mayTakeOver(): boolean {
    const tab = this.activeTab();
    if (!tab) return true;
    const pane = this.panes.get(tab.key);
    return pane === undefined || (pane.filed && !pane.element.contains(document.activeElement)) || pane.filed;
  }

  private takeMe(me: Me): void {
    this.me.take(me);
    if (me.state !== "signed_off" && me.device === "web") this.phone.start();
    else this.phone.stop();
    this.alarm();
    this.drawPhone();
  }

  private takeTransfer(transfer: Transfer): void {
    const known = this.transfers(transfer.call);
    const at = known.findIndex(({ id }) => id === transfer.id);
    if (at < 0) known.push(transfer);
    else known[at] = transfer;
    this.handed.set(transfer.call, known);
    const tab = this.tabs.get(transfer.call);
    if (tab) tab.handed = transfer.state === "completed";
    this.panes.get(transfer.call)?.update();
    this.changed();
  }

  private lineIs(up: boolean): void {
    const state = one("#line-state");
    state.className = `line-state ${up ? "up" : "down"}`;
    say(state, up ? t("Đã kết nối") : t("Mất kết nối, đang nối lại…"));
  }

  // --- tabs and panes ---

  private restore(): void {
    this.tabs.restore(this.keep.get<Tab[]>("tabs") ?? []);
    for (const tab of this.tabs.tabs) this.addPane(tab);
    const wanted = this.keep.get<string>("active");
    const first = this.tabs.get(wanted ?? "") ?? this.tabs.tabs.at(-1);
    if (first) this.show(first.key, false);
    this.drawTabs();
  }

  private addPane(tab: Tab): void {
    if (this.panes.has(tab.key)) return;
    const pane = new Pane(tab, this);
    pane.element.hidden = true;
    this.panes.set(tab.key, pane);
    one("#panes").append(pane.element);
  }

  private dropPane(key: string): void {
    this.panes.get(key)?.end();
    this.panes.delete(key);
  }

  private show(key: string, focus = true): void {
    this.bring(key);
    this.drawTabs();
    const pane = this.panes.get(key);
    pane?.update();
    if (focus) pane?.focusForm();
  }

  /** Put a pane in front; whoever calls this draws panes and tabs afterwards. */
  private bring(key: string): void {
    this.active = key;
    this.keep.set("active", key);
    for (const [name, pane] of this.panes) pane.element.hidden = name !== key;
    one("#empty").hidden = this.panes.size > 0;
  }

  private drawTabs(): void {
    one("#empty").hidden = this.tabs.tabs.length > 0;
    const strip = one("#tabs");
    const focused = strip.contains(document.activeElement);
    fill(
      strip,
      ...this.tabs.tabs.map((tab) => {
        const pane = this.panes.get(tab.key);
        const phase = pane?.filed && !["talking", "ringing", "calling"].includes(phaseOf(tab)) ? "filed" : phaseOf(tab);
        const on = tab.key === this.active;
        return h(
          "button",
          {
            type: "button",
            role: "tab",
            id: `tab-${pane?.id ?? tab.key}`,
            class: `tab ${phase}`,
            "aria-selected": String(on),
            "aria-controls": pane?.element.id ?? "",
            tabindex: on ? 0 : -1,
            onclick: () => this.show(tab.key),
          },
          h("span", { class: "tab-phase" }, this.phaseWords(phase)),
          h("span", { class: "tab-name num" }, tab.call ? numberWords(tab.call) : pane?.words || t("Phiếu mới")),
          tab.call && pane?.words ? h("span", { class: "tab-more" }, pane.words) : null,
        );
      }),
    );
    if (focused) strip.querySelector<HTMLElement>("[aria-selected=true]")?.focus();
    this.drawBanner();
  }

  private phaseWords(phase: string): string {
    switch (phase) {
      case "ringing":
        return t("Đổ chuông");
      case "calling":
        return t("Đang gọi");
      case "talking":
        return t("Đang nói");
      case "wrap_up":
        return t("Chưa gửi");
      case "elsewhere":
        return t("Đã chuyển");
      case "filed":
        return t("Đã gửi");
      default:
        return t("Phiếu");
    }
  }

  /** A call that rings or is talked in while another form is in front: say so, one key leads there. */
  private drawBanner(): void {
    const banner = one("#call-banner");
    const live = this.live();
    banner.hidden = !live || live.key === this.active;
    if (!live?.call || banner.hidden) return;
    const phase = phaseOf(live);
    const ringing = phase === "ringing";
    const name = this.setup.hotlines.find(({ id }) => id === live.hotline)?.name ?? live.hotline;
    banner.className = `call-banner ${ringing ? "ringing" : "talking"}`;
    fill(
      banner,
      h("b", {}, ringing ? t("Cuộc gọi đến") : phase === "calling" ? t("Đang gọi") : t("Đang nói với")),
      h("span", { class: "num" }, numberWords(live.call)),
      h("span", {}, name),
      h("button", { type: "button", class: ringing ? "good" : "", "data-deed": "answer" }, ringing && this.canAnswer() ? t("Nghe máy") : t("Mở phiếu"), h("kbd", {}, "F2")),
    );
  }

  /** The tab whose call rings, is talked in, or is being made; ringing first. */
  private live(): Tab | undefined {
    const first = (phase: Phase): Tab | undefined => this.tabs.tabs.find((tab) => phaseOf(tab) === phase);
    return first("ringing") ?? first("talking") ?? first("calling");
  }

  /** Hang up: in the page the phone does it, at the desk phone the exchange. */
  private async hangUp(): Promise<void> {
    if (this.me.device === "web") {
      this.phone.hangUp();
      return;
    }
    const live = this.live();
    if (!live?.call || phaseOf(live) === "ringing") return;
    const answer = await ask<null>("POST", `/console/calls/${live.call.id}/hang-up`, {});
    if (!answer.ok) toast(answer.refusal.message || t("Máy chủ không trả lời; hãy gác máy trên máy để bàn."), "bad");
  }

  private activeTab(): Tab | undefined {
    return this.active ? this.tabs.get(this.active) : undefined;
  }

  private activePane(): Pane | undefined {
    return this.active ? this.panes.get(this.active) : undefined;
  }

  // --- telephone ---

  private alarm(): void {
    const ringing = this.tabs.tabs.find((tab) => phaseOf(tab) === "ringing");
    if (ringing?.call && this.me.device === "web") this.ring.start();
    else this.ring.stop();
    document.title = ringing?.call ? `☎ ${numberWords(ringing.call)} · 1022` : t("Bàn trực · 1022");
    if (ringing?.call && document.visibilityState === "hidden" && "Notification" in window && Notification.permission === "granted") {
      new Notification(t("Cuộc gọi đến"), { body: numberWords(ringing.call), tag: ringing.key });
    }
  }

  private phoneIs(state: PhoneState): void {
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
    this.drawPhone();
  }

  private drawPhone(): void {
    const phone = this.phone;
    one<HTMLButtonElement>("#phone-answer").disabled = !phone.ringing;
    one<HTMLButtonElement>("#phone-hang-up").disabled = !phone.ringing && !phone.talking;
    for (const [id, on] of [["#phone-mute", phone.muted], ["#phone-hold", phone.held]] as const) {
      const button = one<HTMLButtonElement>(id);
      button.disabled = !phone.talking;
      button.setAttribute("aria-pressed", String(on));
    }
    const live = this.live();
    one<HTMLButtonElement>("#desk-hang-up").disabled = !live || phaseOf(live) === "ringing";
    if (phone.talking) this.ring.stop();
    for (const pane of this.panes.values()) pane.update();
    this.drawBanner();
  }

  // --- deeds ---

  private carryOut(deed: Deed): void {
    const pane = this.activePane();
    const tab = this.activeTab();
    switch (deed) {
      case "answer": {
        const live = this.live();
        if (this.canAnswer()) void this.phone.answer();
        if (live && (live.key !== this.active || !pane?.element.contains(document.activeElement))) this.show(live.key);
        return;
      }
      case "hang-up":
        return void this.hangUp();
      case "call-back":
        if (pane) pane.callBack();
        return;
      case "mute":
        return this.phone.mute();
      case "hold":
        return this.phone.holdOrResume();
      case "keypad":
        return showKeypad();
      case "transfer":
        if (tab && pane && phaseOf(tab) === "talking") void pane.transfer.show().then(() => pane.update());
        else toast(t("Không có cuộc gọi đang nói ở phiếu này."));
        return;
      case "ready":
        return void this.me.ready();
      case "pause":
        return this.me.togglePause();
      case "sign-off":
        return void this.me.signOff();
      case "outcome-answer":
        return pane?.choose("answer");
      case "outcome-refer":
        if (pane?.transfer.failed) return pane.transfer.instead();
        return pane?.choose("refer");
      case "outcome-refuse":
        return pane?.choose("refuse");
      case "outcome-none":
        pane?.choose(null);
        return pane?.focusForm();
      case "send":
        return void pane?.send();
      case "save":
        return void pane?.save();
      case "link":
        return pane?.linkFirst();
      case "new":
        return this.askNew();
      case "drafts":
        return void this.showDrafts();
      case "close":
        if (tab) this.close(tab);
        return;
      case "next":
        return this.step(1);
      case "previous":
        return this.step(-1);
      case "help":
        return showHelp();
      case "try-ring":
        return this.ring.once();
    }
  }

  private step(by: number): void {
    const all = this.tabs.tabs;
    const at = all.findIndex((tab) => tab.key === this.active);
    const next = all[(at + by + all.length) % all.length];
    if (next) this.show(next.key);
  }

  private askNew(): void {
    const hotline = one<HTMLSelectElement>("#new-hotline");
    const channel = one<HTMLSelectElement>("#new-channel");
    fill(hotline, ...setup.hotlines.map(({ id, name }) => h("option", { value: id }, name)));
    fill(channel, ...setup.channels.filter(({ code }) => code !== "phone").map(({ code, name }) => h("option", { value: code }, name)));
    channel.append(...setup.channels.filter(({ code }) => code === "phone").map(({ code, name }) => h("option", { value: code }, name)));
    hotline.value = this.activeTab()?.hotline ?? hotline.value;
    one<HTMLDialogElement>("#new-dialog").showModal();
    (setup.hotlines.length > 1 ? hotline : channel).focus();
  }

  private async openNew(): Promise<void> {
    await this.blank(one<HTMLSelectElement>("#new-hotline").value, one<HTMLSelectElement>("#new-channel").value);
  }

  private async blank(hotline: string, channel: string): Promise<void> {
    const answer = await ask<Ticket>("POST", "/console/tickets", { hotline, channel });
    if (!answer.ok) {
      toast(answer.refusal.message || t("Máy chủ không trả lời; chưa mở được phiếu mới."), "bad");
      return;
    }
    const tab = this.tabs.openTicket(answer.data.id, answer.data.hotline);
    this.addPane(tab);
    this.show(tab.key);
    this.changed();
  }

  private async countDrafts(): Promise<void> {
    const answer = await ask<{ items: Ticket[] }>("GET", "/console/tickets");
    if (!answer.ok) return;
    const closed = answer.data.items.filter((ticket) => !this.tabs.tabs.some((tab) => tab.ticket === ticket.id));
    one("#draft-count").hidden = closed.length === 0;
    say(one("#draft-count"), String(closed.length));
  }

  private async showDrafts(): Promise<void> {
    const dialog = one<HTMLDialogElement>("#drafts-dialog");
    const answer = await ask<{ items: Ticket[] }>("GET", "/console/tickets");
    const items = answer.ok ? answer.data.items : [];
    fill(
      one("#drafts-list"),
      answer.ok ? null : h("p", { class: "soft" }, t("Máy chủ không trả lời.")),
      answer.ok && items.length === 0 ? h("p", { class: "soft" }, t("Không có phiếu nào đang soạn.")) : null,
      ...items.map((ticket) =>
        h(
          "button",
          {
            type: "button",
            class: "draft",
            onclick: () => {
              dialog.close();
              const known = this.tabs.tabs.find((tab) => tab.ticket === ticket.id) ?? this.tabs.openTicket(ticket.id, ticket.hotline);
              this.addPane(known);
              this.show(known.key);
              this.changed();
            },
          },
          h("b", {}, ticket.form["sender_name"] || ticket.form["sender_phone"] || t("Chưa có tên")),
          h("span", { class: "soft" }, ticket.form["content"]?.slice(0, 90) || t("(chưa có nội dung)")),
        ),
      ),
    );
    dialog.showModal();
  }

  private tick(): void {
    this.me.tick();
    this.activePane()?.tick();
  }
}

new Console();
