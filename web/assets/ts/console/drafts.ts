// Tickets that were begun and closed: how many, and which.

import { fill, h, one, say } from "../lib/dom";
import { ask } from "../lib/http";
import { t } from "../lib/i18n";
import type { Ticket } from "./types";

export class Drafts {
  constructor(
    /** Whether a ticket is open in a tab. */
    private readonly isOpen: (ticket: string) => boolean,
    private readonly open: (ticket: Ticket) => void,
  ) {}

  async count(): Promise<void> {
    const answer = await ask<{ items: Ticket[] }>("GET", "/console/tickets");
    if (!answer.ok) return;
    const closed = answer.data.items.filter((ticket) => !this.isOpen(ticket.id));
    one("#draft-count").hidden = closed.length === 0;
    say(one("#draft-count"), String(closed.length));
  }

  async show(): Promise<void> {
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
              this.open(ticket);
            },
          },
          h("b", {}, ticket.form["sender_name"] || ticket.form["sender_phone"] || t("Chưa có tên")),
          h("span", { class: "soft" }, ticket.form["content"]?.slice(0, 90) || t("(chưa có nội dung)")),
        ),
      ),
    );
    dialog.showModal();
  }
}
