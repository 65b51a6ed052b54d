// Runs before the first paint, so that a chosen scheme does not flash in late.
const chosen = localStorage.getItem("vallum.theme");
if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
