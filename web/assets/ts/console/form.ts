// The ticket form of one tab: what is typed is kept here first (this machine), then at the server.

import { ask, isAway } from "../lib/http";
import { t } from "../lib/i18n";
import type { Keep } from "../lib/keep";
import { clockTime, now } from "../lib/time";
import type { Form, Ticket } from "./types";

const PAUSE = 700;
const LONGEST_WAIT = 15_000;

export interface Kept {
  form: Form;
  /** What stood there before anybody typed: a field that still says it may be filled in for one. */
  base: Form;
  revision: number | null;
  /** The server has not got it all. */
  dirty: boolean;
  at: number;
}

export type SaveState =
  | { state: "empty" }
  | { state: "typing" }
  | { state: "saved"; at: number }
  | { state: "waiting"; at: number }
  | { state: "conflict" };

/** Keeps one form: typed -> this machine at once -> the server after a pause, again until it has it. */
export class Draft {
  private timer = 0;
  private wait = PAUSE;
  private dirty = false;
  private saving: Promise<void> | null = null;
  private over = false;
  private revision: number | null = null;
  private base: Form = {};
  state: SaveState = { state: "empty" };

  constructor(
    readonly key: string,
    private readonly keep: Keep,
    private readonly read: () => Form,
    private readonly show: (state: SaveState) => void,
    /** Make sure that the server has a ticket for this form; null while it has not. */
    private readonly ticket: () => Promise<string | null>,
  ) {}

  /** Return what this machine kept of the form, and go on from there. */
  kept(): Form | null {
    const kept = this.keep.get<Kept>(`form/${this.key}`);
    if (!kept) return null;
    this.base = kept.base;
    this.revision = kept.revision;
    this.dirty = kept.dirty;
    if (kept.dirty) this.tell({ state: "waiting", at: kept.at });
    else this.tell({ state: "saved", at: kept.at });
    if (kept.dirty) this.later(PAUSE);
    return kept.form;
  }

  /** Fields that were filled in by the service or by us, not by hand. */
  setBase(form: Form): void {
    this.base = { ...this.base, ...form };
  }

  /** Something was typed. */
  changed(): void {
    if (this.over) return;
    this.dirty = true;
    const there = this.keepHere();
    if (this.state.state === "waiting") this.tell({ state: "waiting", at: now() });
    else if (this.state.state !== "conflict" && there) this.tell({ state: "typing" });
    this.later(PAUSE);
  }

  /** Take over what the server has; return the form to show: typed here wins over filled in there. */
  merge(ticket: Ticket, here: Form): Form {
    if (this.revision !== null && ticket.revision < this.revision) return here; // read before our last save
    const merged: Form = { ...ticket.form };
    for (const [name, value] of Object.entries(here)) {
      const untouched = value === (this.base[name] ?? "");
      if (!untouched && value !== (merged[name] ?? "")) {
        merged[name] = value;
        this.dirty = true;
      }
    }
    this.base = { ...ticket.form };
    this.revision = ticket.revision;
    if (this.dirty) this.later(PAUSE);
    return merged;
  }

  /** Save now; resolves when the server has it, or could not be reached. */
  async now(): Promise<void> {
    window.clearTimeout(this.timer);
    this.keepHere();
    await this.save();
  }

  /** The form was filed or thrown away: nothing more is saved. */
  end(): void {
    this.over = true;
    window.clearTimeout(this.timer);
    this.keep.drop(`form/${this.key}`);
  }

  private keepHere(): boolean {
    const kept: Kept = { form: this.read(), base: this.base, revision: this.revision, dirty: this.dirty, at: now() };
    return this.keep.set(`form/${this.key}`, kept);
  }

  private later(wait: number): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.save(), wait);
  }

  private async save(): Promise<void> {
    if (this.saving) await this.saving;
    if (this.over || !this.dirty) return;
    this.saving = this.send().finally(() => {
      this.saving = null;
    });
    await this.saving;
  }

  private async send(): Promise<void> {
    const id = await this.ticket();
    if (id === null) {
      this.retry();
      return;
    }
    this.dirty = false;
    const form = this.read();
    const answer = await ask<{ revision: number }>("PUT", `/console/tickets/${id}/draft`, {
      form,
      revision: this.revision,
    });
    if (answer.ok) {
      this.wait = PAUSE;
      this.revision = answer.data.revision;
      this.base = form;
      this.keepHere();
      this.tell(this.dirty ? { state: "typing" } : { state: "saved", at: now() });
      if (this.dirty) this.later(PAUSE);
    } else if (answer.status === 409 && answer.refusal.code === "ticket_changed_meanwhile") {
      this.dirty = true;
      this.tell({ state: "conflict" });
    } else if (answer.status === 409) {
      this.end(); // it is filed already
    } else if (isAway(answer) || answer.status === 401 || answer.status === 403) {
      this.dirty = true;
      this.retry();
    }
  }

  /** Overwrite what somebody saved elsewhere with what stands here. */
  async insist(): Promise<void> {
    this.revision = null;
    this.dirty = true;
    await this.save();
  }

  private retry(): void {
    this.tell({ state: "waiting", at: now() });
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
    this.later(this.wait);
  }

  private tell(state: SaveState): void {
    this.state = state;
    this.show(state);
  }
}

export function wordsFor(state: SaveState): string {
  switch (state.state) {
    case "empty":
      return t("Chưa nhập gì");
    case "typing":
      return t("Đang lưu…");
    case "saved":
      return t("Đã lưu {time}", { time: clockTime(state.at) });
    case "waiting":
      return t("Đã giữ trên máy này {time}; chờ máy chủ: số phiếu, thời hạn, SMS sẽ có sau", { time: clockTime(state.at) });
    case "conflict":
      return t("Phiếu này vừa được sửa ở cửa sổ khác");
  }
}
