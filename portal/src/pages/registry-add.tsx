// Connecting a registry: where it is, whether it can be read, how pushes are told.
import { useState } from "preact/hooks";
import { call, inside, may } from "../api";
import { useAction, useData } from "../data";
import type { Registry } from "../types";
import { Nothing, Shown } from "../ui/basic";
import { Crumb } from "../ui/filter";
import { CheckField, FormError, SelectField, TextField } from "../ui/form";
import { ofRegistry, Progress, RegistryState } from "./registries";
import { bodyOf, TestOutcome, WebhookHelp, type RegistryForm, type TestResult } from "./registry-parts";

interface Kind {
  name: string;
  host: string;
  user: string;
  hint: string;
}

const KINDS: Record<string, Kind> = {
  generic: { name: "Any OCI registry", host: "registry.example.com:5000", user: "", hint: "A user that may read the catalogue and pull." },
  acr: { name: "Azure Container Registry", host: "NAME.azurecr.io", user: "", hint: "A token or a service principal with AcrPull: its id and secret." },
  ecr: { name: "Amazon ECR", host: "ACCOUNT.dkr.ecr.REGION.amazonaws.com", user: "AWS", hint: "The user AWS, and as password what aws ecr get-login-password prints." },
  gar: { name: "Google Artifact Registry", host: "REGION-docker.pkg.dev", user: "_json_key", hint: "The user _json_key, and the key file of a service account as password." },
  harbor: { name: "Harbor", host: "harbor.example.com", user: "robot$vallum", hint: "A robot account that may list repositories and pull." },
  dockerhub: { name: "Docker Hub", host: "registry-1.docker.io", user: "", hint: "An access token as password. Docker Hub has no catalogue: name the repositories below." },
};

const STEPS = ["Where it is", "Whether it can be read", "How pushes are told"];

function Steps({ at }: { at: number }) {
  return (
    <ol class="steps">
      {STEPS.map((s, i) => (
        <li key={s} aria-current={i === at ? "step" : undefined} class={i < at ? "done" : ""}>{s}</li>
      ))}
    </ol>
  );
}

interface Made {
  registry: Registry;
  secret: string | undefined;
}

function Where({ form, setForm, done, made }: { form: RegistryForm; setForm: (form: RegistryForm) => void; done: (made: Made, test: TestResult) => void; made: Made | undefined }) {
  const action = useAction();
  const set = (name: keyof RegistryForm) => (value: string) => setForm({ ...form, [name]: value });
  const kind = KINDS[form.kind] ?? KINDS.generic!;
  const send = (event: Event) => {
    event.preventDefault();
    void action.run(async () => {
      const body = bodyOf(form);
      let now: Made;
      if (made) {
        // Where it is was right enough to be stored; host and kind are what a registry is.
        const { host: _host, kind: _kind, ...rest } = body;
        now = { registry: await call<Registry>("PATCH", inside(ofRegistry(made.registry.id)), rest), secret: made.secret };
      } else {
        const registry = await call<Registry & { webhookSecret?: string }>("POST", inside("/registries"), body);
        now = { registry, secret: registry.webhookSecret };
      }
      done(now, await call<TestResult>("POST", inside(ofRegistry(now.registry.id, "/test"))));
    });
  };
  return (
    <form onSubmit={send}>
      <SelectField id="kind" label="Kind" value={form.kind} set={set("kind")} options={Object.entries(KINDS).map(([id, k]) => [id, k.name] as const)} error={action.error} />
      <TextField id="name" label="Name" required value={form.name} set={set("name")} error={action.error} hint="How it is called here." />
      <TextField id="host" label="Host" required value={form.host} set={set("host")} placeholder={kind.host} error={action.error} hint="With its port where that is not 443; no https:// before it." />
      <TextField id="username" label="User name" value={form.username} set={set("username")} placeholder={kind.user} error={action.error} hint={`${kind.hint} Empty reads without a credential.`} />
      <TextField id="password" label="Password or token" type="password" autocomplete="new-password" value={form.password} set={set("password")} error={action.error} hint="It is sealed with a key that is kept apart from the database." />
      <details class="more">
        <summary>More: certificate, which repositories</summary>
        <TextField id="include" label="Repositories to take" lines={3} value={form.include} set={set("include")} error={action.error} hint="One pattern a line, such as team/*. Empty takes all." />
        <TextField id="caPem" label="Certificate authority (PEM)" lines={4} value={form.caPem} set={set("caPem")} error={action.error} hint="Where the registry's certificate is not of a public authority." />
        <CheckField id="insecure" label="Do not check its certificate" value={form.insecure} set={(insecure) => setForm({ ...form, insecure })} hint="Plain HTTP too. Whoever sits between can read the credential and change images." />
      </details>
      <FormError problem={action.error} fields={["kind", "name", "host", "username", "password", "include", "caPem"]} />
      <div class="actions">
        <button type="submit" class="main" disabled={action.busy}>{action.busy ? "Connecting…" : "Connect and test"}</button>
        <a class="button" href="/ui/registries">Cancel</a>
      </div>
    </form>
  );
}

function LiveProgress({ id }: { id: number | string }) {
  const data = useData<Registry>(inside(ofRegistry(id)), ["registry", "image"]);
  return (
    <Shown data={data} lines={2}>
      {(r) => (
        <div class="card" aria-live="polite">
          <RegistryState of={r} /> <Progress counts={r.counts} />
        </div>
      )}
    </Shown>
  );
}

export function RegistryAdd() {
  const [form, setForm] = useState<RegistryForm>({
    name: "", host: "", kind: "generic", username: "", password: "", caPem: "", insecure: false, include: "", pollSeconds: "", concurrency: "", webhookSecret: "",
  });
  const [made, setMade] = useState<Made>();
  const [test, setTest] = useState<TestResult>();
  const [step, setStep] = useState(0);
  if (!may("admin")) return <><h1>Connect a registry</h1><Nothing title="This needs the role admin" /></>;
  return (
    <>
      <Crumb href="/ui/registries">Registries</Crumb>
      <h1>Connect a registry</h1>
      <Steps at={step} />
      {step === 0 && <Where form={form} setForm={setForm} made={made} done={(now, result) => { setMade(now); setTest(result); setStep(1); }} />}
      {step === 1 && made && test && (
        <>
          <TestOutcome of={test} />
          <LiveProgress id={made.registry.id} />
          <div class="actions">
            <button type="button" class={test.ok ? "main" : ""} onClick={() => setStep(2)}>{test.ok ? "Go on" : "Go on all the same"}</button>
            <button type="button" class={test.ok ? "" : "main"} onClick={() => setStep(0)}>Change what was entered</button>
          </div>
        </>
      )}
      {step === 2 && made && (
        <>
          <WebhookHelp registry={made.registry} secret={made.secret} />
          <LiveProgress id={made.registry.id} />
          <div class="actions"><a class="button main" href={`/ui/registries/${made.registry.id}`}>Done</a></div>
        </>
      )}
    </>
  );
}
