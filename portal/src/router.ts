// The address holds everything that a page shows: path and query, nothing else.
import { signal } from "@preact/signals";

export interface Place {
  path: string[]; // decoded segments after /ui
  query: URLSearchParams;
  href: string;
}

function read(): Place {
  const path = location.pathname.replace(/^\/ui\/?|^\//, "").split("/").filter(Boolean).map((s) => {
    try {
      return decodeURIComponent(s);
    } catch {
      return s;
    }
  });
  return { path, query: new URLSearchParams(location.search), href: location.pathname + location.search };
}

export const place = signal<Place>(read());

/** The environment of this page stays that of the next one, unless that says another. */
export function complete(href: string): string {
  const url = new URL(href, location.href), here = place.value.query.get("environment");
  if (here && url.pathname.startsWith("/ui") && !url.searchParams.has("environment")) url.searchParams.set("environment", here);
  return url.pathname + url.search.replace(/%3A/g, ":");
}

export function go(to: string, replace = false): void {
  const href = complete(to);
  if (href === place.value.href) return;
  const other = new URL(href, location.href).pathname !== location.pathname;
  history[replace ? "replaceState" : "pushState"](null, "", href);
  place.value = read();
  if (other) scrollTo(0, 0);
}

/** This page's address with other values in its query; a value that is empty goes. `cursor` goes with any other change. */
export function withQuery(changes: Record<string, string | null>, keep: string[] = []): string {
  const query = new URLSearchParams(place.value.query);
  if (!("cursor" in changes)) query.delete("cursor");
  for (const name of keep.length ? [...query.keys()] : []) if (!keep.includes(name)) query.delete(name);
  for (const [name, value] of Object.entries(changes)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const text = query.toString().replace(/%3A/g, ":");
  return location.pathname + (text ? "?" + text : "");
}

/** Links that are opened elsewhere (a new tab, a copied address) say it, too: they are completed when they are about to be used. */
export function prepare(event: Event): void {
  const link = (event.target as Element).closest?.("a[href]");
  if (!(link instanceof HTMLAnchorElement) || link.origin !== location.origin || !link.pathname.startsWith("/ui") || link.hash) return;
  const whole = complete(link.pathname + link.search);
  if (whole !== link.pathname + link.search) link.href = whole;
}

export const asked = (name: string) => place.value.query.get(name) ?? "";

/** Clicks on links of the portal stay in the page; whatever else a click may mean is left to the browser. */
export function follow(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element).closest?.("a[href]");
  if (!(link instanceof HTMLAnchorElement) || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
  if (!link.pathname.startsWith("/ui") || link.hash) return;
  event.preventDefault();
  go(link.pathname + link.search);
}

addEventListener("popstate", () => {
  place.value = read();
});
