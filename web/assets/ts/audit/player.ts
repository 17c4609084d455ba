// The player: the outline at once, the sound after the reason. Whatever is heard is counted.
import WaveSurfer from "wavesurfer.js";
import Regions from "wavesurfer.js/dist/plugins/regions.js";
import { ask } from "../lib/http";
import { t } from "../lib/i18n";
import { toast } from "../lib/toast";
import { Heard } from "./heard";
import { Sides } from "./sides";

interface Mark {
  kind: "hold" | "transfer" | "pause" | "unheard";
  start: number;
  end: number;
  label: string;
}
interface Outline {
  seconds: number;
  peaks: number[][];
  marks: Mark[];
}

const COLOURS = { hold: "#d9a44155", transfer: "#7b4fa340", pause: "#b3261e55", unheard: "#5c667033" };
const SIDES = [
  { waveColor: "#8bbccb", progressColor: "#2b7f99" },
  { waveColor: "#e3c28a", progressColor: "#b06f00" },
];
const HEIGHT = 64;

const two = (n: number): string => String(n).padStart(2, "0");
const whole = (seconds: number): string => {
  const minutes = Math.floor(seconds / 60);
  const head = minutes < 60 ? String(minutes) : `${Math.floor(minutes / 60)}:${two(minutes % 60)}`;
  return `${head}:${two(Math.floor(seconds % 60))}`;
};

export class Player {
  private sides: Sides | null = null;
  private wave: WaveSurfer | null = null;
  private seconds = 0;
  open = false;

  constructor(
    private readonly root: HTMLElement,
    private readonly audio: HTMLAudioElement,
  ) {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.begin(this.form.querySelector("input[name=reason]") as HTMLInputElement);
    });
    audio.addEventListener("timeupdate", () => this.clock());
    audio.addEventListener("error", () => {
      if (audio.src) toast(t("Không mở được bản ghi âm. Hãy tải lại trang."), "bad");
    });
  }

  /** Draw what is known without a sound. */
  async draw(): Promise<void> {
    const answer = await ask<Outline>("GET", `${this.path}/outline.json`);
    if (!answer.ok) {
      toast(answer.refusal.message, "bad");
      return;
    }
    const { seconds, peaks, marks } = answer.data;
    this.seconds = seconds;
    const regions = Regions.create();
    this.wave = WaveSurfer.create({
      container: this.part("wave"),
      height: HEIGHT,
      media: this.audio,
      peaks,
      duration: seconds,
      splitChannels: SIDES.slice(0, peaks.length),
      barWidth: 2,
      barGap: 1,
      plugins: [regions],
      cspNonce: this.root.dataset["nonce"] ?? "",
    });
    this.wave.on("ready", () => {
      regions.clearRegions();
      for (const mark of marks) {
        const { start, end, kind } = mark;
        regions.addRegion({ start, end, color: COLOURS[kind], drag: false, resize: false });
      }
    });
    this.list(marks);
    this.clock();
  }

  seek(seconds: number): void {
    if (!this.open) return;
    this.to(this.audio.currentTime + seconds);
  }

  toggle(): void {
    if (!this.open) {
      this.form.querySelector<HTMLInputElement>("input[name=reason]")?.focus();
    } else if (this.audio.paused) {
      this.ears();
      void this.audio.play();
    } else {
      this.audio.pause();
    }
  }

  balance(to: number): void {
    if (!this.open) return;
    this.ears().balance(to);
    const slider = this.root.querySelector<HTMLInputElement>("[data-balance]");
    if (slider) slider.value = String(to);
    for (const button of this.root.querySelectorAll<HTMLElement>("[data-side]")) {
      button.setAttribute("aria-pressed", String(Number(button.dataset["side"]) === to));
    }
  }

  /** One step faster (1) or slower (-1). */
  faster(steps: number): void {
    const choice = this.part("speed") as HTMLSelectElement;
    const next = choice.selectedIndex + steps;
    if (next >= 0 && next < choice.options.length) choice.selectedIndex = next;
    this.speed();
  }

  speed(): void {
    const rate = Number((this.part("speed") as HTMLSelectElement).value);
    this.audio.defaultPlaybackRate = this.audio.playbackRate = rate;
  }

  private async begin(input: HTMLInputElement): Promise<void> {
    const answer = await ask<{ play: string }>("POST", `${this.path}/plays`, {
      reason: input.value,
    });
    if (!answer.ok) {
      toast(answer.refusal.message, "bad");
      return;
    }
    const said = this.part("said");
    said.textContent = t("Lý do nghe: {reason}", { reason: input.value });
    said.hidden = false;
    this.form.hidden = true;
    this.part("controls").hidden = false;
    this.audio.preload = "auto";
    this.audio.src = `${this.path}/audio?play=${answer.data.play}`;
    new Heard(this.audio, `${this.path}/plays/${answer.data.play}`);
    this.open = true;
    this.speed();
    this.root.focus();
    this.toggle();
  }

  private to(seconds: number): void {
    this.audio.currentTime = Math.max(0, Math.min(this.seconds, seconds));
  }

  private ears(): Sides {
    if (!this.sides) {
      this.sides = new Sides(this.audio, Number(this.root.dataset["sides"]));
      this.watch(this.sides);
    }
    return this.sides;
  }

  private watch(sides: Sides): void {
    const meters = this.root.querySelectorAll<HTMLMeterElement>("[data-level]");
    const look = (): void => {
      const levels = this.audio.paused ? [0, 0] : sides.levels();
      meters.forEach((meter, i) => (meter.value = levels[i] ?? 0));
      requestAnimationFrame(look);
    };
    look();
  }

  private clock(): void {
    this.part("clock").textContent = `${whole(this.audio.currentTime)} / ${whole(this.seconds)}`;
  }

  private list(marks: Mark[]): void {
    const list = this.part("marks");
    list.hidden = marks.length === 0;
    for (const mark of marks) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = mark.kind;
      button.textContent = `${whole(mark.start)}–${whole(mark.end)} ${mark.label}`;
      button.addEventListener("click", () => this.open && this.to(mark.start));
      list.append(button);
    }
  }

  private get path(): string {
    return this.root.dataset["recording"] ?? "";
  }

  private get form(): HTMLFormElement {
    return this.part("reason") as HTMLFormElement;
  }

  private part(name: string): HTMLElement {
    return this.root.querySelector(`[data-${name}]`) as HTMLElement;
  }
}
