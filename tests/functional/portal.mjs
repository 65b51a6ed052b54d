// The browser's part of test_portal. State is made by /api/v1 and by pushes, never by fixtures; pages are watched while it changes.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const source = new URL("../../", import.meta.url);
const require = createRequire(new URL("portal/package.json", source));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const url = process.env.VALLUM_URL, work = process.env.VALLUM_WORK, registryHost = process.env.REGISTRY;
const pictures = process.env.VALLUM_SCREENSHOTS || `${work}/pictures`;
const only = process.env.VALLUM_PORTAL_ONLY; // while one works on a case
const password = readFileSync(`${work}/password`, "utf8").trim();
const FOLLOW = Number(process.env.VALLUM_FOLLOW || 15_000); // ms in which a page has to show what changed; a sanitizer's build is slow
mkdirSync(pictures, { recursive: true });

let failures = 0;
async function check(name, work_) {
  if (only && !name.includes(only)) return;
  try {
    await work_();
    console.log(`ok ${name}`);
  } catch (error) {
    failures++;
    console.log(`not ok ${name}`);
    console.log("    " + String(error.stack ?? error).split("\n").slice(0, 12).join("\n    "));
  }
}

// --- the API, as another client would call it ---
let token = "";
async function api(method, path, body, want = [200, 201, 202, 204]) {
  const response = await fetch(`${url}/api/v1${path}`, {
    method, headers: { ...(token ? { Authorization: `Bearer ${token}` } : {}), ...(body ? { "Content-Type": "application/json" } : {}) },
    body: body ? JSON.stringify(body) : undefined,
  });
  const text = await response.text();
  assert.ok(want.includes(response.status), `${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
  return text ? JSON.parse(text) : undefined;
}
const push = (tag, to) => execFileSync(`${work}/push`, [tag, to], { stdio: "inherit" });

async function until(what, ask, ms = 60_000) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await ask();
    if (value) return value;
    assert.ok(Date.now() < end, `${what} within ${ms / 1000} s`);
    await new Promise((wake) => setTimeout(wake, 250));
  }
}

token = (await api("POST", "/login", { name: "admin", password })).token;

// --- the browser ---
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage"] });
const complaints = []; // what must never be: errors of scripts, violations of the policy, requests to elsewhere

async function open(options = {}) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 800 }, reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(FOLLOW);
  page.on("pageerror", (error) => complaints.push(`${page.url()}: ${error.message}`));
  page.on("console", (message) => {
    if (/Content Security Policy|Trusted ?Type/i.test(message.text())) complaints.push(`${page.url()}: ${message.text()}`);
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(url + "/") && !request.url().startsWith("data:")) complaints.push(`${page.url()} asks ${request.url()}`);
  });
  return page;
}

async function logIn(page, name = "admin", secret = password) {
  await page.goto(`${url}/ui/`);
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password").fill(secret);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.locator("header.top").waitFor();
}

/** A page that has loaded: neither a place-holder nor a failure. */
async function visit(page, path) {
  await page.goto(url + path);
  await settled(page);
}
async function settled(page) {
  await page.locator("main h1").first().waitFor();
  await page.waitForFunction(() => !document.querySelector(".loading, .shown.busy"));
}

let page = await open();

await check("nobody sees a page before the login", async () => {
  await page.goto(`${url}/ui/images`);
  await page.getByRole("button", { name: "Log in" }).waitFor();
  assert.equal(await page.locator("header.top").count(), 0);
});
await check("a wrong password is told, in words", async () => {
  await page.goto(`${url}/ui/images`);
  await page.getByLabel("Name").fill("admin");
  await page.getByLabel("Password").fill("wrong");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("alert").filter({ hasText: "wrong" }).waitFor();
});
await check("the right one opens the page that was asked for", async () => {
  await page.goto(`${url}/ui/images`);
  await page.getByLabel("Name").fill("admin");
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "Images", level: 1 }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/ui/images");
});
// The provider itself: tests/functional/test_oidc. Here the way there and back is the server's alone, with a session at its end.
await check("a login at an identity provider leads back to the page that was asked for", async () => {
  const there = await open();
  await there.route("**/api/v1/oidc", (route) => route.fulfill({ json: { name: "Example" } }));
  await there.route("**/api/v1/oidc/login", async (route) => {
    const session = await there.context().request.post(`${url}/api/v1/login`, { data: { name: "admin", password, session: true }, headers: { Origin: url } });
    assert.equal(session.status(), 200);
    await route.fulfill({ contentType: "text/html", body: '<meta http-equiv="refresh" content="0; url=/">' });
  });
  await there.goto(`${url}/ui/images?severity=critical`);
  await there.getByRole("link", { name: "Log in with Example" }).click();
  await there.getByRole("heading", { name: "Images", level: 1 }).waitFor();
  assert.equal(new URL(there.url()).pathname, "/ui/images");
  assert.equal(new URL(there.url()).searchParams.get("severity"), "critical");
  await there.goto(`${url}/ui/`);
  await there.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
  await there.context().close();
});
if (only) await logIn(page);
await check("scripts can not read the session", async () => {
  assert.equal(await page.evaluate(() => document.cookie), "");
  assert.equal(await page.evaluate(() => Object.values(localStorage).some((v) => /vlt_/.test(v))), false);
});

// --- with nothing there ---
await check("empty: the overview says what to do", async () => {
  await visit(page, "/ui/");
  await page.getByText("Nothing is connected yet").waitFor();
  const headings = await page.locator("main h2").allTextContents();
  assert.deepEqual(headings.slice(0, 4), ["Do next", "What Vallum cannot see", "New since your last visit", "Secure score"]);
});
await check("the connection is live", async () => {
  await page.locator(".live.good").waitFor();
});

// --- a registry, by the wizard ---
let registry, digest = "";
push("base", "base/debian:12");
push("1.0", "shop/orders:1.0");
await check("the wizard connects a registry and says that it can be read", async () => {
  await visit(page, "/ui/registries");
  await page.getByRole("link", { name: "Connect" }).first().click();
  await page.getByLabel("Name", { exact: true }).fill("local");
  await page.getByLabel("Host").fill(registryHost);
  await page.getByText("More: certificate").click();
  await page.getByLabel("Do not check its certificate").check();
  await page.getByRole("button", { name: "Connect and test" }).click();
  await page.getByText("It works").waitFor();
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByText("Secret, shown only now").waitFor();
  await page.getByRole("link", { name: "Done" }).click();
  await page.getByRole("heading", { name: "local", level: 1 }).waitFor();
});
await check("a field that the server refuses is told at the field", async () => {
  await visit(page, "/ui/registries/add");
  await page.getByLabel("Name", { exact: true }).fill("x");
  await page.getByLabel("Host").fill("https://no host/");
  await page.getByRole("button", { name: "Connect and test" }).click();
  await page.locator("#host-error").waitFor();
  assert.match((await page.getByLabel("Host").getAttribute("aria-describedby")) ?? "", /host-error/);
});
await check("its images appear and complete while the page is watched", async () => {
  await visit(page, "/ui/images");
  await page.evaluate(() => (window.stayed = true));
  await page.getByRole("row").filter({ hasText: "shop/orders:1.0" }).filter({ hasText: "Completed" }).waitFor({ timeout: 90_000 });
  assert.equal(await page.evaluate(() => window.stayed), true, "without a reload");
});
await check("a push from outside appears without a reload", async () => {
  registry = (await api("GET", "/registries")).items.find((r) => r.name === "local");
  await visit(page, "/ui/images");
  await page.evaluate(() => (window.stayed = true));
  push("1.1", "shop/orders:1.1");
  await api("POST", `/registries/${registry.id}/discover`);
  await page.getByRole("row").filter({ hasText: "shop/orders:1.1" }).filter({ hasText: "Completed" }).waitFor({ timeout: 90_000 });
  assert.equal(await page.evaluate(() => window.stayed), true);
});
const findImage = async () => (digest = (await api("GET", "/images?q=shop/orders")).items.find((i) => i.tags.includes("1.0"))?.digest ?? "");
await check("without advisories nothing is said to be well; when they come, findings appear on the open page", async () => {
  await findImage();
  await visit(page, `/ui/images/${digest}`);
  await page.getByText("Nothing could be assessed").waitFor();
  await visit(page, `/ui/images/${digest}`);
  await page.evaluate(() => (window.stayed = true));
  execFileSync(`${work}/advise`, { stdio: "inherit" });
  await page.getByRole("row").filter({ hasText: "CVE-2019-10744" }).first().waitFor({ timeout: 60_000 });
  assert.equal(await page.evaluate(() => window.stayed), true);
});
await check("an image's findings, packages, layers, lineage, fix and history are there", async () => {
  await findImage();
  await visit(page, `/ui/images/${digest}`);
  await page.getByRole("row").filter({ hasText: "lodash" }).first().waitFor();
  const found = (await api("GET", `/images/${digest}/findings?limit=1`)).total.value;
  await page.getByRole("status").filter({ hasText: new RegExp(`^${found} findings`) }).waitFor();
  for (const [tab, text] of [["Packages", "lodash"], ["Layers", "sha256:"], ["Lineage", "base/debian"], ["Fix", "lodash"], ["History", "scanned"], ["What it rests on", "npm"]]) {
    await page.getByRole("link", { name: tab, exact: true }).click();
    await page.getByRole("table").filter({ hasText: text }).first().waitFor();
    await settled(page);
  }
});
await check("filters stand in the address, and back goes back", async () => {
  await visit(page, "/ui/images");
  await page.getByLabel("Name, tag or digest").fill("orders:1.1");
  await page.waitForURL(/q=orders/);
  await page.getByLabel("State").selectOption("Completed");
  await page.waitForURL(/state=Completed/);
  await page.reload();
  await settled(page);
  assert.equal(await page.getByLabel("State").inputValue(), "Completed");
  await page.goBack();
  assert.doesNotMatch(page.url(), /state=/);
  assert.equal(await page.getByLabel("State").inputValue(), "");
});
await check("an exemption made elsewhere takes its finding off the open page", async () => {
  await findImage();
  const finding = (await api("GET", `/images/${digest}/findings?q=lodash`)).items[0];
  await visit(page, `/ui/images/${digest}`);
  const row = page.getByRole("row").filter({ hasText: finding.id }).filter({ hasText: "lodash" });
  await row.first().waitFor();
  const made = await api("POST", "/exemptions", { category: "waiver", vulnerability: finding.id, package: "pkg:npm/lodash", justification: "a test" });
  await row.first().waitFor({ state: "detached" });
  await api("DELETE", `/exemptions/${made.id}`);
  await row.first().waitFor();
});
await check("the page's own dialog exempts, and gives the focus back", async () => {
  await findImage();
  await visit(page, `/ui/images/${digest}?q=minimist`);
  const button = page.getByRole("button", { name: /^Exempt/ }).first();
  await button.click();
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.equal(await button.evaluate((b) => b === document.activeElement), true);
  await button.click();
  await page.getByLabel("Justification").fill("not reachable");
  await page.getByRole("dialog").getByRole("button", { name: "Exempt" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  const all = (await api("GET", "/exemptions")).items;
  assert.equal(all.filter((e) => e.justification === "not reachable").length, 1);
});
await check("blast radius: who has lodash", async () => {
  await visit(page, "/ui/vulnerabilities");
  await page.getByLabel("What is affected by").fill("pkg:npm/lodash");
  await page.getByRole("button", { name: "Find out" }).click();
  await page.getByRole("row").filter({ hasText: "shop/orders" }).first().waitFor();
});
await check("a recommendation leads to its image", async () => {
  await visit(page, "/ui/recommendations");
  await page.getByRole("row").filter({ hasText: "vulnerabilities resolved" }).first().getByRole("link").first().click();
  await page.getByRole("row").filter({ hasText: "shop/orders" }).first().waitFor();
});
await check("the trend of the overview is the history of the score", async () => {
  const trend = (await api("GET", "/overview")).score.trend, days = (await api("GET", "/secure-score/history?days=30")).items;
  assert.ok(trend.length > 0);
  assert.deepEqual(trend.map((t) => [t.day, t.percentage?.toFixed(3)]), days.map((d) => [d.day, d.percentage?.toFixed(3)]));
});
await check("alerts appear as they arise, and change when somebody else changes them", async () => {
  await visit(page, "/ui/alerts");
  await page.getByText("No alerts").waitFor();
  await page.evaluate(() => (window.stayed = true));
  await api("POST", "/alerts/simulate", { bundles: ["KubernetesService"] });
  await page.getByRole("row").nth(1).waitFor();
  await page.getByRole("row").nth(1).getByRole("link").click();
  await page.getByRole("button", { name: "Resolve" }).waitFor();
  const id = decodeURIComponent(new URL(page.url()).pathname.split("/").pop());
  await api("PATCH", `/alerts/${id}`, { status: "in_progress" });
  await page.locator("dd").filter({ hasText: "In progress" }).waitFor();
  await page.getByRole("button", { name: "Resolve" }).click();
  await page.locator("dd").filter({ hasText: "Resolved" }).waitFor();
  assert.equal((await api("GET", `/alerts/${id}`)).status, "resolved");
  assert.equal(await page.evaluate(() => window.stayed), true);
});
await check("a plan that is switched elsewhere changes on the open page", async () => {
  await visit(page, "/ui/settings");
  const card = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: "Cloud security posture" }) });
  await card.getByText("✓ on").first().waitFor();
  await api("PUT", "/plans/CloudPosture", { pricingTier: "Free" });
  await card.getByText("– off").first().waitFor();
  await api("PUT", "/plans/CloudPosture", { pricingTier: "Standard" });
  await card.getByText("✓ on").first().waitFor();
  await page.getByText("Accepted, but they protect nothing yet").waitFor();
});
await check("a channel that can not be reached says so when tested", async () => {
  await api("POST", "/channels", { name: "nowhere", kind: "webhook", config: { url: "https://localhost:9/" }, secret: "s3cret-of-a-test", minSeverity: "high", topics: ["finding"] });
  await visit(page, "/ui/settings?tab=channels");
  await page.getByRole("button", { name: "Send a test" }).click();
  await page.getByText("failed").first().waitFor();
});
await check("text of strangers stays text", async () => {
  const name = "<img src=x onerror=alert(1)>";
  const made = await api("POST", "/tokens", { name, role: "reader", days: 1 });
  await visit(page, "/ui/access?tab=tokens");
  await page.getByRole("rowheader", { name }).waitFor();
  assert.equal(await page.locator("main img").count(), 0);
  await api("DELETE", `/tokens/${made.id}`);
});
await check("a token is shown once", async () => {
  await visit(page, "/ui/access?tab=tokens");
  await page.getByRole("button", { name: "Make a token" }).click();
  await page.getByLabel("Name").fill("pipeline");
  await page.getByRole("button", { name: "Make it" }).click();
  await page.getByText(/^vlt_/).waitFor();
  await page.getByRole("button", { name: "I have it" }).click();
  await page.getByRole("rowheader", { name: "pipeline" }).waitFor();
  assert.doesNotMatch(await page.content(), /vlt_\w{20}/);
});
await check("by keyboard: the first stop skips to the page, the menu is reached", async () => {
  await visit(page, "/ui/images");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent.trim()), "Skip to the page");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  await page.getByRole("link", { name: "Health", exact: true }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Health", level: 1 }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "H1");
  assert.match(await page.title(), /^Health/);
});
await check("many tabs follow over one connection", async () => {
  const tabs = [];
  for (let i = 0; i < 8; i++) {
    const tab = await page.context().newPage();
    tab.setDefaultTimeout(FOLLOW);
    tabs.push(tab);
    await visit(tab, "/ui/registries");
    await tab.locator(".live.good").waitFor();
  }
  await api("POST", "/registries", { name: "tabs", host: "localhost:9", insecure: true });
  for (const tab of tabs) await tab.getByRole("rowheader").filter({ hasText: "tabs" }).waitFor();
  await page.goto("about:blank"); // had the connection until now
  const there = (await api("GET", "/registries")).items.find((r) => r.name === "tabs");
  await tabs[0].waitForTimeout(500);
  await api("DELETE", `/registries/${there.id}`);
  for (const tab of tabs) {
    await tab.getByRole("rowheader").filter({ hasText: "tabs" }).waitFor({ state: "detached" });
    await tab.locator(".live.good").waitFor();
    await tab.close();
  }
});
await check("a reader sees, and has nothing to change with", async () => {
  await api("POST", "/users", { name: "rita", password: "a long enough password", role: "reader" });
  const reader = await open();
  await logIn(reader, "rita", "a long enough password");
  for (const path of ["/ui/registries", "/ui/settings", "/ui/alerts", "/ui/settings?tab=channels"]) {
    await visit(reader, path);
    assert.equal(await reader.locator("main").getByRole("button", { name: /Connect|Switch|simulate|sample|Add|Remove/ }).count(), 0, path);
  }
  await visit(reader, "/ui/access");
  assert.equal(await reader.getByRole("link", { name: "Audit log" }).count(), 0);
  await reader.context().close();
});
await check("a role in one registry is given and shown as such; a changed password leaves it; tokens of others end", async () => {
  const where = (await api("GET", "/environments")).items[0].id;
  await visit(page, "/ui/access");
  await page.getByRole("button", { name: "Add a user" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("nina");
  await dialog.getByLabel("Password").fill("a long enough password");
  await dialog.getByLabel("Where").selectOption(where);
  await dialog.getByLabel("Of it").selectOption("registry");
  await dialog.getByRole("combobox", { name: "Registry" }).selectOption("local");
  await dialog.getByRole("button", { name: "Save" }).click();
  const row = page.getByRole("row").filter({ hasText: "nina" });
  await row.getByText("Reader in the registry local of default").waitFor();
  await row.getByRole("button", { name: "Change nina" }).click();
  await dialog.getByLabel("New password").fill("another long password");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });
  assert.deepEqual((await api("GET", "/users")).items.find((u) => u.name === "nina").roles.map((r) => [r.role, r.environment, r.registry]), [["reader", where, "local"]]);
  const own = token;
  token = "";
  const theirs = (await api("POST", "/login", { name: "nina", password: "another long password" })).token;
  token = own;
  await row.getByRole("button", { name: "Tokens of nina" }).click();
  await dialog.getByRole("button", { name: "End" }).first().click();
  await dialog.getByText("No tokens").waitFor();
  await page.keyboard.press("Escape");
  assert.equal((await fetch(`${url}/api/v1/me`, { headers: { Authorization: `Bearer ${theirs}` } })).status, 401);
});
await check("a registry gets a label, a role is bound to it, another to a namespace; each is told of its part alone", async () => {
  const where = (await api("GET", "/environments")).items[0].id;
  await visit(page, "/ui/registries");
  await page.getByRole("link", { name: "local" }).first().click();
  await page.getByRole("button", { name: "Edit" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Labels").fill("team=payments\ntier=gold");
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByText("team=payments, tier=gold").waitFor();
  await visit(page, "/ui/access");
  const add = async (name, part, fill) => {
    await page.getByRole("button", { name: "Add a user" }).click();
    await dialog.getByLabel("Name", { exact: true }).fill(name);
    await dialog.getByLabel("Password").fill("a long enough password");
    await dialog.getByLabel("Where").selectOption(where);
    await dialog.getByLabel("Of it").selectOption(part);
    for (const [label, text] of Object.entries(fill)) await dialog.getByLabel(label, { exact: true }).fill(text);
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.waitFor({ state: "detached" });
  };
  await add("lea", "label", { Label: "team=payments" });
  await page.getByRole("row").filter({ hasText: "lea" }).getByText("Reader in registries with team=payments of default").waitFor();
  await add("kim", "cluster", { Cluster: "sample-cluster", Namespace: "sample-namespace" });
  await page.getByRole("row").filter({ hasText: "kim" }).getByText("Reader in the namespace sample-namespace of the cluster sample-cluster of default").waitFor();
  await api("POST", "/alerts/simulate", { bundles: ["KubernetesService", "VirtualMachines"] });
  const lea = await open();
  await logIn(lea, "lea", "a long enough password");
  await visit(lea, "/ui/registries");
  await lea.getByRole("link", { name: "local" }).first().waitFor();
  await lea.context().close();
  const kim = await open();
  await logIn(kim, "kim", "a long enough password");
  await visit(kim, "/ui/alerts");
  await kim.getByText("A privileged container was started").first().waitFor();
  assert.equal(await kim.getByText("Somebody logged in by SSH").count(), 0);
  await visit(kim, "/ui/registries");
  assert.equal(await kim.getByRole("link", { name: "local" }).count(), 0);
  await kim.context().close();
});
await check("the colours follow the switch, and stay", async () => {
  await visit(page, "/ui/");
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await ground();
  await page.getByLabel("Colours").selectOption("dark");
  const dark = await ground();
  assert.notEqual(light, dark);
  await page.reload();
  await settled(page);
  assert.equal(await ground(), dark);
  await page.getByLabel("Colours").selectOption("auto");
});
await check("a restart of the server is seen, and over by itself", async () => {
  await visit(page, "/ui/registries");
  await page.locator(".live.good").waitFor();
  writeFileSync(`${work}/again`, "again\n");
  await page.locator(".live.warn").waitFor({ timeout: 30_000 });
  await page.locator(".live.good").waitFor({ timeout: 60_000 });
  await page.evaluate(() => (window.stayed = true));
  await api("POST", "/registries", { name: "elsewhere", host: "localhost:9", insecure: true });
  await page.getByRole("row").filter({ hasText: "elsewhere" }).waitFor();
  const second = (await api("GET", "/registries")).items.find((r) => r.name === "elsewhere");
  await api("DELETE", `/registries/${second.id}`);
  await page.getByRole("row").filter({ hasText: "elsewhere" }).waitFor({ state: "detached" });
});

// --- every page, light and dark, wide and narrow ---
await findImage().catch(() => undefined);
const recommendation = await api("GET", "/recommendations").then((l) => l.items.find((r) => r.assessed)?.key, () => "");
const vulnerability = await api("GET", "/vulnerabilities").then((l) => l.items[0]?.id, () => "");
const alert = await api("GET", "/alerts").then((l) => l.items[0]?.id, () => "");
const PAGES = {
  overview: "/ui/", inventory: "/ui/inventory", "inventory-bases": "/ui/inventory?tab=bases", "inventory-repositories": "/ui/inventory?tab=repositories",
  recommendations: "/ui/recommendations", controls: "/ui/recommendations?tab=controls", tasks: "/ui/recommendations?tab=tasks", recommendation: `/ui/recommendations/${recommendation}`,
  images: "/ui/images", image: `/ui/images/${digest}`, "image-packages": `/ui/images/${digest}?tab=packages`, "image-layers": `/ui/images/${digest}?tab=layers`,
  "image-lineage": `/ui/images/${digest}?tab=lineage`, "image-fix": `/ui/images/${digest}?tab=fix`, "image-history": `/ui/images/${digest}?tab=history`,
  "image-basis": `/ui/images/${digest}?tab=basis`, vulnerabilities: "/ui/vulnerabilities", vulnerability: `/ui/vulnerabilities/${vulnerability}`,
  affected: "/ui/affected?target=pkg:npm/lodash", registries: "/ui/registries", "registry-add": "/ui/registries/add", registry: `/ui/registries/${registry?.id}`,
  alerts: "/ui/alerts", alert: `/ui/alerts/${alert}`, plans: "/ui/settings", contacts: "/ui/settings?tab=contacts", channels: "/ui/settings?tab=channels",
  exemptions: "/ui/settings?tab=exemptions", rules: "/ui/settings?tab=rules", suppression: "/ui/settings?tab=suppression", environments: "/ui/settings?tab=environments",
  mail: "/ui/settings?tab=mail", users: "/ui/access", tokens: "/ui/access?tab=tokens", audit: "/ui/access?tab=audit",
  health: "/ui/health", jobs: "/ui/health?tab=jobs", feeds: "/ui/health?tab=feeds", outbox: "/ui/health?tab=outbox", notices: "/ui/health?tab=notices", "no-page": "/ui/nothing",
};

async function violations(on) {
  // By evaluation: the policy of the page lets no script of ours in any other way, as it should.
  await on.evaluate(axe);
  const result = await on.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return result.violations.filter((v) => v.impact === "serious" || v.impact === "critical")
    .map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(" | ")}`);
}

