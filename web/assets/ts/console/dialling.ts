// Calling a citizen: the operator's own phone rings first, then the citizen's.

import { ask, type Answer } from "../lib/http";
import { t } from "../lib/i18n";
import { toast } from "../lib/toast";
import type { CallBack } from "./callbacks";
import type { Pane } from "./pane";
import type { Tab } from "./tabs";

export interface DialHost {
  /** The operator's state; none before the service has told it. */
  state(): string | undefined;
  /** The tab of the call that is going on. */
  live(): Tab | undefined;
  tab(key: string): Tab | undefined;
  pane(key: string): Pane | undefined;
  /** Close a tab without a question: its ticket goes on in another one. */
  drop(tab: Tab): void;
  show(key: string): void;
  changed(): void;
  /** Whether a call can be made has changed. */
  draw(): void;
  /** A call-back's number was dialled for a task that is mine. */
  dialled(task: CallBack): void;
}

interface Dialled {
  call: string;
  ticket: string | null;
}

export class Dialling {
  /** My phone rings, or soon will, for a call that I asked for. */
  private waiting = false;

  constructor(private readonly host: DialHost) {}

  /** Whether a call can be made now: signed on, and in none. */
  can(): boolean {
    return ["ready", "paused", "wrap_up"].includes(this.host.state() ?? "") && !this.host.live() && !this.waiting;
  }

  /** Call a citizen back from a task; the outgoing call's tab goes on with the lost call's form. */
  async back(task: string, number: string): Promise<void> {
    const dialled = await this.dial(number, () => ask("POST", `/api/v1/callbacks/${task}/dial`, {}));
    if (dialled) {
      const claimed = await ask<CallBack>("GET", `/api/v1/callbacks/${task}`);
      if (claimed.ok && claimed.data.state === "claimed") this.host.dialled(claimed.data);
      this.goOn(dialled);
    }
    this.host.draw();
  }

  /** Call a citizen for a tab's line; when it has a ticket, the call's tab goes on with that. */
  async to(from: Tab, number: string): Promise<void> {
    const dialled = await this.dial(number, async () => {
      await this.host.pane(from.key)?.save();
      return ask("POST", "/console/calls", { hotline: from.hotline, number, ticket: from.ticket });
    });
    if (dialled?.ticket && dialled.call !== from.key && this.host.tab(dialled.call)) {
      await this.host.pane(from.key)?.save();
      if (!this.host.pane(from.key)?.sending) this.host.drop(from);
      this.goOn(dialled);
    }
    this.host.draw();
  }

  private async dial(number: string, asked: () => Promise<Answer<Dialled>>): Promise<Dialled | null> {
    if (!this.can()) {
      toast(t("Chưa gọi được: hãy vào ca, và gọi khi không có cuộc gọi nào."), "bad");
      return null;
    }
    this.waiting = true;
    this.host.draw();
    toast(t("Máy của bạn đang đổ chuông. Hãy nhấc máy để gọi {number}.", { number }));
    const answer = await asked();
    this.waiting = false;
    if (answer.ok) return answer.data;
    toast(answer.refusal.message || t("Máy chủ không trả lời; chưa gọi được."), "bad");
    return null;
  }

  /** The call is about a ticket: its tab goes on with it. */
  private goOn({ call, ticket }: Dialled): void {
    const tab = this.host.tab(call);
    if (!tab || !ticket) return;
    tab.ticket = ticket;
    tab.kept = true;
    this.host.pane(call)?.ticketChanged(ticket);
    this.host.show(call);
    this.host.changed();
  }
}
