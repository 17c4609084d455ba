// The files of a ticket: sent as soon as they are chosen, listed with their size.

import { fill, h } from "../lib/dom";
import { ask } from "../lib/http";
import { t } from "../lib/i18n";
import { toast } from "../lib/toast";
import type { Fields } from "./fields";
import type { Ticket } from "./types";

export class Files {
  constructor(
    private readonly fields: Fields,
    /** Save the form; the ticket's id, or null while the server has none. */
    private readonly ticket: () => Promise<string | null>,
  ) {
    fields.part<HTMLInputElement>("file-input").addEventListener("change", () => void this.attach());
  }

  show(files: Ticket["files"]): void {
    const size = (bytes: number): string => (bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`);
    fill(this.fields.part("file-list"), ...files.map((file) => h("li", {}, file.name, " ", h("span", { class: "soft num" }, size(file.bytes)))));
  }

  private async attach(): Promise<void> {
    const input = this.fields.part<HTMLInputElement>("file-input");
    const files = [...(input.files ?? [])];
    input.value = "";
    if (!files.length) return;
    const id = await this.ticket();
    if (!id) {
      toast(t("Chưa gửi được tệp: máy chủ chưa trả lời. Hãy thử lại sau."), "bad");
      return;
    }
    const body = new FormData();
    for (const file of files) body.append("file", file, file.name);
    const answer = await ask<{ files: Ticket["files"] }>("POST", `/console/tickets/${id}/files`, body);
    if (answer.ok) {
      this.show(answer.data.files);
    } else {
      toast(answer.refusal.message || t("Chưa gửi được tệp."), "bad");
    }
  }
}
