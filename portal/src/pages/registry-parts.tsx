// What the page of a registry and the wizard share: its fields, its test, its webhook.
import { useState } from "preact/hooks";
import { call, inside } from "../api";
import { useAction } from "../data";
import type { Registry } from "../types";
import { State } from "../ui/basic";
import { CheckField, Dialog, FormError, TextField } from "../ui/form";
import { ofRegistry } from "./registries";

export interface TestResult {
  ok: boolean;
  message: string | null;
}

export function TestOutcome({ of }: { of: TestResult }) {
  return (
    <p class={`notice${of.ok ? "" : " warn"}`} role="status">
      <State tone={of.ok ? "good" : "bad"}>{of.ok ? "It works" : "It does not work yet"}</State> {of.message}
    </p>
  );
}

export function TestButton({ id }: { id: number | string }) {
  const [result, setResult] = useState<TestResult>();
  const action = useAction();
  const test = () => action.run(async () => {
    setResult(undefined);
    setResult(await call<TestResult>("POST", inside(ofRegistry(id, "/test"))));
  });
  return (
    <>
      <button type="button" disabled={action.busy} onClick={() => void test()}>{action.busy ? "Testing…" : "Test the connection"}</button>
      <FormError problem={action.error} />
      {result && <TestOutcome of={result} />}
    </>
  );
}

const HOW: Record<string, string> = {
  harbor: "In the project, under Webhooks: HTTP, the event “Artifact pushed”, and the secret as the Auth Header.",
  acr: "With az acr webhook create: actions push and delete, and --headers \"Authorization=Bearer SECRET\".",
  dockerhub: "In the repository, under Webhooks: the address with ?secret=SECRET behind it, since Docker Hub sends no header.",
  ecr: "With EventBridge: a rule for “ECR Image Action” whose target is an API destination with the address; its connection has basic authentication with the secret as password.",
  gar: "With Pub/Sub: a push subscription to the topic gcr, to the address with ?secret=SECRET behind it, since a subscription sends no header of ours.",
};

/** What the registry has to be told, so that a push is scanned at once. */
export function WebhookHelp({ registry, secret }: { registry: Registry; secret?: string }) {
  const hook = registry.webhook;
  if (!hook) return null;
  const url = hook.url.startsWith("http") ? hook.url : location.origin + hook.url;
  const shown = secret ?? "SECRET";
  return (
    <>
      <p>Address: <code>{url}</code></p>
      {secret ? (
        <p>Secret, shown only now: <code>{secret}</code></p>
      ) : (
        <p class="muted">{hook.hasSecret ? "The secret was shown when the registry was connected; a new one is set under Edit." : "No secret is set: set one under Edit."}</p>
      )}
      {registry.kind === "generic" && (
        <>
          <p>In the configuration of Docker's registry (distribution):</p>
          <pre>{`notifications:
  endpoints:
    - name: vallum
      url: ${url}
      headers: {Authorization: ["Bearer ${shown}"]}
      timeout: 5s
      threshold: 5
      backoff: 10s`}</pre>
        </>
      )}
      {HOW[registry.kind] && <p>{HOW[registry.kind]}</p>}
      <p class="muted">Without it a push is found when the registry is read the next time. The registry has to trust the certificate of this server.</p>
    </>
  );
}

export interface RegistryForm {
  name: string;
  host: string;
  kind: string;
  username: string;
  password: string;
  caPem: string;
  insecure: boolean;
  include: string;
  labels?: string;
  pollSeconds: string;
  concurrency: string;
  webhookSecret: string;
}

export const labelsOf = (registry: Registry) => Object.entries(registry.labels ?? {}).map(([n, v]) => `${n}=${v}`).join("\n");

/** Only what was filled in: absent members leave the server's own values. */
export function bodyOf(form: Partial<RegistryForm>): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const name of ["name", "host", "kind", "username", "password", "caPem", "webhookSecret"] as const) {
    const text = form[name];
    if (text?.trim()) body[name] = name === "password" ? text : text.trim();
  }
  if (form.insecure !== undefined) body.insecure = form.insecure;
  if (form.include !== undefined) body.include = form.include.split(/[\s,]+/).filter(Boolean);
  if (form.labels !== undefined) body.labels = Object.fromEntries(form.labels.split(/[\s,]+/).filter(Boolean).map((l) => [l.split("=", 1)[0]!, l.includes("=") ? l.slice(l.indexOf("=") + 1) : ""]));
  if (form.pollSeconds) body.pollSeconds = Number(form.pollSeconds);
  if (form.concurrency) body.concurrency = Number(form.concurrency);
  return body;
}

export function RegistryEdit({ registry, done }: { registry: Registry; done: () => void }) {
  const [open, setOpen] = useState(false);
  const [form, setForm] = useState<Partial<RegistryForm>>({});
  const action = useAction();
  const set = (name: keyof RegistryForm) => (value: string) => setForm({ ...form, [name]: value });
  const start = () => {
    setForm({
      name: registry.name, username: registry.username ?? "", include: (registry.include ?? []).join("\n"), labels: labelsOf(registry), pollSeconds: String(registry.pollSeconds),
      concurrency: String(registry.concurrency), insecure: registry.insecure,
    });
    action.clear();
    setOpen(true);
  };
  const send = async (event: Event) => {
    event.preventDefault();
    if (await action.run(() => call("PATCH", inside(ofRegistry(registry.id)), bodyOf(form)))) {
      setOpen(false);
      done();
    }
  };
  return (
    <>
      <button type="button" onClick={start}>Edit</button>
      {open && (
        <Dialog title={`Edit ${registry.name}`} close={() => setOpen(false)}>
          <form onSubmit={(e) => void send(e)}>
            <TextField id="name" label="Name" required value={form.name ?? ""} set={set("name")} error={action.error} />
            <TextField id="username" label="User name" value={form.username ?? ""} set={set("username")} error={action.error} />
            <TextField id="password" label="Password or token" type="password" autocomplete="new-password" value={form.password ?? ""} set={set("password")} error={action.error}
              hint={registry.hasSecret ? "One is set. Left empty it stays." : undefined} />
            <TextField id="include" label="Repositories to take" lines={3} value={form.include ?? ""} set={set("include")} error={action.error} hint="One pattern a line, such as team/*. Empty takes all." />
            <TextField id="labels" label="Labels" lines={2} value={form.labels ?? ""} set={set("labels")} error={action.error}
              hint="One a line, such as team=payments. Whoever has a role bound to a label sees the registries that bear it." />
            <TextField id="pollSeconds" label="Read it every … seconds" type="number" min={60} value={form.pollSeconds ?? ""} set={set("pollSeconds")} error={action.error} />
            <TextField id="concurrency" label="Scans at a time" type="number" min={1} value={form.concurrency ?? ""} set={set("concurrency")} error={action.error} />
            <TextField id="webhookSecret" label="New secret of the webhook" type="password" autocomplete="new-password" value={form.webhookSecret ?? ""} set={set("webhookSecret")} error={action.error} hint="Left empty the old one stays." />
            <CheckField id="insecure" label="Do not check its certificate" value={form.insecure ?? false} set={(insecure) => setForm({ ...form, insecure })} hint="Whoever sits between can read the credential and change images." />
            <FormError problem={action.error} fields={["name", "username", "password", "include", "labels", "pollSeconds", "concurrency", "webhookSecret"]} />
            <div class="actions">
              <button type="submit" class="main" disabled={action.busy}>Save</button>
              <button type="button" onClick={() => setOpen(false)}>Cancel</button>
            </div>
          </form>
        </Dialog>
      )}
    </>
  );
}
