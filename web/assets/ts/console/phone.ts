// The telephone in the page: JsSIP at the seat's endpoint. It knows sound, not calls: which call it
// is, and whether it rings, the service says; so desk phone and browser phone look alike elsewhere.

import JsSIP from "jssip";
import type { RTCSession } from "jssip/lib/RTCSession";
import type { UA } from "jssip/lib/UA";
import { ask } from "../lib/http";

export type PhoneState = "off" | "elsewhere" | "connecting" | "registered" | "refused" | "no_microphone";

interface Seat {
  uri: string;
  socket: string;
  password: string;
  name: string;
}

export interface PhoneListener {
  phone(state: PhoneState): void;
  session(): void;
}

const REGISTER_AGAIN = 3000;
const RESUME_TRIES = 10;
const RESUME_AGAIN = 300;
const RESUME_WITHIN = 3000;
const NO_SERVERS: RTCConfiguration = { iceServers: [] };

/** Let a microphone go: its light goes out. */
function stop(voice: MediaStream | null): void {
  for (const track of voice?.getTracks() ?? []) track.stop();
}

export class Phone {
  private ua: UA | null = null;
  private session: RTCSession | null = null;
  private release: (() => void) | null = null;
  private voice: MediaStream | null = null;
  private answering = false;
  private wanted = false;
  private microphone = "";
  state: PhoneState = "off";

  constructor(
    private readonly audio: HTMLAudioElement,
    private readonly listener: PhoneListener,
  ) {
    window.addEventListener("beforeunload", (event) => {
      if (this.talking) event.preventDefault();
    });
    window.addEventListener("pagehide", () => this.ua?.stop());
  }

  get ringing(): boolean {
    return this.session !== null && this.session.direction === "incoming" && !this.session.isEstablished();
  }

  get talking(): boolean {
    return this.session?.isEstablished() ?? false;
  }

  /** What tells one call from the next. */
  get call(): object | null {
    return this.session;
  }

  get muted(): boolean {
    return this.session?.isMuted().audio ?? false;
  }

  get held(): boolean {
    return this.session?.isOnHold().local ?? false;
  }

  /** Register; only one window of a browser holds the phone. */
  start(): void {
    if (this.wanted) return;
    this.wanted = true;
    this.tell("connecting");
    void navigator.locks.request("1022-phone", { ifAvailable: true }, async (lock) => {
      if (!lock) {
        this.tell("elsewhere");
        void navigator.locks.request("1022-phone", () => this.hold());
        return;
      }
      await this.hold();
    });
  }

  stop(): void {
    this.wanted = false;
    this.ua?.stop();
    this.ua = null;
    this.release?.();
    this.release = null;
    this.tell("off");
  }

  /** Take the call; without a microphone it is refused, so that somebody else gets it. */
  async answer(): Promise<void> {
    const session = this.session;
    if (!session || !this.ringing || this.answering) return;
    this.answering = true;
    try {
      const voice = await this.listenTo();
      if (this.session !== session) return stop(voice);
      this.voice = voice;
      session.answer({ mediaStream: voice, pcConfig: NO_SERVERS });
    } catch {
      this.tell("no_microphone");
      if (this.session === session) session.terminate({ status_code: 480 });
    } finally {
      this.answering = false;
    }
  }

  /** Speak into this microphone from now on, in the call that there is as well. */
  async speakInto(microphone: string): Promise<void> {
    if (this.microphone === microphone) return;
    this.microphone = microphone;
    const sender = this.talking ? this.session?.connection.getSenders().find(({ track }) => track?.kind === "audio") : undefined;
    const old = sender?.track;
    if (!sender || !old) return;
    const voice = await this.listenTo();
    const track = voice.getAudioTracks()[0] ?? null;
    if (track) track.enabled = old.enabled; // muted, or on hold, stays so
    await sender.replaceTrack(track);
    stop(this.voice);
    this.voice = voice;
  }

  hangUp(): void {
    if (this.session) this.session.terminate(this.ringing ? { status_code: 486 } : {});
  }

  mute(): void {
    if (!this.talking || !this.session) return;
    if (this.muted) this.session.unmute({ audio: true });
    else this.session.mute({ audio: true });
    this.listener.session();
  }

