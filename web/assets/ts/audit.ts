// The recording's page: keys for the player, one side alone, and a word to the server when a
// recording is heard once more from what the browser has kept.
import { ask } from "./lib/http";

type Side = "both" | "left" | "right";

class Sides {
  private readonly gains: GainNode[];

  constructor(audio: HTMLAudioElement) {
    const context = new AudioContext();
    const source = context.createMediaElementSource(audio);
    const splitter = context.createChannelSplitter(2);
    const merger = context.createChannelMerger(2);
    source.connect(splitter);
    // each side alone is heard in both ears
    this.gains = [0, 1].flatMap((from) =>
      [0, 1].map((to) => {
        const gain = context.createGain();
        splitter.connect(gain, from);
        gain.connect(merger, 0, to);
        return gain;
      }),
    );
    merger.connect(context.destination);
    this.choose("both");
    audio.addEventListener("play", () => void context.resume());
    void context.resume();
  }

  choose(side: Side): void {
    const wanted = { both: [1, 0, 0, 1], left: [1, 1, 0, 0], right: [0, 0, 1, 1] }[side];
    this.gains.forEach((gain, i) => {
      gain.gain.value = wanted[i] ?? 0;
    });
  }
}

function start(player: HTMLElement, audio: HTMLAudioElement): void {
  let sides: Sides | null = null;
  let finished = false;
  const controls = player.querySelector<HTMLElement>("[data-controls]");
  if (controls) controls.hidden = false;

  const seek = (seconds: number): void => {
    audio.currentTime = Math.max(0, Math.min(audio.duration || 0, audio.currentTime + seconds));
  };
  const toggle = (): void => {
    if (audio.paused) void audio.play();
    else audio.pause();
  };
  const choose = (side: Side): void => {
    sides ??= new Sides(audio);
    sides.choose(side);
    for (const button of player.querySelectorAll<HTMLElement>("[data-side]")) {
      button.setAttribute("aria-pressed", String(button.dataset["side"] === side));
    }
  };

  audio.addEventListener("ended", () => (finished = true));
  audio.addEventListener("play", () => {
    if (finished && player.dataset["plays"]) void ask("POST", player.dataset["plays"]);
    finished = false;
  });
  player.addEventListener("click", (event) => {
    const button = (event.target as HTMLElement).closest("button");
    if (!button) return;
    if (button.dataset["seek"]) seek(Number(button.dataset["seek"]));
    else if (button.dataset["side"]) choose(button.dataset["side"] as Side);
    else if ("toggle" in button.dataset) toggle();
  });
  player.querySelector<HTMLSelectElement>("[data-speed]")?.addEventListener("change", (event) => {
    audio.playbackRate = Number((event.target as HTMLSelectElement).value);
  });
  document.addEventListener("keydown", (event) => {
    const at = event.target as HTMLElement;
    if (event.ctrlKey || event.altKey || event.metaKey || at.closest("input, select, textarea")) return;
    const deeds: Record<string, () => void> = {
      j: () => seek(-10),
      k: toggle,
      l: () => seek(10),
      "1": () => choose("both"),
      "2": () => choose("left"),
      "3": () => choose("right"),
    };
    const deed = deeds[event.key.toLowerCase()];
    const one = event.key >= "1" && event.key <= "3";
    if (!deed || (one && !player.querySelector("[data-side]"))) return;
    event.preventDefault();
    deed();
  });
}

const player = document.getElementById("player");
const audio = player?.querySelector("audio");
if (player && audio) start(player, audio);
