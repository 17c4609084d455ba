// Which tabs are open, which one is in front, and what they leave behind when they close.

import { one } from "../lib/dom";
import { t } from "../lib/i18n";
import type { Keep } from "../lib/keep";
import { toast } from "../lib/toast";
import type { Pane } from "./pane";
import { phaseOf, Tabs, type Change, type Closed, type Phase, type Tab } from "./tabs";

export interface PanesHost {
  keep: Keep;
  make(tab: Tab): Pane;
  /** Tabs or their names changed, or another one is in front. */
  draw(): void;
}

export class Panes {
  readonly tabs: Tabs;
  private readonly panes = new Map<string, Pane>();
  private front: string | null = null;

  constructor(private readonly host: PanesHost) {
    this.tabs = new Tabs(host.keep.get<Closed>("closed") ?? {});
  }

  get active(): string | null {
    return this.front;
  }

  get activeTab(): Tab | undefined {
    return this.front ? this.tabs.get(this.front) : undefined;
  }

  get activePane(): Pane | undefined {
    return this.front ? this.panes.get(this.front) : undefined;
  }

  all(): Iterable<Pane> {
    return this.panes.values();
  }

  get(key: string): Pane | undefined {
    return this.panes.get(key);
  }

  /** The tab whose call rings, is talked in, or is being made; ringing first. */
  live(): Tab | undefined {
    const first = (phase: Phase): Tab | undefined => this.tabs.tabs.find((tab) => phaseOf(tab) === phase);
    return first("ringing") ?? first("talking") ?? first("calling");
  }

  /** Open what this machine kept. */
  restore(): void {
    this.tabs.restore(this.host.keep.get<Tab[]>("tabs") ?? []);
    for (const tab of this.tabs.tabs) this.add(tab);
    const wanted = this.host.keep.get<string>("active");
    const first = this.tabs.get(wanted ?? "") ?? this.tabs.tabs.at(-1);
    if (first) this.show(first.key, false);
    this.host.draw();
  }

  openTicket(ticket: string, hotline: string): void {
    const tab = this.tabs.openTicket(ticket, hotline);
    this.add(tab);
    this.show(tab.key);
    this.changed();
  }

  show(key: string, focus = true): void {
    this.bring(key);
    this.host.draw();
    const pane = this.panes.get(key);
    pane?.update();
    if (focus) pane?.focusForm();
  }

  step(by: number): void {
    const all = this.tabs.tabs;
    const at = all.findIndex((tab) => tab.key === this.front);
    const next = all[(at + by + all.length) % all.length];
    if (next) this.show(next.key);
  }

  /** Tabs or their names changed: draw the strip, keep it on this machine. */
  changed(): void {
    this.host.keep.set("tabs", this.tabs.tabs);
    this.host.keep.set("closed", this.tabs.closedOnes());
    this.host.draw();
  }

  /** Close a tab by hand, after a question when something would be left unsent; whether it closed. */
  close(tab: Tab): boolean {
    const pane = this.panes.get(tab.key);
    if (pane?.sending) {
      toast(t("Phiếu đang chờ gửi; chưa đóng được."), "bad");
      return false;
    }
    if (["talking", "ringing", "calling"].includes(phaseOf(tab))) {
      toast(t("Cuộc gọi còn đang diễn ra; chưa đóng được."), "bad");
      return false;
    }
    if (pane && !pane.filed && !pane.empty && !window.confirm(t("Phiếu chưa gửi. Đóng lại và giữ ở mục Đang soạn?"))) return false;
    if (pane && !pane.filed) {
      if (pane.empty) pane.discard();
      else void pane.save();
    }
    const at = this.tabs.tabs.indexOf(tab);
    this.drop(tab);
    const next = this.tabs.tabs[Math.min(at, this.tabs.tabs.length - 1)];
    this.front = null;
    if (next) this.show(next.key);
    this.changed();
    return true;
  }

  /** Close a tab without a question: its ticket goes on in another one. */
  drop(tab: Tab): void {
    this.tabs.close(tab.key);
    this.forget(tab.key);
  }

  /** Do what the service's news of calls mean for the tabs; whoever calls this draws the panes. */
  apply(changes: Change[]): void {
    for (const change of changes) {
      const { key } = change.tab;
      if (change.what === "opened") {
        this.add(change.tab);
        if (this.mayTakeOver() || phaseOf(change.tab) === "calling") this.bring(key);
      } else if (change.what === "changed") {
        const answered = change.before === "ringing" && phaseOf(change.tab) === "talking";
        if (answered && this.front === key) this.panes.get(key)?.focusForm();
      } else {
        this.gone(key);
        if (change.why === "taken") toast(t("Người khác đã nghe cuộc gọi."));
        else if (change.why === "hung_up") toast(t("Người gọi đã gác máy."));
      }
    }
  }

  private gone(key: string): void {
    this.forget(key);
    if (this.front !== key) return;
    this.front = null;
    const next = this.tabs.tabs.at(-1);
    if (next) this.bring(next.key);
  }

  /** A new call may come to the front only where nobody's hands are in a form. */
  private mayTakeOver(): boolean {
    return this.activePane?.filed ?? true;
  }

  /** Put a pane in front; whoever calls this draws panes and tabs afterwards. */
  private bring(key: string): void {
    this.front = key;
    this.host.keep.set("active", key);
    for (const [name, pane] of this.panes) pane.element.hidden = name !== key;
    one("#empty").hidden = this.panes.size > 0;
  }

  private add(tab: Tab): void {
    if (this.panes.has(tab.key)) return;
    const pane = this.host.make(tab);
    pane.element.hidden = true;
    this.panes.set(tab.key, pane);
    one("#panes").append(pane.element);
  }

  private forget(key: string): void {
    this.panes.get(key)?.end();
    this.panes.delete(key);
  }
}
