// Tells the server how many seconds of sound were really played: skipped ones do not count.
import { ask, csrf } from "../lib/http";

const EVERY_SECONDS = 5;
const LOOK_MILLISECONDS = 200;
const LONGEST_STEP = 2; // of the sound, between two reports of the player; more is a jump

export class Heard {
  private seconds = 0;
  private told = 0;
  private at = 0;

  constructor(
    private readonly audio: HTMLAudioElement,
    private readonly path: string,
  ) {
    audio.addEventListener("timeupdate", () => this.step());
    window.setInterval(() => this.step(), LOOK_MILLISECONDS); // before a jump, too
    audio.addEventListener("seeking", () => (this.at = audio.currentTime));
    for (const end of ["pause", "ended"]) audio.addEventListener(end, () => void this.tell());
    window.addEventListener("pagehide", () => this.last());
  }

  private step(): void {
    const passed = this.audio.currentTime - this.at;
    this.at = this.audio.currentTime;
    if (this.audio.seeking || passed <= 0 || passed > LONGEST_STEP * this.audio.playbackRate) return;
    this.seconds += passed;
    if (this.seconds - this.told >= EVERY_SECONDS) void this.tell();
  }

  private async tell(): Promise<void> {
    if (this.seconds === this.told) return;
    this.told = this.seconds;
    await ask("POST", this.path, { seconds: this.seconds });
  }

  private last(): void {
    if (this.seconds === this.told) return;
    void fetch(this.path, {
      method: "POST",
      keepalive: true,
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf() },
      body: JSON.stringify({ seconds: this.seconds }),
    });
  }
}
