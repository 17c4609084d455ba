// The operator console: what the service pushes becomes tabs; the keyboard does the rest.

import { one, say } from "./lib/dom";
import { ask } from "./lib/http";
import { t } from "./lib/i18n";
import { Keep } from "./lib/keep";
import { Line } from "./lib/push";
import { now } from "./lib/time";
import { toast } from "./lib/toast";
import { Alarm } from "./console/alarm";
import { unreachedWords } from "./console/caller";
import { CallBackBar, type Offer } from "./console/callback_bar";
import { callerWords, CallBacks, type CallBack } from "./console/callbacks";
import { Drafts } from "./console/drafts";
import { listen, showHelp, type Deed } from "./console/keys";
import { Keypad, showKeypad } from "./console/keypad";
import { MePanel } from "./console/me";
import { NewTicket } from "./console/new_ticket";
import { Pane, type PaneHost } from "./console/pane";
import { Phone } from "./console/phone";
import { drawPads, sayPhone } from "./console/phone_panel";
import { Recording } from "./console/recording";
import { Ring } from "./console/ring";
import { RuleBook } from "./console/rules";
import { Sounds } from "./console/sounds";
import { Strip } from "./console/strip";
import { phaseOf, Tabs, type Change, type Closed, type Phase, type Tab } from "./console/tabs";
import type { Card, Kept, Me, Queue, Setup, Ticket, TicketLine, Transfer } from "./console/types";

const setup = JSON.parse(one("#setup").textContent ?? "{}") as Setup;

