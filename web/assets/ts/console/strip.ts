// The strip of tabs, and the banner for a call that is behind another form.

import { fill, h, one } from "../lib/dom";
import { t } from "../lib/i18n";
import { numberWords } from "./caller";
import type { Pane } from "./pane";
import { phaseOf, type Tab } from "./tabs";
import type { Setup } from "./types";

export interface StripHost {
  setup: Setup;
  tabs(): Tab[];
  pane(key: string): Pane | undefined;
  active(): string | null;
  show(key: string): void;
  /** The tab whose call rings, is talked in, or is being made. */
  live(): Tab | undefined;
  canAnswer(call: string): boolean;
}

export class Strip {
  constructor(private readonly host: StripHost) {}

  draw(): void {
    one("#empty").hidden = this.host.tabs().length > 0;
    const strip = one("#tabs");
    const focused = strip.contains(document.activeElement);
    fill(
      strip,
      ...this.host.tabs().map((tab) => {
        const pane = this.host.pane(tab.key);
        const phase = pane?.filed && !["talking", "ringing", "calling"].includes(phaseOf(tab)) ? "filed" : phaseOf(tab);
        const on = tab.key === this.host.active();
        return h(
          "button",
          {
            type: "button",
            role: "tab",
            id: `tab-${pane?.id ?? tab.key}`,
            class: `tab ${phase}`,
            "aria-selected": String(on),
            "aria-controls": pane?.element.id ?? "",
            tabindex: on ? 0 : -1,
            onclick: () => this.host.show(tab.key),
          },
          h("span", { class: "tab-phase" }, this.phaseWords(phase)),
          h("span", { class: "tab-name num" }, tab.call ? numberWords(tab.call) : pane?.words || t("Phiếu mới")),
          tab.call && pane?.words ? h("span", { class: "tab-more" }, pane.words) : null,
        );
      }),
    );
    if (focused) strip.querySelector<HTMLElement>("[aria-selected=true]")?.focus();
    this.drawBanner();
  }

  /** A call that rings or is talked in while another form is in front: say so, one key leads there. */
  drawBanner(): void {
    const banner = one("#call-banner");
    const live = this.host.live();
    banner.hidden = !live || live.key === this.host.active();
    if (!live?.call || banner.hidden) return;
    const phase = phaseOf(live);
    const ringing = phase === "ringing";
    const name = this.host.setup.hotlines.find(({ id }) => id === live.hotline)?.name ?? live.hotline;
    banner.className = `call-banner ${ringing ? "ringing" : "talking"}`;
    fill(
      banner,
      h("b", {}, ringing ? t("Cuộc gọi đến") : phase === "calling" ? t("Đang gọi") : t("Đang nói với")),
      h("span", { class: "num" }, numberWords(live.call)),
      h("span", {}, name),
      h("button", { type: "button", class: ringing ? "good" : "", "data-deed": "answer" }, ringing && this.host.canAnswer(live.call.id) ? t("Nghe máy") : t("Mở phiếu"), h("kbd", {}, "F2")),
    );
  }

  private phaseWords(phase: string): string {
    switch (phase) {
      case "ringing":
        return t("Đổ chuông");
      case "calling":
        return t("Đang gọi");
      case "talking":
        return t("Đang nói");
      case "wrap_up":
        return t("Chưa gửi");
      case "elsewhere":
        return t("Đã chuyển");
      case "filed":
        return t("Đã gửi");
      default:
        return t("Phiếu");
    }
  }
}
