// Server-sent events of /api/v1/events (WHATWG HTML, "Server-sent events"), read by fetch(), which unlike EventSource tells
// why it fails and takes Last-Event-ID after a pause of our own.
import { effect, signal } from "@preact/signals";
import { environment, inside, me } from "./api";
import { unseen } from "./environment";

export type Live = "off" | "waiting" | "on";
export const live = signal<Live>("off");

type Listener = (topic: string, key: string) => void;
const listeners = new Set<Listener>();

const PAUSE_MIN = 1000, PAUSE_MAX = 30_000; // ms

export function listen(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(topic: string, key: string): void {
  for (const listener of [...listeners]) listener(topic, key);
}

function keyOf(data: string): string {
  try {
    return String(JSON.parse(data || "{}").key ?? "");
  } catch {
    return ""; // the topic alone is enough to ask again
  }
}

/** Reads blocks of lines until the stream ends; `last` has the id that the server told last. */
async function read(body: ReadableStream<Uint8Array<ArrayBuffer>>, last: { id: string }, pass: Listener): Promise<void> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "", topic = "", data: string[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split(/\r?\n/);
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        if (topic || data.length) pass(topic || "message", keyOf(data.join("\n")));
        topic = "";
        data = [];
        continue;
      }
      const [, name, text] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
      if (name === "id") last.id = text ?? "";
      if (name === "event") topic = text ?? "";
      if (name === "data") data.push(text ?? "");
    }
  }
}

async function watch(end: AbortSignal, post: (message: Message) => void): Promise<void> {
  const last = { id: "" };
  let pause = PAUSE_MIN;
  // Whoever led before may have missed something.
  let missed = true;
  const become = (to: Live) => {
    live.value = to;
    post({ live: to });
  };
  const pass = (topic: string, key: string) => {
    post({ topic, key });
    tell(topic, key);
  };
  while (!end.aborted) {
    try {
      const headers: Record<string, string> = { Accept: "text/event-stream" };
      if (last.id) headers["Last-Event-ID"] = last.id;
      const response = await fetch("/api/v1" + inside("/events"), { headers, signal: end, cache: "no-store" });
      if (response.status === 401) {
        me.value = null;
        return;
      }
      if (!response.ok || !response.body) throw new Error(String(response.status));
      become("on");
      pause = PAUSE_MIN;
      if (missed && !last.id) pass("reset", "");
      await read(response.body, last, pass);
    } catch {
      if (end.aborted) return;
    }
    become("waiting");
    missed = true;
    await new Promise((wake) => setTimeout(wake, pause * (0.75 + Math.random() / 2)));
    pause = Math.min(pause * 2, PAUSE_MAX);
  }
}

/** Between the tabs of one browser. */
type Message = { live: Live } | { topic: string; key: string } | { ask: true };

/** One tab has the connection, the others hear of it: a browser opens six to one server at most, and a stream keeps its own. */
async function share(name: string, end: AbortSignal): Promise<void> {
  const channel = new BroadcastChannel(name);
  let leads = false;
  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if ("topic" in data) tell(data.topic, data.key);
    else if ("live" in data) live.value = data.live;
    else if (leads) channel.postMessage({ live: live.value } satisfies Message);
  };
  channel.postMessage({ ask: true } satisfies Message);
  try {
    await navigator.locks.request(name, { signal: end }, async () => {
      leads = true;
      await watch(end, (message) => channel.postMessage(message));
    });
  } catch {
    // The wait for the lead was ended with the session.
  } finally {
    channel.close();
  }
}

/** Follows the environment that is chosen, as long as somebody is logged in. */
export function start(): void {
  effect(() => {
    const name = `vallum.live.${environment.value}`;
    if (!me.value || unseen.value) {
      live.value = "off";
      return;
    }
    const end = new AbortController();
    void share(name, end.signal);
    return () => end.abort();
  });
}
