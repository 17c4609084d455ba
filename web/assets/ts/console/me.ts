// The left side: what I am, which lines I serve, what waits.

import { all, fill, h, one, say } from "../lib/dom";
import { ask } from "../lib/http";
import { t } from "../lib/i18n";
import { now, since, span } from "../lib/time";
import { toast } from "../lib/toast";
import type { Me, Queue, Setup } from "./types";

export class MePanel {
  me: Me | null = null;

  constructor(private readonly setup: Setup) {
    fill(
      one("#me-hotlines"),
      ...setup.hotlines.map((hotline) =>
        h("label", { class: "check" }, h("input", { type: "checkbox", value: hotline.id, onchange: () => void this.saveHotlines() }), ` ${hotline.name}`),
      ),
    );
    const seen = new Set<string>();
    const pauses = setup.hotlines.flatMap((hotline) => hotline.pauses).filter(({ code }) => !seen.has(code) && seen.add(code));
    fill(
      one("#pause-menu"),
      ...pauses.map((pause, at) =>
        h("button", { type: "button", role: "menuitem", class: "quiet", onclick: () => void this.pause(pause.code) }, h("kbd", {}, String(at + 1)), pause.name),
      ),
    );
    this.menuKeys();
    for (const radio of all<HTMLInputElement>("input[name=device]")) {
      radio.addEventListener("change", () => void this.send("device", { device: radio.value }));
    }
  }

  get device(): "web" | "desk" {
    return this.me?.device ?? "web";
  }

  take(me: Me): void {
    this.me = me;
    const off = me.state === "signed_off";
    say(one("#me-state"), this.words(me));
    one("#me-dot").className = `dot ${me.state}`;
    one("#me-off").hidden = off;
    one("#me-pause").hidden = off;
    one<HTMLButtonElement>("#me-ready").hidden = me.state === "ready" || me.state === "ringing" || me.state === "talking";
    for (const box of all<HTMLInputElement>("#me-hotlines input")) box.checked = me.hotlines.includes(box.value);
    for (const radio of all<HTMLInputElement>("input[name=device]")) radio.checked = radio.value === me.device;
    say(one("#phone-extension"), me.extension ?? "");
    one("#phone-web").hidden = me.device !== "web";
    one("#phone-desk").hidden = me.device !== "desk";
    one("#phone-state").hidden = me.device !== "web"; // it tells of the browser's
    const note = one("#me-note");
    const words = this.note(me);
    note.hidden = !words;
    say(note, words);
    this.tick();
  }

  takeQueues(queues: Queue[]): void {
    fill(
      one("#queues"),
      ...queues.map((queue) =>
        h(
          "tr",
          { class: queue.waiting ? "busy" : "" },
          h("td", {}, this.setup.hotlines.find(({ id }) => id === queue.hotline)?.name ?? queue.hotline),
          h("td", { class: "num" }, queue.waiting),
          h("td", { class: "num", "data-since": queue.longest_since ?? "" }, queue.longest_since ? since(queue.longest_since) : "–"),
          h("td", { class: "num" }, `${queue.ready}/${queue.talking}`),
        ),
      ),
    );
  }

  tick(): void {
    const me = this.me;
    if (me) {
      const left = me.until ? Date.parse(me.until) - now() : 0;
      say(one("#me-since"), me.state === "signed_off" ? "" : me.until ? t("còn {time}", { time: span(left) }) : since(me.since));
    }
    for (const cell of all("#queues [data-since]")) {
      if (cell.dataset["since"]) say(cell, since(cell.dataset["since"]));
    }
  }

  async ready(): Promise<void> {
    if (this.me?.state === "signed_off") await this.send("sign-on", {});
    else await this.send("ready", {});
    if ("Notification" in window && Notification.permission === "default") void Notification.requestPermission();
  }

