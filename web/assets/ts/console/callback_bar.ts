// The bar above the forms: a caller offered to be called back, or a try whose result is owed.

import { fill, h, one } from "../lib/dom";
import { t } from "../lib/i18n";
import { moment, now } from "../lib/time";
import { callerWords, RESULTS, type CallBack, type CallBacks } from "./callbacks";

export interface Offer {
  task: string;
  hotline: string;
  number: string;
  name: string;
  waiting_since: string;
  until: string;
}

export class CallBackBar {
  private offer: Offer | null = null;
  private tried: CallBack | null = null;

  constructor(
    private readonly list: CallBacks,
    private readonly dial: (task: string, number: string) => Promise<void>,
  ) {}

  /** A wish that kept its place comes first: take it, or let it pass. */
  offered(offer: Offer): void {
    this.offer = offer;
    this.draw();
  }

  /** The citizen of a task is being called: the result is asked for until it is there. */
  dialled(task: CallBack): void {
    this.tried = task;
    this.offer = null;
    this.draw();
  }

  changed(task: string, state: string): void {
    if (this.tried?.id === task && state !== "claimed") this.tried = null;
    if (this.offer?.task === task && state !== "open") this.offer = null;
    this.draw();
  }

  tick(): void {
    if (!this.offer || Date.parse(this.offer.until) > now()) return;
    this.offer = null;
    this.draw();
  }

  take(): void {
    const offer = this.offer;
    if (!offer) return;
    this.offer = null;
    this.draw();
    void this.dial(offer.task, offer.number);
  }

  pass(): void {
    const offer = this.offer;
    if (!offer) return;
    this.offer = null;
    this.draw();
    void this.list.act(offer.task, "pass");
  }

  async result(key: number): Promise<void> {
    const found = RESULTS[key - 1];
    if (this.tried && found && (await this.list.result(this.tried.id, found[0]))) this.changed(this.tried?.id ?? "", "done");
  }

  private draw(): void {
    const bar = one("#callback-bar");
    bar.hidden = !this.offer && !this.tried;
    if (this.tried) {
      const task = this.tried;
      fill(
        bar,
        h("b", {}, t("Gọi lại {number}: kết quả?", { number: callerWords(task) })),
        ...RESULTS.map(([, words], at) => h("button", { type: "button", class: "small-button", onclick: () => void this.result(at + 1) }, words, h("kbd", {}, `Alt ${at + 1}`))),
      );
    } else if (this.offer) {
      const { number, name, waiting_since } = this.offer;
      fill(
        bar,
        h("b", {}, t("Gọi lại cho {number}, chờ từ {time}", { number, time: moment(waiting_since) })),
        h("span", {}, name),
        h("button", { type: "button", class: "primary", onclick: () => this.take() }, t("Gọi"), h("kbd", {}, "Alt Y")),
        h("button", { type: "button", onclick: () => this.pass() }, t("Bỏ qua"), h("kbd", {}, "Alt U")),
      );
    }
  }
}
