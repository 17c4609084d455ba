// Filing a ticket with what becomes of it; without the server it waits here and goes by itself.

import { fill, h } from "../lib/dom";
import { ask, isAway, type Answer } from "../lib/http";
import { t } from "../lib/i18n";
import type { Keep } from "../lib/keep";
import { toast } from "../lib/toast";
import type { Fields } from "./fields";
import type { Ticket } from "./types";

export type Outcome = "answer" | "refer" | "refuse";

export interface FilingHost {
  key: string;
  filed(): boolean;
  /** The server's ticket for this form; null while it has none. */
  ticket(): Promise<string | null>;
  took(ticket: Ticket): void;
  later(run: () => void): void;
}

const EVENTS: Record<Outcome, string> = { answer: "answered_directly", refer: "referred", refuse: "rejected" };

export class Filing {
  private pending: Outcome | null = null;

  constructor(
    private readonly fields: Fields,
    private readonly keep: Keep,
    private readonly host: FilingHost,
  ) {}

  get running(): boolean {
    return this.pending !== null;
  }

  /** What was on its way when the page was closed. */
  kept(): Outcome | null {
    return this.keep.get<Outcome>(`pending/${this.host.key}`);
  }

  async start(outcome: Outcome): Promise<void> {
    this.pending = outcome;
    this.keep.set(`pending/${this.host.key}`, outcome);
    await this.deliver();
  }

  /** It is filed, or refused: nothing is on its way any more. */
  forget(): void {
    this.pending = null;
    this.keep.drop(`pending/${this.host.key}`);
  }

  private async deliver(): Promise<void> {
    const outcome = this.pending;
    if (!outcome || this.host.filed()) return;
    const id = await this.host.ticket();
    const answer: Answer<Ticket> | null = id
      ? await ask<Ticket>("POST", `/console/tickets/${id}/file`, { form: this.fields.read(), event: EVENTS[outcome] })
      : null;
    if (answer?.ok) {
      this.host.took(answer.data);
      this.fields.root.querySelector<HTMLElement>("[data-part=result]")?.focus();
      return;
    }
    if (!answer || isAway(answer) || answer.status === 401) {
      this.waitForServer(outcome);
      return;
    }
    this.forget();
    this.fields.part<HTMLButtonElement>("send-button").disabled = false;
    this.fields.part("result").hidden = true;
    this.fields.fault(answer.refusal.fields);
    toast(answer.refusal.message, "bad");
  }

  private waitForServer(outcome: Outcome): void {
    const words = {
      answer: t("Máy chủ chưa trả lời. Kết quả sẽ được ghi ngay khi có lại; số phiếu sẽ có sau."),
      refer: t("Máy chủ chưa trả lời. Phiếu sẽ được chuyển ngay khi có lại: số phiếu, thời hạn, SMS sẽ có sau."),
      refuse: t("Máy chủ chưa trả lời. Việc từ chối sẽ được ghi ngay khi có lại."),
    }[outcome];
    const result = this.fields.part("result");
    result.className = "note warn";
    result.hidden = false;
    fill(result, h("p", {}, words));
    this.fields.part<HTMLButtonElement>("send-button").disabled = true;
    this.host.later(() => void this.deliver());
  }
}
