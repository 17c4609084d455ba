// A call rings: the sound, the window's title, a notice when the window is not in sight.

import { t } from "../lib/i18n";
import { numberWords } from "./caller";
import type { Ring } from "./ring";
import { phaseOf, type Tab } from "./tabs";

export class Alarm {
  constructor(private readonly ring: Ring) {}

  tell(tabs: Tab[], device: "web" | "desk"): void {
    const ringing = tabs.find((tab) => phaseOf(tab) === "ringing");
    if (ringing?.call && device === "web") this.ring.start();
    else this.ring.stop();
    document.title = ringing?.call ? `☎ ${numberWords(ringing.call)} · 1022` : t("Bàn trực · 1022");
    if (ringing?.call && document.visibilityState === "hidden" && "Notification" in window && Notification.permission === "granted") {
      new Notification(t("Cuộc gọi đến"), { body: numberWords(ringing.call), tag: ringing.key });
    }
  }
}
