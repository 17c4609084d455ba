// The server's ticket of one tab: opened for a call, read, read again when somebody did something.

import { ask } from "../lib/http";
import { toast } from "../lib/toast";
import type { Tab } from "./tabs";
import type { Ticket } from "./types";

export interface ServedHost {
  /** The ticket as the server has it now. */
  took(ticket: Ticket): void;
  /** The tab has a ticket now. */
  changed(): void;
  later(run: () => void): void;
}

const SOON = 300;
const NOT_AGAIN_WITHIN = 2000;

export class Served {
  ticket: Ticket | null = null;
  private asking: Promise<string | null> | null = null;
  private rereading = 0;

  constructor(
    private readonly tab: Tab,
    private readonly host: ServedHost,
  ) {}

  /** Make sure that there is one for my call; null while the server has not made it. */
  id(): Promise<string | null> {
    if (this.tab.ticket) return Promise.resolve(this.tab.ticket);
    const call = this.tab.call;
    if (!call || !call.mine) return Promise.resolve(null);
    this.asking ??= ask<Ticket>("POST", `/console/calls/${call.id}/ticket`, {})
      .then((answer) => {
        if (!answer.ok) return null;
        this.tab.ticket = answer.data.id;
        this.take(answer.data);
        this.host.changed();
        return answer.data.id;
      })
      .finally(() => {
        window.setTimeout(() => {
          this.asking = null;
        }, NOT_AGAIN_WITHIN);
      });
    return this.asking;
  }

  async load(id: string): Promise<void> {
    if (this.asking) return;
    this.asking = ask<Ticket>("GET", `/console/tickets/${id}`).then((answer) => {
      if (answer.ok) this.take(answer.data);
      else if (answer.status === 404) toast(answer.refusal.message, "bad");
      return answer.ok ? id : null;
    });
    const found = await this.asking;
    this.asking = null;
    if (!found) this.host.later(() => this.tab.ticket && !this.ticket && void this.load(this.tab.ticket));
  }

  take(ticket: Ticket): void {
    if (this.tab.ticket && ticket.id !== this.tab.ticket) return;
    this.ticket = ticket;
    this.host.took(ticket);
  }

  /** Read, or open, the ticket that the tab should have. */
  follow(): void {
    if (this.tab.ticket && this.ticket?.id !== this.tab.ticket) void this.load(this.tab.ticket);
    else if (this.tab.call && this.tab.kept && !this.tab.ticket && !this.asking) void this.id();
  }

  /** Somebody did something about a ticket: read it again when it is this one. */
  changed(id: string): void {
    if (this.ticket?.id !== id || this.asking) return;
    window.clearTimeout(this.rereading);
    this.rereading = window.setTimeout(() => void this.load(id), SOON);
  }

  end(): void {
    window.clearTimeout(this.rereading);
  }
}
