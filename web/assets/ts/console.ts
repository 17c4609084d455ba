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
import { callerWords, CallBacks } from "./console/callbacks";
import { Dialling } from "./console/dialling";
import { Drafts } from "./console/drafts";
import { listen, showHelp, type Deed } from "./console/keys";
import { Keypad, showKeypad } from "./console/keypad";
import { MePanel } from "./console/me";
import { NewTicket } from "./console/new_ticket";
import { Pane, type PaneHost } from "./console/pane";
import { Panes } from "./console/panes";
import { Phone } from "./console/phone";
import { drawPads, sayPhone } from "./console/phone_panel";
import { Pickup } from "./console/pickup";
import { Recording } from "./console/recording";
import { Ring } from "./console/ring";
import { RuleBook } from "./console/rules";
import { Sounds } from "./console/sounds";
import { Strip } from "./console/strip";
import { phaseOf, type Change, type Tab } from "./console/tabs";
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
  private readonly panes = new Panes({
    keep: this.keep,
    make: (tab) => new Pane(tab, this),
    draw: () => this.strip.draw(),
  });
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
  private readonly pickup = new Pickup(this.phone);
  private readonly alarm = new Alarm(this.ring);
  private readonly strip = new Strip({
    setup,
    tabs: () => this.panes.tabs.tabs,
    pane: (key) => this.panes.get(key),
    active: () => this.panes.active,
    show: (key) => this.panes.show(key),
    live: () => this.panes.live(),
    canAnswer: () => this.canAnswer(),
  });
  private readonly recording = new Recording(() => this.panes.live(), (tab) => this.panes.get(tab.key));
  private readonly drafts = new Drafts(
    (ticket) => this.panes.tabs.tabs.some((tab) => tab.ticket === ticket),
    (ticket) => this.panes.openTicket(ticket.id, ticket.hotline),
  );
  private readonly callBacks = new CallBacks({
    account: setup.account,
    hotlines: setup.hotlines,
    dial: (task) => this.dialling.back(task.id, callerWords(task)),
    openTicket: ({ id, hotline }) => this.panes.openTicket(id, hotline),
  });
  private readonly callBackBar = new CallBackBar(this.callBacks, (task, number) => this.dialling.back(task, number));
  private readonly newTicket = new NewTicket(setup, (hotline, channel) => void this.blank(hotline, channel));
  private readonly dialling = new Dialling({
    state: () => this.me.me?.state,
    live: () => this.panes.live(),
    tab: (key) => this.panes.tabs.get(key),
    pane: (key) => this.panes.get(key),
    drop: (tab) => this.panes.drop(tab),
    show: (key) => this.panes.show(key),
    changed: () => this.changed(),
    draw: () => this.drawPhone(),
    dialled: (task) => this.callBackBar.dialled(task),
  });
  private readonly line: Line;

  constructor() {
    new Sounds(this.keep, this.ring, this.phone);
    this.line = new Line({
      snapshot: (data) => this.snapshot(data["console"] as Snapshot),
      event: (kind, data) => this.event(kind, data),
      line: (up) => this.lineIs(up),
    });
    this.panes.restore();
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
    this.panes.openTicket(line.id, this.panes.activeTab?.hotline ?? setup.hotlines[0]?.id ?? "");
  }

  canCall(): boolean {
    return this.dialling.can();
  }

  call(tab: Tab, number: string): Promise<void> {
    return this.dialling.to(tab, number);
  }

  secondMatter(tab: Tab): void {
    void this.blank(tab.hotline, "phone");
  }

  close(tab: Tab): void {
    if (this.panes.close(tab)) void this.drafts.count();
  }

  changed(): void {
    this.panes.changed();
  }

  // --- what the service says ---

  private snapshot(data: Snapshot): void {
    if (!data.me) return;
    this.takeMe(data.me);
    for (const transfer of data.transfers ?? []) this.takeTransfer(transfer);
    this.apply(this.panes.tabs.snapshot(data.calls ?? [], new Date(now()).toISOString()));
    this.me.takeQueues(data.queues ?? []);
    this.recording.takeAll(data.recordings ?? []);
  }

  private event(kind: string, data: Record<string, unknown>): void {
    switch (kind) {
      case "call":
        this.apply(this.panes.tabs.take(data as unknown as Card));
        break;
      case "me":
        this.takeMe(data as unknown as Me);
        break;
      case "transfer":
        this.takeTransfer(data as unknown as Transfer);
        break;
      case "ticket":
        for (const pane of this.panes.all()) pane.ticketChanged(String(data["ticket"]));
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
    if (!changes.length) return;
    this.panes.apply(changes);
    this.drawPhone(); // every pane, once
    this.changed();
    this.alarm.tell(this.panes.tabs.tabs, this.me.device);
  }

  private takeMe(me: Me): void {
    this.me.take(me);
    if (me.state !== "signed_off" && me.device === "web") this.phone.start();
    else this.phone.stop();
    this.alarm.tell(this.panes.tabs.tabs, this.me.device);
    this.drawPhone();
  }

  private takeTransfer(transfer: Transfer): void {
    const known = this.transfers(transfer.call);
    const at = known.findIndex(({ id }) => id === transfer.id);
    if (at < 0) known.push(transfer);
    else known[at] = transfer;
    this.handed.set(transfer.call, known);
    const tab = this.panes.tabs.get(transfer.call);
    if (tab) tab.handed = transfer.state === "completed";
    this.panes.get(transfer.call)?.update();
    this.changed();
  }

  private lineIs(up: boolean): void {
    const state = one("#line-state");
    state.className = `line-state ${up ? "up" : "down"}`;
    say(state, up ? t("Đã kết nối") : t("Mất kết nối, đang nối lại…"));
  }

  // --- telephone ---

  /** Hang up: in the page the phone does it, at the desk phone the exchange. */
  private async hangUp(): Promise<void> {
    if (this.me.device === "web") {
      this.phone.hangUp();
      return;
    }
    const live = this.panes.live();
    if (!live?.call || phaseOf(live) === "ringing") return;
    const answer = await ask<null>("POST", `/console/calls/${live.call.id}/hang-up`, {});
    if (!answer.ok) toast(answer.refusal.message || t("Máy chủ không trả lời; hãy gác máy trên máy để bàn."), "bad");
  }

  private drawPhone(): void {
    drawPads(this.phone);
    const live = this.panes.live();
    this.pickup.follow(live);
    one<HTMLButtonElement>("#desk-hang-up").disabled = !live || phaseOf(live) === "ringing";
    this.recording.draw();
    if (this.phone.talking) this.ring.stop();
    for (const pane of this.panes.all()) pane.update();
    this.strip.drawBanner();
  }

  // --- deeds ---

  private carryOut(deed: Deed): void {
    const pane = this.panes.activePane;
    const tab = this.panes.activeTab;
    switch (deed) {
      case "answer": {
        const live = this.panes.live();
        if (this.me.device === "web") this.pickup.ask(live);
        if (live && (live.key !== this.panes.active || !pane?.element.contains(document.activeElement))) this.panes.show(live.key);
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
        return this.panes.step(1);
      case "previous":
        return this.panes.step(-1);
      case "help":
        return showHelp();
      case "try-ring":
        return this.ring.once();
    }
  }

  private async blank(hotline: string, channel: string): Promise<void> {
    const answer = await ask<Ticket>("POST", "/console/tickets", { hotline, channel });
    if (!answer.ok) {
      toast(answer.refusal.message || t("Máy chủ không trả lời; chưa mở được phiếu mới."), "bad");
      return;
    }
    this.panes.openTicket(answer.data.id, answer.data.hotline);
  }

  private tick(): void {
    this.me.tick();
    this.callBackBar.tick();
    this.panes.activePane?.tick();
  }
}

new Console();