for (const scheme of ["light", "dark"]) {
  for (const width of [1280, 320]) {
    const on = await open({ colorScheme: scheme, viewport: { width, height: 800 } });
    if (!only || only.includes("pages")) {
      await on.goto(`${url}/ui/`);
      await on.getByRole("button", { name: "Log in" }).waitFor();
      await check(`pages: login, ${scheme}, ${width} px`, async () => assert.deepEqual(await violations(on), []));
      await on.screenshot({ path: `${pictures}/login-${scheme}-${width}.png` });
    }
    await logIn(on);
    for (const [name, path] of Object.entries(PAGES)) {
      await check(`pages: ${name}, ${scheme}, ${width} px`, async () => {
        // As by a link: one page after the other, over the one connection that tells of changes.
        await on.evaluate((to) => {
          history.pushState(null, "", to);
          dispatchEvent(new PopStateEvent("popstate"));
          scrollTo(0, 0);
          return new Promise((wake) => requestAnimationFrame(() => requestAnimationFrame(() => wake())));
        }, path);
        await settled(on);
        await on.locator(".live.good").waitFor();
        await on.screenshot({ path: `${pictures}/${name}-${scheme}-${width}.png` });
        assert.deepEqual(await violations(on), []);
        assert.ok((await on.evaluate(() => document.scrollingElement.scrollWidth)) <= width, "nothing goes over the edge");
        assert.equal(await on.locator(".failure").count(), 0, await on.locator(".failure").allTextContents().then((t) => t.join()));
      });
    }
    await on.context().close();
  }
}