  holdOrResume(): void {
    if (!this.talking || !this.session) return;
    if (this.held) this.session.unhold();
    else this.session.hold();
  }

  /** Take the other side off hold, if it is on; resolves when the exchange has agreed, or in vain. */
  async resume(): Promise<void> {
    const session = this.session;
    for (let tries = 0; tries < RESUME_TRIES && session && session === this.session && this.held; tries += 1) {
      await new Promise<void>((resolve) => {
        const begun = session.unhold({}, resolve);
        window.setTimeout(resolve, begun ? RESUME_WITHIN : RESUME_AGAIN);
      });
    }
  }

  /** Press a key for the far side; return whether there is a call to press it in. */
  digit(digit: string): boolean {
    if (!this.talking || !this.session) return false;
    this.session.sendDTMF(digit, { transportType: "RFC2833" as never });
    return true;
  }

  /** The chosen microphone; the machine's own when that one has been unplugged. */
  private async listenTo(): Promise<MediaStream> {
    const own = this.microphone;
    if (own) {
      try {
        return await navigator.mediaDevices.getUserMedia({ audio: { deviceId: { exact: own } } });
      } catch (error) {
        if (!(error instanceof OverconstrainedError)) throw error;
      }
    }
    return navigator.mediaDevices.getUserMedia({ audio: true });
  }

  /** Keep the lock, and the registration, until `stop`. */
  private async hold(): Promise<void> {
    if (!this.wanted) return;
    const over = new Promise<void>((resolve) => {
      this.release = resolve;
    });
    await this.register();
    await over;
  }

  private async register(): Promise<void> {
    const answer = await ask<Seat>("GET", "/console/seat");
    if (!answer.ok) {
      this.tell(answer.status === 0 || answer.status >= 500 ? "connecting" : "refused");
      if (this.wanted && (answer.status === 0 || answer.status >= 500)) {
        window.setTimeout(() => this.wanted && !this.ua && void this.register(), REGISTER_AGAIN);
      }
      return;
    }
    const seat = answer.data;
    const ua = new JsSIP.UA({
      sockets: [new JsSIP.WebSocketInterface(seat.socket)],
      uri: seat.uri,
      password: seat.password,
      display_name: seat.name,
      register_expires: 60,
      session_timers: false,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 8,
    });
    this.ua = ua;
    ua.on("registered", () => this.tell("registered"));
    ua.on("unregistered", () => this.wanted && this.tell("connecting"));
    ua.on("disconnected", () => this.wanted && this.tell("connecting"));
    ua.on("registrationFailed", (event: { response?: { status_code: number } }) => {
      const status = event.response?.status_code ?? 0;
      this.tell(status === 401 || status === 403 ? "refused" : "connecting");
      // JsSIP itself tries again only when the line was cut
      window.setTimeout(() => this.ua === ua && !ua.isRegistered() && ua.isConnected() && ua.register(), REGISTER_AGAIN);
    });
    ua.on("newRTCSession", (event: { session: RTCSession }) => this.took(event.session));
    ua.start();
  }

  private took(session: RTCSession): void {
    if (this.session || session.direction !== "incoming") {
      session.terminate({ status_code: 486 });
      return;
    }
    this.session = session;
    const over = (): void => {
      if (this.session === session) this.session = null;
      this.audio.srcObject = null;
      stop(this.voice);
      this.voice = null;
      this.listener.session();
    };
    session.on("peerconnection", (event: { peerconnection: RTCPeerConnection }) => {
      event.peerconnection.addEventListener("track", (track) => {
        this.audio.srcObject = track.streams[0] ?? new MediaStream([track.track]);
        void this.audio.play().catch(() => undefined);
      });
    });
    for (const name of ["accepted", "confirmed", "hold", "unhold", "muted", "unmuted"] as const) {
      session.on(name, () => this.listener.session());
    }
    session.on("ended", over);
    session.on("failed", over);
    this.listener.session();
  }

  private tell(state: PhoneState): void {
    this.state = state;
    this.listener.phone(state);
  }
}
