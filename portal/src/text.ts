// Words, numbers and times as people read them.
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const ABSOLUTE = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
const DAY = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });
const NUMBER = new Intl.NumberFormat("en");
const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000], ["month", 2_592_000], ["week", 604_800], ["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1],
];

const DAY_MS = 86_400_000;

export function ago(text: string, now = Date.now()): string {
  // What is known to the day alone is told so: midnight is no time at which something happened.
  if (/T00:00:00(\.0+)?Z$/.test(text) && now - Date.parse(text) < 7 * DAY_MS && now >= Date.parse(text)) {
    return RELATIVE.format(-Math.floor((now - Date.parse(text)) / DAY_MS), "day");
  }
  const seconds = (Date.parse(text) - now) / 1000;
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return RELATIVE.format(Math.trunc(seconds / size), unit);
  }
  return "now";
}

export const absolute = (text: string) => ABSOLUTE.format(new Date(text));
export const day = (text: string) => DAY.format(new Date(text));
export const number = (n: number) => NUMBER.format(n);
/** A share of 1. */
export const percent = (share: number) => `${Number((share * 100).toFixed(1))} %`;
export const points = (n: number) => `${Number(n.toFixed(2))} ${n === 1 ? "point" : "points"}`;

export function bytes(n: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let i = 0;
  while (n >= 1000 && i < units.length - 1) {
    n /= 1000;
    i++;
  }
  return `${i === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)} ${units[i]}`;
}

/** "1 image", "3 images"; AT_LEAST totals are told as such. */
export function many(n: number, one: string, more = one + "s"): string {
  return `${number(n)} ${n === 1 ? one : more}`;
}

export function seconds(n: number): string {
  if (n >= 172_800) return many(Math.floor(n / 86_400), "day");
  if (n >= 7200) return many(Math.floor(n / 3600), "hour");
  if (n >= 120) return many(Math.floor(n / 60), "minute");
  return many(Math.floor(n), "second");
}

/** "sha256:0123456789ab…": enough to tell digests apart. */
export function shortDigest(digest: string): string {
  const hex = digest.replace(/^sha256:/, "");
  return hex.length > 12 ? `sha256:${hex.slice(0, 12)}…` : digest;
}

export function sentence(word: string): string {
  const text = word.replace(/_/g, " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
