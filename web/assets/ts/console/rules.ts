// What a hotline's procedure says about the form; kept on this machine, so that it is there at once.

import { ask } from "../lib/http";
import type { Keep } from "../lib/keep";
import type { Rules } from "./types";

export class RuleBook {
  private readonly known = new Map<string, Rules>();
  private readonly asked = new Map<string, Promise<Rules | null>>();

  constructor(private readonly keep: Keep) {}

  /** What is known now, without asking. */
  now(hotline: string): Rules | null {
    const known = this.known.get(hotline) ?? this.keep.get<Rules>(`rules/${hotline}`);
    if (known) this.known.set(hotline, known);
    return known ?? null;
  }

  /** The newest, or what is known when the service does not answer. */
  load(hotline: string): Promise<Rules | null> {
    const running = this.asked.get(hotline);
    if (running) return running;
    const loading = ask<Rules>("GET", `/console/hotlines/${hotline}/rules`).then((answer) => {
      if (!answer.ok) {
        this.asked.delete(hotline);
        return this.now(hotline);
      }
      this.known.set(hotline, answer.data);
      this.keep.set(`rules/${hotline}`, answer.data);
      window.setTimeout(() => this.asked.delete(hotline), 300_000);
      return answer.data;
    });
    this.asked.set(hotline, loading);
    return loading;
  }
}
