import { render } from "preact";
import { loadMe, me, Problem } from "./api";
import { App } from "./app";
import { Failure } from "./ui/basic";
import * as live from "./live";
import * as environment from "./environment";
import { returnToPage } from "./return";
import { follow, prepare } from "./router";

const root = document.getElementById("app")!;

async function begin(): Promise<void> {
  try {
    await loadMe();
  } catch (error) {
    const problem = error instanceof Problem ? error : new Problem(0, "", String(error));
    render(<main class="login"><Failure problem={problem} again={() => void begin()} /></main>, root);
    return;
  }
  if (me.value) returnToPage();
  render(<App />, root);
}

document.addEventListener("click", follow);
for (const about of ["pointerdown", "focusin", "contextmenu"]) document.addEventListener(about, prepare, true);
environment.start();
live.start();
void begin();
