// Which environment the pages are about: the address says it, where one sees several; else the one that was looked at last.
import { batch, effect, signal } from "@preact/signals";
import { chosen, environment, me, remember } from "./api";
import { go, place, withQuery } from "./router";

/** What the address names, and nobody who is logged in here can see. Whether there is such a thing is not told. */
export const unseen = signal("");

export function choose(id: string): void {
  remember(id);
  go(withQuery({ environment: id, cursor: null }), true);
}

/** Follows the address, and puts into it what it does not say. */
export function start(): void {
  effect(() => {
    const who = me.value;
    if (!who) return;
    const open = who.environments ?? [], asked = place.value.query.get("environment");
    const found = asked ? open.find((e) => e.id === asked.toLowerCase() || e.name === asked) : open.find((e) => e.id === chosen()) ?? open[0];
    batch(() => {
      unseen.value = asked && !found ? asked : "";
      environment.value = found?.id ?? "";
    });
    if (found && (asked ? asked !== found.id : open.length > 1)) go(withQuery({ environment: found.id, cursor: place.value.query.get("cursor") }), true);
    if (found) remember(found.id);
  });
}
