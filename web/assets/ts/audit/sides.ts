// The two sides of a recording: how loud each is heard, and how loud each is just now.

export class Sides {
  private readonly gains: GainNode[];
  private readonly ears: AnalyserNode[];
  private readonly context = new AudioContext();

  constructor(audio: HTMLAudioElement, channels: number) {
    const source = this.context.createMediaElementSource(audio);
    const splitter = this.context.createChannelSplitter(2);
    const merger = this.context.createChannelMerger(2);
    source.connect(splitter);
    const right = channels > 1 ? 1 : 0; // a message has one side, heard in both ears
    this.gains = [0, right].flatMap((from) =>
      [0, 1].map((to) => {
        const gain = this.context.createGain();
        splitter.connect(gain, from);
        gain.connect(merger, 0, to);
        return gain;
      }),
    );
    this.ears = [0, right].map((from) => {
      const ear = this.context.createAnalyser();
      splitter.connect(ear, from);
      return ear;
    });
    merger.connect(this.context.destination);
    this.balance(0);
    audio.addEventListener("play", () => void this.context.resume());
  }

  /** -1: the caller alone, 1: our side alone (each in both ears), 0: both. */
  balance(to: number): void {
    const left = Math.min(1, 1 - to);
    const right = Math.min(1, 1 + to);
    const wanted = [left, left * Math.max(0, -to), right * Math.max(0, to), right];
    this.gains.forEach((gain, i) => {
      gain.gain.value = wanted[i] ?? 0;
    });
  }

  /** How loud each side is now, 0 to 1. */
  levels(): number[] {
    return this.ears.map((ear) => {
      const samples = new Float32Array(ear.fftSize);
      ear.getFloatTimeDomainData(samples);
      return Math.sqrt(Math.max(...samples.map(Math.abs)));
    });
  }
}
