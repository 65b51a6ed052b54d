// What a page shows: asked once, and again when the server tells that it changed. What is there stays while it is asked again.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { get, Problem } from "./api";
import { listen } from "./live";

export interface Data<T> {
  value: T | undefined;
  error: Problem | undefined;
  busy: boolean;
  again: () => void;
}

const GATHER = 250; // ms: events come in bursts

export interface List<T> {
  items: T[];
  total?: { value: number; relation: "EXACT" | "AT_LEAST" };
  next?: string | null;
}

/** `path` null: nothing to ask. `topics`: events after which it is asked again; a "reset" always is one. */
export function useData<T>(path: string | null, topics: readonly string[] = []): Data<T> {
  const [state, setState] = useState<{ path: string | null; value?: T; error?: Problem; busy: boolean }>({ path: null, busy: true });
  const [turn, setTurn] = useState(0);
  const asking = useRef(false);
  useEffect(() => {
    if (path === null) return;
    const end = new AbortController();
    asking.current = true;
    setState((old) => ({ ...(old.path?.split("?")[0] === path.split("?")[0] ? old : {}), path, busy: true }));
    get<T>(path, end.signal).then(
      (value) => {
        asking.current = false;
        setState({ path, value, busy: false });
      },
      (error: unknown) => {
        if (end.signal.aborted) return;
        asking.current = false;
        const problem = error instanceof Problem ? error : new Problem(0, "", String(error));
        // What was shown stays, unless it is gone or no longer ours to see.
        setState((old) => ({ path, value: problem.status >= 400 && problem.status < 500 ? undefined : old.value, error: problem, busy: false }));
      });
    return () => end.abort();
  }, [path, turn]);
  const again = useCallback(() => setTurn((n) => n + 1), []);
  const key = topics.join(" ");
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const due = () => {
      timer = undefined;
      // An answer that is under way may be older than the event; asking anew would only end it, again and again.
      if (asking.current) timer = setTimeout(due, GATHER);
      else again();
    };
    const stop = listen((topic) => {
      if (topic === "reset" || topics.includes(topic)) timer ??= setTimeout(due, GATHER);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [key]);
  return { value: state.value, error: state.error, busy: state.busy, again };
}

/** State of something that a button starts: a form that is sent, a test, a change. */
export function useAction(): { busy: boolean; error: Problem | undefined; run: (work: () => Promise<unknown>) => Promise<boolean>; clear: () => void } {
  const [state, setState] = useState<{ busy: boolean; error?: Problem }>({ busy: false });
  const run = async (work: () => Promise<unknown>) => {
    setState({ busy: true });
    try {
      await work();
      setState({ busy: false });
      return true;
    } catch (error) {
      setState({ busy: false, error: error instanceof Problem ? error : new Problem(0, "", String(error)) });
      return false;
    }
  };
  return { busy: state.busy, error: state.error, run, clear: () => setState({ busy: false }) };
}
