// Which tabs are open: one a call, one a ticket opened by hand. Pure; the screen follows it.
//
// A call is keyed by its id and version: one that is known newer, or that was closed here, never
// comes again. A tab with a call in it goes only when its operator closes it, or when the phone
// stopped ringing before anybody answered here and nothing was typed.

import type { Card } from "./types";

export type Phase = "ringing" | "calling" | "talking" | "elsewhere" | "wrap_up" | "plain";

export interface Tab {
  key: string;
  call: Card | null;
  hotline: string;
  ticket: string | null;
  /** Something was typed, or the call was answered here: it stays until it is closed by hand. */
  kept: boolean;
  filed: boolean;
  /** A transfer was completed: the caller talks with somebody else. */
  handed?: boolean;
}

export interface Closed {
  [call: string]: number;
}

export type Change =
  | { what: "opened"; tab: Tab }
  | { what: "changed"; tab: Tab; before: Phase }
  | { what: "gone"; tab: Tab; why: "taken" | "hung_up" | "not_reached" };

const CLOSED_KEPT = 300;

export function phaseOf(tab: Tab): Phase {
  const call = tab.call;
  if (!call) return "plain";
  if (call.ended_at) return "wrap_up";
  if (call.ringing) return "ringing";
  if (tab.handed) return "elsewhere";
  if (isDialling(call)) return "calling";
  if (call.mine) return call.state === "answered" || call.state === "held" || call.state === "transferring" ? "talking" : "elsewhere";
  return tab.kept ? "elsewhere" : "ringing";
}

/** A call that I began and that nobody has answered yet. */
export function isDialling(call: Card): boolean {
  return call.direction === "outbound" && call.mine && !call.answered_at && !call.ended_at;
}

/** Whether a call has something of mine to keep: I talked, or it is about a ticket. */
function keeps(call: Card): boolean {
  return call.mine && (call.direction === "inbound" || call.answered_at !== null || call.ticket !== null);
}

export class Tabs {
  tabs: Tab[] = [];
  /** Calls whose tab went by itself because the phone stopped ringing. */
  private taken = new Set<string>();

  constructor(private closed: Closed = {}) {}

  get(key: string): Tab | undefined {
    return this.tabs.find((tab) => tab.key === key);
  }

  /** Put back what this machine kept, before the service has said anything. */
  restore(tabs: Tab[]): void {
    for (const tab of tabs) {
      if (!this.get(tab.key) && this.closed[tab.key] === undefined) this.tabs.push(tab);
    }
  }

  /** The calls that concern me, all of them: those I knew and that are not named have ended. */
  snapshot(calls: Card[], now: string): Change[] {
    const named = new Set(calls.map((call) => call.id));
    const changes: Change[] = [];
    for (const tab of [...this.tabs]) {
      if (tab.call && !tab.call.ended_at && !named.has(tab.call.id)) {
        changes.push(...this.take({ ...tab.call, ringing: false, ended_at: now, state: "ended", version: tab.call.version + 1 }));
      }
    }
    for (const call of calls) changes.push(...this.take(call, true));
    return changes;
  }

  /** A call that concerns me is now so. `again`: from a snapshot, where the same version may come. */
  take(call: Card, again = false): Change[] {
    const tab = this.get(call.id);
    if (!tab) return this.open(call);
    const known = tab.call?.version ?? 0;
    if (call.version < known || (call.version === known && !again)) return [];
    const before = phaseOf(tab);
    tab.call = call;
    tab.hotline = call.hotline;
    if (keeps(call)) tab.kept = true;
    if (!tab.ticket && call.ticket) tab.ticket = call.ticket;
    const over = call.ended_at !== null || (!call.ringing && !call.mine);
    if (over && !tab.kept) {
      this.forget(tab.key, call.version);
      if (!call.ended_at) this.taken.add(tab.key);
      return [{ what: "gone", tab, why: !call.ended_at ? "taken" : call.direction === "outbound" ? "not_reached" : "hung_up" }];
    }
    return [{ what: "changed", tab, before }];
  }

  openTicket(ticket: string, hotline: string): Tab {
    const known = this.tabs.find((tab) => tab.ticket === ticket);
    if (known) return known;
    const tab: Tab = { key: `ticket-${ticket}`, call: null, hotline, ticket, kept: true, filed: false };
    delete this.closed[tab.key];
    this.tabs.push(tab);
    return tab;
  }

  /** Close by hand; a call that is closed never pops again. */
  close(key: string): void {
    const tab = this.get(key);
    if (tab) this.forget(key, tab.call?.version ?? 0);
  }

  closedOnes(): Closed {
    return this.closed;
  }

  private open(call: Card): Change[] {
    const closed = this.closed[call.id];
    const concerns = call.ringing || (call.mine && !call.ended_at);
    if (!concerns || call.ended_at || (closed !== undefined && call.version <= closed)) return [];
    // a phone stops ringing a moment before its call is known to be mine; only a hand's closing is final
    if (closed !== undefined && !call.ringing && !this.taken.has(call.id)) return [];
    delete this.closed[call.id];
    this.taken.delete(call.id);
    const tab: Tab = { key: call.id, call, hotline: call.hotline, ticket: call.ticket, kept: keeps(call), filed: false };
    this.tabs.push(tab);
    return [{ what: "opened", tab }];
  }

  private forget(key: string, version: number): void {
    this.tabs = this.tabs.filter((tab) => tab.key !== key);
    this.closed[key] = version;
    const names = Object.keys(this.closed);
    for (const old of names.slice(0, Math.max(0, names.length - CLOSED_KEPT))) delete this.closed[old];
  }
}
