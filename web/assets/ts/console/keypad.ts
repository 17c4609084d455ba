// The keypad: clicked, or typed on while it has the focus; what went out is shown.

import { one, say } from "../lib/dom";
import type { Phone } from "./phone";

export class Keypad {
  private call: object | null = null;
  private pressed = "";

  constructor(private readonly phone: Phone) {
    const keys = one("#keypad");
    keys.addEventListener("click", (event) => this.press((event.target as HTMLElement).dataset["digit"] ?? ""));
    keys.addEventListener("keydown", (event) => {
      if (!/^[0-9*#]$/.test(event.key) || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      this.press(event.key);
    });
  }

  private press(digit: string): void {
    if (!digit || !this.phone.digit(digit)) return;
    this.pressed = this.call === this.phone.call ? `${this.pressed}${digit}`.slice(-24) : digit;
    this.call = this.phone.call;
    say(one("#keyed"), this.pressed);
  }
}

/** Open it, ready for typing. */
export function showKeypad(): void {
  one<HTMLDetailsElement>("#keypad-room").open = true;
  one<HTMLButtonElement>("#keypad [data-digit]").focus();
}
