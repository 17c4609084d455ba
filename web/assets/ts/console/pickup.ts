// Taking a call. Its form may be here a moment before the telephone rings: who asks for the call
// then gets it as soon as it does, for as long as this same call rings.

import type { Phone } from "./phone";
import { phaseOf, type Tab } from "./tabs";

export class Pickup {
  /** The tab whose call was asked for before the telephone rang. */
  private asked = "";

  constructor(private readonly phone: Phone) {}

  /** Take the call that rings; `live` is the tab in front of the operator, if any. */
  ask(live: Tab | undefined): void {
    this.asked = "";
    if (this.phone.ringing) void this.phone.answer();
    else if (live && rings(live)) this.asked = live.key;
  }

  /** A call or the telephone changed: take what was asked for, or forget it. */
  follow(live: Tab | undefined): void {
    if (this.asked && this.asked === live?.key && rings(live)) {
      if (this.phone.ringing) this.ask(live);
    } else {
      this.asked = "";
    }
  }
}

function rings(tab: Tab): boolean {
  return ["ringing", "calling"].includes(phaseOf(tab));
}
