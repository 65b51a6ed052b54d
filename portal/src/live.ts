// Server-sent events of /api/v1/events (WHATWG HTML, "Server-sent events"), read by fetch(), which unlike EventSource tells
// why it fails and takes Last-Event-ID after a pause of our own.
import { effect, signal } from "@preact/signals";
import { environment, inside, me } from "./api";

export type Live = "off" | "waiting" | "on";
export const live = signal<Live>("off");

type Listener = (topic: string, key: string) => void;
const listeners = new Set<Listener>();

const PAUSE_MIN = 1000, PAUSE_MAX = 30_000; // ms

export function listen(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(topic: string, data: string): void {
  let key = "";
  try {
    key = String(JSON.parse(data || "{}").key ?? "");
  } catch {
    // The topic alone is enough to ask again.
  }
  for (const listener of [...listeners]) listener(topic, key);
}

/** Reads blocks of lines until the stream ends; `last` has the id that the server told last. */
async function read(body: ReadableStream<Uint8Array<ArrayBuffer>>, last: { id: string }): Promise<void> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "", topic = "", data: string[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split(/\r?\n/);
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        if (topic || data.length) tell(topic || "message", data.join("\n"));
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

async function watch(end: AbortSignal): Promise<void> {
  const last = { id: "" };
  let pause = PAUSE_MIN, missed = false;
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
      live.value = "on";
      pause = PAUSE_MIN;
      if (missed && !last.id) tell("reset", "");
      await read(response.body, last);
    } catch {
      if (end.aborted) return;
    }
    live.value = "waiting";
    missed = true;
    await new Promise((wake) => setTimeout(wake, pause * (0.75 + Math.random() / 2)));
    pause = Math.min(pause * 2, PAUSE_MAX);
  }
}

/** Follows the environment that is chosen, as long as somebody is logged in. */
export function start(): void {
  effect(() => {
    environment.value;
    if (!me.value) {
      live.value = "off";
      return;
    }
    const end = new AbortController();
    void watch(end.signal);
    return () => end.abort();
  });
}
