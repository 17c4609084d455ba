// Whether what is said is being kept: paused and resumed, or ended for good (state secrets).

import { one, say } from "../lib/dom";
import { ask } from "../lib/http";
import { t } from "../lib/i18n";
import { toast } from "../lib/toast";
import { phaseOf, type Tab } from "./tabs";
import type { Kept } from "./types";

export interface SecretRefusal {
  readonly refusesSecrets: boolean;
  refuseSecret(): void;
}

export class Recording {
  private readonly kept = new Map<string, Kept>();
  /** An order is under way: a second press would undo it. */
  private asking = false;

  constructor(
    private readonly live: () => Tab | undefined,
    private readonly form: (tab: Tab) => SecretRefusal | undefined,
  ) {
    one("#recording-refuse").addEventListener("click", () => this.offer()?.refuseSecret());
    one("#recording-stop").addEventListener("click", () => this.confirmStop());
    const dialog = one<HTMLDialogElement>("#stop-dialog");
    dialog.addEventListener("close", () => {
      if (dialog.returnValue === "stop") void this.order("stop");
      dialog.returnValue = "";
    });
  }

  /** All that is paused or stopped among my calls. */
  takeAll(all: Kept[]): void {
    this.kept.clear();
    for (const one of all) this.kept.set(one.call, one);
    this.draw();
  }

  take(kept: Kept): void {
    if (kept.keeping === "on") this.kept.delete(kept.call);
    else this.kept.set(kept.call, kept);
    this.draw();
  }

  async toggle(): Promise<void> {
    const call = this.call();
    if (!call) toast(t("Không có cuộc gọi đang nói."));
    else if (this.state() === "stopped") toast(t("Đã dừng ghi âm hẳn; cuộc gọi này không ghi âm lại nữa."), "bad");
    else await this.order(this.state() === "paused" ? "resume" : "pause");
  }

  draw(): void {
    const call = this.call();
    const state = this.state();
    const card = one("#recording");
    card.hidden = !call;
    if (!call) return;
    card.className = `recording ${state}`;
    say(one("#recording-state"), stateWords(state));
    const toggle = one<HTMLButtonElement>("#recording-toggle");
    toggle.disabled = state === "stopped" || this.asking;
    toggle.setAttribute("aria-pressed", String(state === "paused"));
    say(one("#recording-toggle-words"), state === "paused" ? t("Ghi âm tiếp") : t("Tạm dừng ghi âm"));
    one<HTMLButtonElement>("#recording-stop").disabled = state === "stopped" || this.asking;
    one("#recording-refuse").hidden = state !== "stopped" || !this.offer();
  }

  /** The call's form, where its regulation refuses what is a state secret (TN-6.5.b, HN-1.3). */
  private offer(): SecretRefusal | undefined {
    const tab = this.live();
    const form = tab && this.form(tab);
    return form?.refusesSecrets ? form : undefined;
  }

  private call(): string | null {
    const tab = this.live();
    return tab?.call && phaseOf(tab) === "talking" ? tab.call.id : null;
  }

  private state(): Kept["keeping"] {
    return this.kept.get(this.call() ?? "")?.keeping ?? "on";
  }

  private confirmStop(): void {
    if (this.call()) one<HTMLDialogElement>("#stop-dialog").showModal();
  }

  private async order(deed: "pause" | "resume" | "stop"): Promise<void> {
    const call = this.call();
    if (!call || this.asking) return;
    this.asking = true;
    const answer = await ask<Kept>("POST", `/console/calls/${call}/recording/${deed}`, {});
    this.asking = false;
    if (answer.ok) this.take(answer.data);
    else {
      toast(answer.refusal.message || t("Máy chủ không trả lời; việc ghi âm chưa đổi."), "bad");
      this.draw();
    }
  }
}

function stateWords(state: Kept["keeping"]): string {
  switch (state) {
    case "on":
      return t("Đang ghi âm");
    case "paused":
      return t("Đang tạm dừng ghi âm");
    case "stopped":
      return t("Đã dừng ghi âm hẳn");
  }
}
