// The dialog for a ticket of another channel: by letter, app, at the counter.

import { fill, h, one } from "../lib/dom";
import type { Setup } from "./types";

export class NewTicket {
  constructor(
    private readonly setup: Setup,
    private readonly open: (hotline: string, channel: string) => void,
  ) {
    const form = one<HTMLFormElement>("#new-form");
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || (event.target as HTMLElement).tagName !== "SELECT") return;
      event.preventDefault();
      one<HTMLButtonElement>("#new-form [value=open]").click();
    });
    form.addEventListener("submit", (event) => {
      if ((event.submitter as HTMLButtonElement | null)?.value !== "open") return;
      this.open(one<HTMLSelectElement>("#new-hotline").value, one<HTMLSelectElement>("#new-channel").value);
    });
  }

  ask(preferred: string | undefined): void {
    const hotline = one<HTMLSelectElement>("#new-hotline");
    const channel = one<HTMLSelectElement>("#new-channel");
    fill(hotline, ...this.setup.hotlines.map(({ id, name }) => h("option", { value: id }, name)));
    fill(channel, ...this.setup.channels.filter(({ code }) => code !== "phone").map(({ code, name }) => h("option", { value: code }, name)));
    channel.append(...this.setup.channels.filter(({ code }) => code === "phone").map(({ code, name }) => h("option", { value: code }, name)));
    hotline.value = preferred ?? hotline.value;
    one<HTMLDialogElement>("#new-dialog").showModal();
    (this.setup.hotlines.length > 1 ? hotline : channel).focus();
  }
}
