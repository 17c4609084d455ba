// What a unit was granted to hear: opened by a click, counted while it plays.
import { Heard } from "./audit/heard";
import { ask } from "./lib/http";
import { toast } from "./lib/toast";

const root = document.getElementById("granted");
const audio = root?.querySelector("audio");
const button = root?.querySelector<HTMLButtonElement>("[data-open]");

async function open(path: string, sound: HTMLAudioElement, opener: HTMLElement): Promise<void> {
  const answer = await ask<{ play: string }>("POST", `${path}/plays`);
  if (!answer.ok) {
    toast(answer.refusal.message, "bad");
    return;
  }
  sound.src = `${path}/audio?play=${answer.data.play}`;
  new Heard(sound, `${path}/plays/${answer.data.play}`);
  sound.hidden = false;
  opener.hidden = true;
  await sound.play();
}

if (root && audio && button) {
  button.addEventListener("click", () => void open(root.dataset["grant"] ?? "", audio, button));
}