// --- several environments: the last, since none can be removed again ---
let first = "", second = "";
await check("where there are several environments the address names the one that is shown, and links keep it", async () => {
  first = (await api("GET", "/environments")).items[0].id;
  second = (await api("POST", "/environments", { name: "Staging of others" })).id;
  await visit(page, "/ui/images");
  await page.waitForFunction((id) => location.search.includes(`environment=${id}`), first);
  await visit(page, `/ui/images?environment=${second}`);
  await page.getByText("No images yet").waitFor();
  assert.equal(await page.locator("header .environment select").inputValue(), second);
  await page.getByRole("link", { name: "Registries", exact: true }).first().click();
  await page.getByText("No registry is connected").waitFor();
  assert.equal(new URL(page.url()).searchParams.get("environment"), second);
  const link = page.getByRole("link", { name: "Alerts", exact: true });
  await link.focus(); // as before it is opened in another tab
  assert.match(await link.getAttribute("href"), new RegExp(`environment=${second}`));
  await page.goBack();
  await page.getByText("No images yet").waitFor();
  await page.locator("header .environment select").selectOption(first);
  await page.getByRole("row").filter({ hasText: "shop/orders" }).first().waitFor();
  assert.equal(new URL(page.url()).searchParams.get("environment"), first);
});
await check("a link out of a message opens what it is about, whatever was looked at last", async () => {
  await visit(page, `/ui/images?environment=${second}`);
  await page.getByText("No images yet").waitFor();
  await visit(page, `/ui/images/${digest}?environment=${first}`);
  await page.getByRole("heading", { name: /shop\/orders/ }).waitFor();
});
await check("who does not see an environment is told so, learns nothing of it, and nothing is asked", async () => {
  await api("POST", "/users", { name: "emil", password: "a long enough password", role: "reader", environment: first });
  const emil = await open(), texts = [], asked = [];
  await logIn(emil, "emil", "a long enough password");
  emil.on("request", (request) => asked.push(request.url()));
  for (const id of [second, "01234567-89ab-4cde-8f01-23456789abcd"]) {
    for (const path of ["/ui/", `/ui/images/${digest}`, "/ui/settings?tab=channels"]) {
      await emil.goto(`${url}${path}${path.includes("?") ? "&" : "?"}environment=${id}`);
      await emil.getByRole("heading", { name: "This environment is not for you to see" }).waitFor();
      texts.push(await emil.locator("body").innerText());
      assert.deepEqual(await violations(emil), []);
    }
  }
  assert.equal(new Set(texts).size, 1, "one that is not there looks the same");
  assert.doesNotMatch(texts[0], /Staging of others|shop\/orders/);
  assert.deepEqual(asked.filter((to) => to.includes("/api/") && to.includes("environment=")), []);
  await emil.getByRole("link", { name: "default" }).click();
  await emil.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
  await emil.context().close();
  const own = token;
  token = (await api("POST", "/login", { name: "emil", password: "a long enough password" })).token;
  const answers = await Promise.all([second, "01234567-89ab-4cde-8f01-23456789abcd"].map((id) => api("GET", `/images?environment=${id}`, undefined, [403, 404])));
  token = own;
  assert.equal(JSON.stringify(answers[0]).replaceAll(second, ""), JSON.stringify(answers[1]).replaceAll("01234567-89ab-4cde-8f01-23456789abcd", ""));
});

await check("log out ends the session", async () => {
  await visit(page, "/ui/");
  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByRole("button", { name: "Log in" }).waitFor();
  await page.reload();
  await page.getByRole("button", { name: "Log in" }).waitFor();
});
await check("no error of a script, no violation of the policy, nothing asked from elsewhere", () => assert.deepEqual([...new Set(complaints)], []));
await browser.close();
process.exit(failures ? 1 : 0);
