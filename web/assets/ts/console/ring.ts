// The ring: made here, played where the operator wants it, only while the service says it rings.

export class Ring {
  private context: AudioContext | null = null;
  private timer = 0;
  volume = 0.6;
  sink = "";

  get on(): boolean {
    return this.timer !== 0;
  }

  start(): void {
    if (this.timer) return;
    this.burst();
    this.timer = window.setInterval(() => this.burst(), 3000);
  }

  stop(): void {
    window.clearInterval(this.timer);
    this.timer = 0;
    void this.context?.close();
    this.context = null;
  }

  once(): void {
    this.burst();
    if (!this.timer) window.setTimeout(() => !this.timer && this.stop(), 1500);
  }

  private burst(): void {
    this.context ??= new AudioContext();
    const context = this.context;
    const route = context as AudioContext & { setSinkId?: (id: string) => Promise<void> };
    if (this.sink && route.setSinkId) void route.setSinkId(this.sink).catch(() => undefined);
    void context.resume().catch(() => undefined);
    const gain = context.createGain();
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
