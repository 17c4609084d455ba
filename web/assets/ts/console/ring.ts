// The ring: made here, played where the operator wants it, only while the service says it rings.

import { soon } from "../lib/dom";

export class Ring {
  /** Made once: to open a way to the loudspeaker takes longer than to draw the form. */
  private context: AudioContext | null = null;
  private gain: GainNode | null = null;
  private timer = 0;
  volume = 0.6;
  sink = "";

  get on(): boolean {
    return this.timer !== 0;
  }

  start(): void {
    if (this.timer) return;
    this.timer = window.setInterval(() => this.burst(), 3000);
    soon(() => this.timer && this.burst()); // the form first, then the sound
  }

  stop(): void {
    window.clearInterval(this.timer);
    this.timer = 0;
    this.gain?.disconnect();
    if (this.context?.state === "running") void this.context.suspend().catch(() => undefined);
  }

  once(): void {
    this.burst();
    if (!this.timer) window.setTimeout(() => !this.timer && this.stop(), 1500);
  }

  private burst(): void {
    this.context ??= new AudioContext();
    const context = this.context;
    const route = context as AudioContext & { sinkId?: string; setSinkId?: (id: string) => Promise<void> };
    if (this.sink !== (route.sinkId ?? "") && route.setSinkId) void route.setSinkId(this.sink).catch(() => undefined);
    void context.resume().catch(() => undefined);
    this.gain?.disconnect();
    const gain = context.createGain();
    this.gain = gain;
    gain.connect(context.destination);
    const at = context.currentTime;
    gain.gain.setValueAtTime(0, at);
    for (const offset of [0, 0.5]) {
      gain.gain.setTargetAtTime(this.volume * 0.3, at + offset, 0.02);
      gain.gain.setTargetAtTime(0, at + offset + 0.35, 0.03);
    }
    for (const frequency of [425, 850]) {
      const tone = context.createOscillator();
      tone.frequency.value = frequency;
      tone.connect(gain);
      tone.start(at);
      tone.stop(at + 1.2);
    }
  }
}
