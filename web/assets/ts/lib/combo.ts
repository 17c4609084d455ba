// A text field that proposes while one types (ARIA 1.2 combobox), without diacritics, by keyboard.

import { h } from "./dom";

export interface Option<T> {
  value: T;
  text: string;
  detail?: string;
}

export interface ComboSource<T> {
  /** Options for what is typed; a promise that is overtaken by a later one is dropped. */
  find(typed: string): Option<T>[] | Promise<Option<T>[]>;
  /** An option was chosen. */
  pick(option: Option<T>): void;
  /** The text was changed by typing: what was picked before no longer stands. */
  typed?(text: string): void;
  /** Words when nothing is found; default: no list. */
  nothing?: string;
  /** Open the list on focus already (for short lists). */
  eager?: boolean;
  /** Enter takes the first option although none is marked. Off for free text. */
  first?: boolean | ((typed: string) => boolean);
}

let count = 0;

/** Put the focus somewhere without opening a list there: nobody asked for one. */
export function focusQuietly(element: HTMLElement): void {
  element.dataset["quiet"] = "";
  element.focus();
  delete element.dataset["quiet"];
}

export class Combo<T> {
  private readonly list: HTMLElement;
  private options: Option<T>[] = [];
  private marked = -1;
  private asked = 0;

  constructor(
    readonly input: HTMLInputElement,
    private readonly source: ComboSource<T>,
  ) {
    count += 1;
    this.list = h("div", { class: "options", role: "listbox", id: `options-${count}`, hidden: true });
    this.list.setAttribute("aria-label", input.labels?.[0]?.textContent?.trim() ?? "");
    input.after(this.list);
    input.parentElement?.classList.add("combo");
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-expanded", "false");
    input.setAttribute("aria-controls", this.list.id);
    input.autocomplete = "off";
    input.addEventListener("input", () => {
      this.source.typed?.(input.value);
      void this.open();
    });
    input.addEventListener("focus", () => {
      if (source.eager && !input.readOnly && !("quiet" in input.dataset)) void this.open();
    });
    input.addEventListener("click", () => {
      if (source.eager && !input.readOnly && this.list.hidden) void this.open();
    });
    input.addEventListener("blur", () => this.close());
    input.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("mousedown", (event) => this.click(event));
  }

  close(): void {
    this.asked += 1;
    this.list.hidden = true;
    this.marked = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  private async open(all = false): Promise<void> {
    this.asked += 1;
    const mine = this.asked;
    const typed = all ? "" : this.input.value.trim();
    this.stale();
    const found = await this.source.find(typed);
    if (mine !== this.asked || document.activeElement !== this.input) return;
    this.options = found.slice(0, 30);
    this.marked = typed && this.takesFirst(typed) && this.options.length ? 0 : -1;
    this.list.classList.remove("stale");
    this.draw();
  }

  /** What is listed answers an older text: Enter must not take it for what is typed now. */
  private stale(): void {
    this.list.classList.add("stale");
    this.mark(-1);
  }

  private takesFirst(typed: string): boolean {
    const first = this.source.first ?? false;
    return typeof first === "function" ? first(typed) : first;
  }

  private draw(): void {
    const empty = this.options.length === 0;
    const words = empty && this.source.nothing && this.input.value.trim() ? this.source.nothing : "";
    this.list.hidden = empty && !words;
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
    this.list.replaceChildren(
      ...(words ? [h("div", { class: "nothing", role: "option", "aria-disabled": "true", "aria-selected": "false" }, words)] : []),
      ...this.options.map((option, at) =>
        h(
          "div",
          { role: "option", id: `${this.list.id}-${at}`, "data-at": at, "aria-selected": String(at === this.marked) },
          h("span", {}, option.text),
          option.detail ? h("span", { class: "detail" }, option.detail) : null,
        ),
      ),
    );
    this.mark(this.marked);
  }

  private mark(at: number): void {
    this.marked = at;
    for (const child of this.list.children) {
      child.setAttribute("aria-selected", String(child.id === `${this.list.id}-${at}`));
    }
    const shown = this.list.querySelector(`#${this.list.id}-${at}`);
    if (shown) {
      this.input.setAttribute("aria-activedescendant", shown.id);
      shown.scrollIntoView({ block: "nearest" });
    } else {
      this.input.removeAttribute("aria-activedescendant");
    }
  }

  private key(event: KeyboardEvent): void {
    if (this.input.readOnly || event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return;
    const last = this.options.length - 1;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (this.list.hidden) {
        void this.open(this.source.eager === true);
      } else {
        const step = event.key === "ArrowDown" ? 1 : -1;
        const next = this.marked + step;
        this.mark(next < 0 ? last : next > last ? 0 : next);
      }
    } else if (event.key === "Enter" && !this.list.hidden && this.marked >= 0) {
      event.preventDefault();
      this.take(this.marked);
    } else if (event.key === "Tab" && !this.list.hidden && this.source.first && this.marked >= 0) {
      this.take(this.marked);
    } else if (event.key === "Escape" && !this.list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    }
  }

  private click(event: MouseEvent): void {
    event.preventDefault();
    const at = (event.target as HTMLElement).closest<HTMLElement>("[data-at]")?.dataset["at"];
    if (at !== undefined) this.take(Number(at));
  }

  private take(at: number): void {
    const option = this.options[at];
    this.close();
    if (option) this.source.pick(option);
  }
}
