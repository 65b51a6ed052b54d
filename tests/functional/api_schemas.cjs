// Holds what a running server answers against the schemas of its openapi.json. Makes something of each kind first. Settings come by
// the environment: VALLUM_URL, VALLUM_TOKEN, VALLUM_REGISTRY, VALLUM_SCHEMAS (the folder with node_modules). Exit 4 where one does not fit.
const path = require("path");
const need = (name) => require(path.join(process.env.VALLUM_SCHEMAS, "node_modules", name));
const Ajv = need("ajv/dist/2020");
const addFormats = need("ajv-formats");
const base = process.env.VALLUM_URL + "/api/v1";
let failures = 0;

const ok = (name) => console.log(`ok ${name}`);
const notOk = (name, why) => {
  console.log(`not ok ${name}\n    ${why}`);
  failures++;
};

async function ask(method, target, body, accept) {
  const headers = { Authorization: `Bearer ${process.env.VALLUM_TOKEN}` };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (accept) headers.Accept = accept;
  const answer = await fetch(base + target, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const text = await answer.text();
  return { status: answer.status, type: answer.headers.get("content-type") || "", text };
}

async function make(name, method, target, body) {
  const answer = await ask(method, target, body);
  if (answer.status >= 200 && answer.status < 300) return answer.text ? JSON.parse(answer.text) : {};
  notOk(name, `${answer.status} ${answer.text.slice(0, 300)}`);
  return {};
}

async function scanned() {
  for (let i = 0; i < 300; i++) {
    const list = JSON.parse((await ask("GET", "/images")).text);
    if (list.items.length >= 3 && list.items.every((image) => image.state === "Completed")) return list.items;
    await new Promise((done) => setTimeout(done, 200));
  }
  return [];
}

// Where the first item of a list gives what stands in the place of a longer path.
const keys = { "/images": "digest", "/vulnerabilities": "id", "/recommendations": "key" };

async function place(pattern) {
  const at = pattern.indexOf("/{");
  if (at < 0) return pattern;
  const list = pattern.slice(0, at);
  const answer = await ask("GET", list);
  const items = answer.status === 200 ? JSON.parse(answer.text).items : [];
  if (list === "/images") items.sort((a, b) => (b.fixable || 0) - (a.fixable || 0));
  const name = pattern.slice(at + 2, pattern.indexOf("}"));
  const value = items.length ? items[0][keys[list] || name] : undefined;
  if (value === undefined) return null;
  return pattern.replace(/\{[^}]*\}/, encodeURIComponent(value));
}

async function main() {
  const served = await fetch(base + "/openapi.json");
  const document = await served.json();
  const ajv = new (Ajv.default || Ajv)({ strict: false, allErrors: true, validateFormats: true });
  (addFormats.default || addFormats)(ajv);
  ajv.addSchema(document, "api");
  const pointer = (...parts) => "api#/" + parts.map((p) => encodeURIComponent(p.replace(/~/g, "~0").replace(/\//g, "~1"))).join("/");
  const fits = (name, schema, value) => {
    const check = ajv.getSchema(schema) || ajv.compile({ $ref: schema });
    if (check(value)) return ok(name);
    notOk(name, check.errors.slice(0, 3).map((e) => `${e.instancePath}: ${e.message} ${JSON.stringify(e.params)}`).join("\n    "));
  };

  const registry = await make("a registry", "POST", "/registries", { name: "test", host: process.env.VALLUM_REGISTRY, insecure: true });
  await make("its catalogue", "POST", `/registries/${registry.id}/discover`);
  const images = await scanned();
  if (images.length < 3) notOk("three images are Completed", (await ask("GET", "/images")).text.slice(0, 500));
  await make("an exemption", "POST", "/exemptions", { category: "waiver", vulnerability: "CVE-2019-0001", justification: "a test" });
  await make("a disable rule", "POST", "/disable-rules", { name: "old ones", vulnerabilities: ["CVE-2019-0002"], justification: "a test" });
  await make("a channel", "POST", "/channels", { name: "hook", kind: "webhook", config: { url: "https://127.0.0.1:1/hook" }, topics: ["alert"], minSeverity: "high" });
  await make("the mail server", "PUT", "/settings/mail", { host: "mail.example.org", port: 587, from: "vallum@example.org" });
  await make("a suppression rule", "PUT", "/suppression-rules/quiet", { alertType: "VM_X", state: "enabled", reason: "a test" });
  await make("a governance rule", "PUT", "/governance-rules/images", { owner: "platform@example.org", severities: ["high"], days: 14, gracePeriod: true });
  await make("a contact", "PUT", "/contacts/default", { emails: ["security@example.org"], minSeverity: "high" });
  await make("alerts", "POST", "/alerts/simulate", { bundles: ["KubernetesService"] });
  await make("a task", "POST", "/tasks", { recommendation: "c0b7cfc6-3172-465a-b378-53c7ff2cc0d5" });
  await make("a token", "POST", "/tokens", { name: "ci", role: "reader" });
  await make("a user", "POST", "/users", { name: "ada", password: "correct horse battery staple", role: "reader" });

  for (const [full, methods] of Object.entries(document.paths)) {
    const operation = methods.get;
    const pattern = full.replace("/api/v1", "");
    if (!operation || operation["x-not-built"] || ["/events", "/openapi.json"].includes(pattern)) continue;
    const target = pattern === "/images/affected-by" ? "/images/affected-by?target=CVE-2019-10744" : await place(pattern);
    const name = `GET ${full}`;
    if (target === null) {
      console.log(`skip ${name}: there is none`);
      continue;
    }
    const answer = await ask("GET", target);
    if (pattern.startsWith("/oidc")) { // no provider here; tests/functional/test_oidc has one
      if (answer.status === 404 && answer.type.startsWith("application/problem+json")) ok(`${name}: there is no provider`);
      else notOk(name, `${answer.status} ${answer.text.slice(0, 300)}`);
      continue;
    }
    const content = operation.responses["200"].content;
    if (answer.status !== 200) notOk(name, `${answer.status} ${answer.text.slice(0, 300)}`);
    else if (content["application/json"])
      fits(name, pointer("paths", full, "get", "responses", "200", "content", "application/json", "schema"), JSON.parse(answer.text));
    else ok(name);
    if (!content["application/x-ndjson"] || answer.status !== 200) continue;
    const lines = (await ask("GET", target, undefined, "application/x-ndjson")).text.split("\n").filter(Boolean);
    const listed = JSON.parse(answer.text).total;
    if (listed && lines.length < Math.min(listed.value, 50)) notOk(`${name}, lines`, `${lines.length} of ${listed.value}`);
    for (const line of lines.slice(0, 3))
      fits(`${name}, a line`, pointer("paths", full, "get", "responses", "200", "content", "application/x-ndjson", "schema"), JSON.parse(line));
  }
  const wrong = await ask("GET", "/images?limit=x");
  fits("an error", "api#/components/schemas/Problem", JSON.parse(wrong.text));
  const found = JSON.parse((await ask("GET", "/images/affected-by?target=CVE-2019-10744")).text);
  found.items.length === 1 && found.items[0].places[0].repository === "app/old"
    ? ok("the blast radius of the advisory is the old image") : notOk("the blast radius", JSON.stringify(found).slice(0, 300));
  process.exit(failures ? 4 : 0);
}

main().catch((error) => {
  console.log(`not ok the schemas\n    ${error.stack}`);
  process.exit(1);
});
