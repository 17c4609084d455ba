// Microphone, loudspeaker, ringer: chosen once, kept on this machine.

import { fill, h, one } from "../lib/dom";
import { t } from "../lib/i18n";
import type { Keep } from "../lib/keep";
import { toast } from "../lib/toast";
import type { Phone } from "./phone";
import type { Ring } from "./ring";

interface Chosen {
  mic: string;
  speaker: string;
  ringer: string;
  volume: number;
}

export class Sounds {
  private chosen: Chosen;

  constructor(
    private readonly keep: Keep,
    private readonly ring: Ring,
    private readonly phone: Phone,
  ) {
    this.chosen = keep.get<Chosen>("sounds") ?? { mic: "", speaker: "", ringer: "", volume: 60 };
    one<HTMLDetailsElement>("#sound-settings").addEventListener("toggle", () => void this.list());
    // a headset was plugged in, or fell out
    navigator.mediaDevices?.addEventListener("devicechange", () => void this.list());
    for (const name of ["mic", "speaker", "ringer"] as const) {
      one<HTMLSelectElement>(`#${name}`).addEventListener("change", (event) => {
        this.chosen[name] = (event.target as HTMLSelectElement).value;
        this.apply();
      });
    }
    const volume = one<HTMLInputElement>("#ring-volume");
    volume.value = String(this.chosen.volume);
    volume.addEventListener("input", () => {
      this.chosen.volume = Number(volume.value);
      this.apply();
    });
    this.apply();
  }

  private apply(): void {
    this.keep.set("sounds", this.chosen);
    void this.phone.speakInto(this.chosen.mic).catch(() => toast(t("Không dùng được micrô đã chọn."), "bad"));
    this.ring.sink = this.chosen.ringer;
    this.ring.volume = this.chosen.volume / 100;
    const audio = one<HTMLAudioElement>("#remote-audio") as HTMLAudioElement & { setSinkId?: (id: string) => Promise<void> };
    void audio.setSinkId?.(this.chosen.speaker).catch(() => undefined);
  }

  /** The names of devices are told only to a page that may use the microphone. */
  private async list(): Promise<void> {
    if (!one<HTMLDetailsElement>("#sound-settings").open) return;
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      for (const track of stream.getTracks()) track.stop();
    } catch {
      toast(t("Trình duyệt chưa cho phép dùng micrô."), "bad");
      return;
    }
    const devices = await navigator.mediaDevices.enumerateDevices();
    const room = (name: "mic" | "speaker" | "ringer", kind: MediaDeviceKind): void => {
      const select = one<HTMLSelectElement>(`#${name}`);
      const found = devices.filter((device) => device.kind === kind && device.deviceId !== "default");
      fill(select, h("option", { value: "" }, t("Mặc định của máy")), ...found.map((device) => h("option", { value: device.deviceId }, device.label)));
      select.value = found.some(({ deviceId }) => deviceId === this.chosen[name]) ? this.chosen[name] : "";
    };
    room("mic", "audioinput");
    room("speaker", "audiooutput");
    room("ringer", "audiooutput");
  }
}
