// What is known of the caller: shown beside the form, and his live tickets offered above it.

import { fill, h } from "../lib/dom";
import { ask, isAway } from "../lib/http";
import { t } from "../lib/i18n";
import { toast } from "../lib/toast";
import { drawAbout, ticketLine } from "./about";
import type { Fields } from "./fields";
import type { Tab } from "./tabs";
import type { About, Contact, Ticket, TicketLine } from "./types";

export interface KnownHost {
  tab: Tab;
  filed(): boolean;
  openTicket(line: TicketLine): void;
  /** Save what is typed. */
  saved(): Promise<void>;
  took(ticket: Ticket): void;
  /** Something new is shown. */
  drawn(): void;
  later(run: () => void): void;
}

export class Known {
  private about: About | null = null;
  private away = false;
  private asked = "";

  constructor(
    private readonly fields: Fields,
    private readonly host: KnownHost,
  ) {}

  get contacts(): Contact[] {
    return this.about?.contacts ?? [];
  }

  async lookUp(): Promise<void> {
    const call = this.host.tab.call;
    if (!call || this.asked === `${call.id}/${call.mine}`) return;
    this.asked = `${call.id}/${call.mine}`;
    const answer = await ask<About>("GET", `/console/calls/${call.id}/about`);
    this.away = !answer.ok;
    if (answer.ok) this.about = answer.data;
    else if (isAway(answer)) {
      this.host.later(() => {
        this.asked = "";
        void this.lookUp();
      });
    }
    this.draw();
    this.host.drawn();
  }

  /** Take the first of the caller's live tickets. */
  linkFirst(): void {
    const line = this.about?.open[0];
    if (line && this.host.tab.call && !this.host.filed()) void this.link(line);
  }

  private draw(): void {
    const after = this.host.tab.call?.chosen?.after ?? "";
    fill(this.fields.part("about"), drawAbout(this.about, this.away && !this.about, after, (line) => this.host.openTicket(line)));
    const open = this.about?.open ?? [];
    const offers = this.fields.part("offers");
    offers.hidden = open.length === 0 || this.host.filed() || !this.host.tab.call;
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
    const call = this.host.tab.call;
    if (!call) return;
    if (!call.mine) {
      toast(t("Hãy nghe máy trước."), "bad");
      return;
    }
    await this.host.saved();
    const answer = await ask<Ticket>("POST", `/console/calls/${call.id}/link`, { ticket: line.id });
    if (answer.ok) {
      this.host.tab.ticket = answer.data.id;
      this.host.took(answer.data);
      toast(t("Cuộc gọi đã được ghi vào phiếu {number}.", { number: line.number ?? "" }), "good");
    } else {
      toast(answer.refusal.message || t("Máy chủ không trả lời."), "bad");
    }
  }
}