interface Snapshot {
  me?: Me;
  calls?: Card[];
  transfers?: Transfer[];
  queues?: Queue[];
  recordings?: Kept[];
}

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
    phone: (state) => {
      sayPhone(state);
      this.drawPhone();
    },
    session: () => this.drawPhone(),
  });
  private readonly alarm = new Alarm(this.ring);
  private readonly strip = new Strip({
    setup,
    tabs: () => this.tabs.tabs,
    pane: (key) => this.panes.get(key),
    active: () => this.active,
    show: (key) => this.show(key),
    live: () => this.live(),
    canAnswer: () => this.canAnswer(),
  });
  private readonly recording = new Recording(() => this.live(), (tab) => this.panes.get(tab.key));
  private readonly drafts = new Drafts(
    (ticket) => this.tabs.tabs.some((tab) => tab.ticket === ticket),
    (ticket) => this.openDraft(ticket),
  );
  private readonly callBacks = new CallBacks({
    account: setup.account,
    hotlines: setup.hotlines,
    dial: (task) => this.dialBack(task.id, callerWords(task)),
    openTicket: ({ id, hotline }) => this.openById(id, hotline),
  });
  private readonly callBackBar = new CallBackBar(this.callBacks, (task, number) => this.dialBack(task, number));
  private readonly newTicket = new NewTicket(setup, (hotline, channel) => void this.blank(hotline, channel));
  private readonly line: Line;
  private active: string | null = null;
  /** My phone rings, or soon will, for a call that I asked for. */
  private dialling = false;

  constructor() {
    new Sounds(this.keep, this.ring, this.phone);
    this.line = new Line({
      snapshot: (data) => this.snapshot(data["console"] as Snapshot),
      event: (kind, data) => this.event(kind, data),
      line: (up) => this.lineIs(up),
    });
    this.restore();
    listen((deed) => this.carryOut(deed));
    for (const hotline of setup.hotlines) void this.rules.load(hotline.id);
    new Keypad(this.phone);
    window.setInterval(() => this.tick(), 1000);
    this.drawPhone();
    this.lineIs(false);
    this.line.open();
    void this.drafts.count();
    void this.callBacks.count();
  }

  // --- what panes ask for ---

  transfers(call: string): Transfer[] {
    return this.handed.get(call) ?? [];
  }

  canAnswer(): boolean {
    return this.me.device === "web" && this.phone.ringing;
  }

  resume(): Promise<void> {
    return this.phone.resume();
  }

  openTicket(line: TicketLine): void {
    this.openById(line.id, this.activeTab()?.hotline ?? setup.hotlines[0]?.id ?? "");
  }

  private openById(ticket: string, hotline: string): void {
    const tab = this.tabs.openTicket(ticket, hotline);
    this.addPane(tab);
    this.show(tab.key);
    this.changed();
  }

  /** Call a citizen back from a task; the outgoing call's tab goes on with the lost call's form. */
  private async dialBack(id: string, number: string): Promise<void> {
    if (!this.canCall()) {
      toast(t("Chưa gọi được: hãy vào ca, và gọi khi không có cuộc gọi nào."), "bad");
      return;
    }
    this.dialling = true;
    this.drawPhone();
    toast(t("Máy của bạn đang đổ chuông. Hãy nhấc máy để gọi {number}.", { number }));
    const answer = await ask<{ call: string; ticket: string }>("POST", `/api/v1/callbacks/${id}/dial`, {});
    this.dialling = false;
    if (answer.ok) {
      const task = await ask<CallBack>("GET", `/api/v1/callbacks/${id}`);
      if (task.ok && task.data.state === "claimed") this.callBackBar.dialled(task.data);
      const tab = this.tabs.get(answer.data.call);
      if (tab) {
        tab.ticket = answer.data.ticket;
        tab.kept = true;
        this.panes.get(tab.key)?.ticketChanged(answer.data.ticket);
        this.show(tab.key);
        this.changed();
      }
    } else toast(answer.refusal.message || t("Máy chủ không trả lời; chưa gọi được."), "bad");
    this.drawPhone();
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
    void this.drafts.count();
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
    this.strip.draw();
  }

  // --- what the service says ---

  private snapshot(data: Snapshot): void {
    if (!data.me) return;
    this.takeMe(data.me);
    for (const transfer of data.transfers ?? []) this.takeTransfer(transfer);
    this.apply(this.tabs.snapshot(data.calls ?? [], new Date(now()).toISOString()));
    this.me.takeQueues(data.queues ?? []);
    this.recording.takeAll(data.recordings ?? []);
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
      case "callback":
        this.callBacks.changed();
        this.callBackBar.changed(String(data["task"]), String(data["state"]));
        break;
      case "callback_offer":
        this.callBackBar.offered(data as unknown as Offer);
        this.ring.once();
        break;
      case "unreached":
        toast(unreachedWords(String(data["why"])), "bad");
        break;
      case "recording":
        this.recording.take(data as unknown as Kept);
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
      this.alarm.tell(this.tabs.tabs, this.me.device);
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
    this.alarm.tell(this.tabs.tabs, this.me.device);
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
    this.strip.draw();
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
    this.strip.draw();
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

  private drawPhone(): void {
    drawPads(this.phone);
    const live = this.live();
    one<HTMLButtonElement>("#desk-hang-up").disabled = !live || phaseOf(live) === "ringing";
    this.recording.draw();
    if (this.phone.talking) this.ring.stop();
    for (const pane of this.panes.values()) pane.update();
    this.strip.drawBanner();
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
      case "recording":
        return void this.recording.toggle();
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
        return this.newTicket.ask(tab?.hotline);
      case "drafts":
        return void this.drafts.show();
      case "callbacks":
        return void this.callBacks.show();
      case "callback-take":
        return this.callBackBar.take();
      case "callback-pass":
        return this.callBackBar.pass();
      case "callback-1":
      case "callback-2":
      case "callback-3":
      case "callback-4":
      case "callback-5":
        return void this.callBackBar.result(Number(deed.slice(-1)));
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

  private openDraft(ticket: Ticket): void {
    const tab = this.tabs.tabs.find((open) => open.ticket === ticket.id) ?? this.tabs.openTicket(ticket.id, ticket.hotline);
    this.addPane(tab);
    this.show(tab.key);
    this.changed();
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

  private tick(): void {
    this.me.tick();
    this.callBackBar.tick();
    this.activePane()?.tick();
  }
}

new Console();
