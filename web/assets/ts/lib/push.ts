// The line from the service: numbered messages, a snapshot for every gap, signs of life.

import { setServerNow } from "./time";

export interface Message {
  seq: number;
  kind: string;
  epoch?: string;
  now?: string;
  data?: unknown;
}

export interface Listener {
  /** What is true now: replaces everything that was known. */
  snapshot(data: Record<string, unknown>): void;
  event(kind: string, data: Record<string, unknown>): void;
  /** Whether the line stands. */
  line(up: boolean): void;
}

const SIGNED_OUT = 4401;
const SILENCE = 14_000;
const LONGEST_WAIT = 10_000;

export class Numbers {
  private seq = -1;
  private epoch = "";

  /** What to do with a message: take it, ask for a snapshot, or forget it. */
  judge(message: Message): "take" | "ask" | "forget" {
    if (message.kind === "snapshot") {
      this.seq = message.seq;
      this.epoch = message.epoch ?? "";
      return "take";
    }
    if (message.kind === "beat") {
      return message.epoch === this.epoch && message.seq === this.seq ? "forget" : "ask";
    }
    if (this.seq < 0 || message.seq <= this.seq) return "forget";
    if (message.seq !== this.seq + 1) return "ask";
    this.seq = message.seq;
    return "take";
  }
}

export class Line {
  private socket: WebSocket | null = null;
  private wait = 500;
  private silence = 0;
  private again = 0;
  private numbers = new Numbers();

  constructor(private readonly listener: Listener) {
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.refresh();
    });
    window.addEventListener("online", () => this.open());
  }

  open(): void {
    window.clearTimeout(this.again);
    if (this.socket && this.socket.readyState <= WebSocket.OPEN) return;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/push`);
    this.socket = socket;
    this.numbers = new Numbers();
    socket.addEventListener("open", () => this.heard());
    socket.addEventListener("message", (event) => this.message(JSON.parse(event.data as string) as Message));
    socket.addEventListener("close", (event) => this.closed(socket, event.code));
  }

  /** Ask for what is true now. */
  refresh(): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send("snapshot");
    else this.open();
  }

  private message(message: Message): void {
    this.heard();
    if (message.now) setServerNow(message.now);
    const verdict = this.numbers.judge(message);
    if (verdict === "ask") {
      this.refresh();
    } else if (verdict === "take" && message.kind === "snapshot") {
      this.wait = 500;
      this.listener.line(true);
      this.listener.snapshot(message.data as Record<string, unknown>);
    } else if (verdict === "take") {
      this.listener.event(message.kind, message.data as Record<string, unknown>);
    }
  }

  private heard(): void {
    window.clearTimeout(this.silence);
    const socket = this.socket;
    this.silence = window.setTimeout(() => {
      if (socket) {
        this.closed(socket, 1006);
        socket.close();
      }
    }, SILENCE);
  }

  private closed(socket: WebSocket, code: number): void {
    if (socket !== this.socket) return;
    this.socket = null;
    window.clearTimeout(this.silence);
    if (code === SIGNED_OUT) {
      location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
      return;
    }
    this.listener.line(false);
    window.clearTimeout(this.again);
    this.again = window.setTimeout(() => this.open(), this.wait * (0.75 + Math.random() / 2));
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
  }
}
