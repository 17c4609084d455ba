// What must survive a closed tab, a crash, a lost server: this machine's own storage, by account.

export class Keep {
  constructor(private readonly account: string) {}

  get<T>(name: string): T | null {
    try {
      const text = localStorage.getItem(this.key(name));
      return text === null ? null : (JSON.parse(text) as T);
    } catch {
      return null;
    }
  }

  /** Return whether it was kept; a full or forbidden storage says false. */
  set(name: string, value: unknown): boolean {
    try {
      localStorage.setItem(this.key(name), JSON.stringify(value));
      return true;
    } catch {
      return false;
    }
  }

  drop(name: string): void {
    try {
      localStorage.removeItem(this.key(name));
    } catch {
      // nothing was kept then
    }
  }

  names(start: string): string[] {
    const prefix = this.key(start);
    const cut = this.key("").length;
    try {
      return Object.keys(localStorage)
        .filter((name) => name.startsWith(prefix))
        .map((name) => name.slice(cut));
    } catch {
      return [];
    }
  }

  private key(name: string): string {
    return `1022/${this.account}/${name}`;
  }
}
