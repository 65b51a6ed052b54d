import { signal } from "@preact/signals";

export type Theme = "auto" | "light" | "dark";
const STORED = "vallum.theme";
const stored = localStorage.getItem(STORED);

export const theme = signal<Theme>(stored === "light" || stored === "dark" ? stored : "auto");

export function setTheme(to: Theme): void {
  theme.value = to;
  if (to === "auto") {
    localStorage.removeItem(STORED);
    delete document.documentElement.dataset.theme;
  } else {
    localStorage.setItem(STORED, to);
    document.documentElement.dataset.theme = to;
  }
}