  async signOff(): Promise<void> {
    if (window.confirm(t("Kết thúc ca trực? Bạn sẽ không nhận cuộc gọi nữa."))) await this.send("sign-off", {});
  }

  togglePause(): void {
    if (!this.me || this.me.state === "signed_off") return;
    const menu = one("#pause-menu");
    menu.hidden = !menu.hidden;
    one("#me-pause").setAttribute("aria-expanded", String(!menu.hidden));
    if (!menu.hidden) menu.querySelector("button")?.focus();
  }

  private closeMenu(): void {
    one("#pause-menu").hidden = true;
    one("#me-pause").setAttribute("aria-expanded", "false");
  }

  private menuKeys(): void {
    const menu = one("#pause-menu");
    menu.addEventListener("keydown", (event) => {
      const buttons = all<HTMLButtonElement>("button", menu);
      const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
      if (event.key === "Escape") {
        this.closeMenu();
        one("#me-pause").focus();
      } else if (event.key === "ArrowDown") {
        buttons[(at + 1) % buttons.length]?.focus();
      } else if (event.key === "ArrowUp") {
        buttons[(at - 1 + buttons.length) % buttons.length]?.focus();
      } else if (/^[1-9]$/.test(event.key)) {
        buttons[Number(event.key) - 1]?.click();
      } else {
        return;
      }
      event.preventDefault();
      event.stopPropagation();
    });
    document.addEventListener("click", (event) => {
      if (!(event.target as HTMLElement).closest("#pause-menu, #me-pause")) this.closeMenu();
    });
  }

  private async pause(reason: string): Promise<void> {
    this.closeMenu();
    await this.send("pause", { reason });
  }

  private async saveHotlines(): Promise<void> {
    const chosen = all<HTMLInputElement>("#me-hotlines input").filter((box) => box.checked).map((box) => box.value);
    await this.send("hotlines", { hotlines: chosen });
  }

  private async send(deed: string, body: unknown): Promise<void> {
    const answer = await ask<Me>("POST", `/console/me/${deed}`, body);
    if (answer.ok) this.take(answer.data);
    else {
      toast(answer.refusal.message || t("Máy chủ không trả lời; trạng thái chưa đổi."), "bad");
      if (this.me) this.take(this.me);
    }
  }

  private words(me: Me): string {
    switch (me.state) {
      case "signed_off":
        return t("Chưa vào ca");
      case "ready":
        return t("Sẵn sàng");
      case "ringing":
        return t("Đang đổ chuông");
      case "talking":
        return t("Đang nói chuyện");
      case "wrap_up":
        return t("Hoàn tất phiếu");
      case "paused":
        return this.pauseWords(me.reason);
    }
  }

  private pauseWords(reason: string): string {
    switch (reason) {
      case "missed":
        return t("Tạm dừng: bỏ lỡ cuộc gọi");
      case "phone_away":
        return t("Tạm dừng: điện thoại chưa kết nối");
      case "browser_away":
        return t("Tạm dừng: mất kết nối với trang");
      default: {
        const known = this.setup.hotlines.flatMap(({ pauses }) => pauses).find(({ code }) => code === reason);
        return known ? t("Tạm dừng: {reason}", { reason: known.name }) : t("Tạm dừng");
      }
    }
  }

  private note(me: Me): string {
    if (!me.extension) return t("Tài khoản chưa có máy lẻ; hãy báo quản trị viên.");
    if (me.state === "paused" && me.reason === "missed") return t("Chuông reo mà không ai nghe. Bấm Sẵn sàng khi trở lại.");
    if (me.state === "paused" && me.reason === "phone_away") return t("Kiểm tra điện thoại bên dưới; tự trở lại sẵn sàng khi có kết nối.");
    if (me.next_pause) return t("Sẽ tạm dừng sau cuộc gọi này.");
    if (me.state !== "signed_off" && !me.phone) return t("Điện thoại chưa kết nối với tổng đài.");
    return "";
  }
}
