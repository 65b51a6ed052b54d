import { call, inside, may, segment } from "../api";
import { useData, type List } from "../data";
import { asked, go, place } from "../router";
import type { Registry } from "../types";
import { many, number, seconds } from "../text";
import { Facts, Nothing, Shown, State, Time } from "../ui/basic";
import { Crumb } from "../ui/filter";
import { ActionButton, ConfirmButton } from "../ui/form";
import { ListTable } from "../ui/table";
import { RegistryAdd } from "./registry-add";
import { labelsOf, RegistryEdit, TestButton, WebhookHelp } from "./registry-parts";

export const ofRegistry = (id: number | string, more = "") => `/registries/${segment(String(id))}${more}`;

export function RegistryState({ of }: { of: Registry }) {
  if (!of.enabled) return <State tone="plain">paused</State>;
  if (of.progress) return <><State tone="busy">being read</State><p class="small muted">{of.progress}</p></>;
  if (of.error) return <><State tone="bad">cannot be read</State><p class="small">{of.error}</p></>;
  if (!of.discoveredAt) return <State tone="busy">being read for the first time</State>;
  return <State tone="good">connected</State>;
}

/** How far the scans are: a bar, and the same in words. */
export function Progress({ counts }: { counts: Registry["counts"] }) {
  if (!counts) return <span class="muted">unknown</span>;
  const done = counts.completed + counts.error;
  const share = counts.images ? Math.round((done * 100) / counts.images) : 0;
  const rest = [
    counts.inProgress && `${number(counts.inProgress)} in progress`, counts.unscanned && `${number(counts.unscanned)} wait`,
    counts.error && `${number(counts.error)} with an error`,
  ].filter(Boolean).join(", ");
  if (!counts.images) return <span class="muted">no images yet</span>;
  return (
    <>
      <span class="meter" aria-hidden="true"><span style={{ width: `${share}%` }} /></span>{" "}
      {number(counts.completed)} of {many(counts.images, "image")} scanned
      {rest && <p class="muted small">{rest}</p>}
    </>
  );
}

function RegistryList() {
  const data = useData<List<Registry>>(inside("/registries", { cursor: asked("cursor") }), ["registry", "image"]);
  return (
    <>
      <div class="head">
        <h1>Registries</h1>
        {may("admin") && <a class="button main" href="/ui/registries/add">Connect a registry</a>}
      </div>
      <ListTable data={data} caption="Registries and how far their scans are" what="registries" id={(r) => r.id} columns={[
        { name: "Registry", head: true, show: (r) => <><a href={`/ui/registries/${segment(String(r.id))}`}>{r.name}</a><p class="muted small">{r.host}</p></> },
        { name: "Kind", show: (r) => r.kind },
        { name: "State", show: (r) => <RegistryState of={r} /> },
        { name: "Scans", show: (r) => <Progress counts={r.counts} /> },
        { name: "Repositories", end: true, show: (r) => (r.counts ? number(r.counts.repositories) : "") },
        { name: "Last read", show: (r) => <Time at={r.discoveredAt} /> },
        { name: "Last push told", show: (r) => <Time at={r.eventAt} /> },
      ]} empty={
        <Nothing title="No registry is connected">
          <p>Vallum finds repositories and images by itself once it may read a registry, and scans each push.</p>
          {may("admin") ? <p><a class="button main" href="/ui/registries/add">Connect the first one</a></p> : <p class="muted">An admin can connect one.</p>}
        </Nothing>
      } />
    </>
  );
}

interface Repository {
  name: string;
  images: number;
  lastSeen: string | null;
}

function Repositories({ id }: { id: string }) {
  const data = useData<List<Repository>>(inside(ofRegistry(id, "/repositories"), { cursor: asked("cursor") }), ["registry", "image"]);
  return (
    <ListTable data={data} caption="Repositories of the registry" what="repositories" id={(r) => r.name} columns={[
      { name: "Repository", head: true, show: (r) => <a href={`/ui/images?registry=${encodeURIComponent(id)}&repository=${encodeURIComponent(r.name)}`}>{r.name}</a> },
      { name: "Images", end: true, show: (r) => number(r.images) },
      { name: "Last seen", show: (r) => <Time at={r.lastSeen} /> },
    ]} empty={<Nothing title="No repository is known yet"><p>They appear when the registry has been read.</p></Nothing>} />
  );
}

function RegistryPage({ id }: { id: string }) {
  const data = useData<Registry>(inside(ofRegistry(id)), ["registry", "image"]);
  const change = (body: unknown) => call("PATCH", inside(ofRegistry(id)), body).then(data.again);
  return (
    <>
      <Crumb href="/ui/registries">Registries</Crumb>
      <Shown data={data} lines={8} title="Registry">
        {(r) => (
          <>
            <h1>{r.name}</h1>
            {may("admin") && (
              <div class="actions">
                <TestButton id={r.id} />
                <ActionButton work={() => call("POST", inside(ofRegistry(id, "/discover")))} done="It is in the queue.">Read it now</ActionButton>
                <RegistryEdit registry={r} done={data.again} />
                <ActionButton work={() => change({ enabled: !r.enabled })}>{r.enabled ? "Pause" : "Go on"}</ActionButton>
                <ConfirmButton label="Remove" title={`Remove ${r.name}?`} work={() => call("DELETE", inside(ofRegistry(id))).then(() => go("/ui/registries"))}>
                  <p>Its images, their findings and their exemptions leave this environment. Nothing is deleted in the registry.</p>
                </ConfirmButton>
              </div>
            )}
            <div aria-live="polite">
              <Facts rows={[
                ["State", <RegistryState of={r} />],
                ["Scans", <Progress counts={r.counts} />],
                ["Host", <code>{r.host}</code>],
                ["Kind", r.kind],
                ["Logs in as", r.username ?? "nobody: it is read without a credential"],
                ["Certificate", r.insecure ? "not checked" : "checked"],
                ["Read", <><Time at={r.discoveredAt} />, every {seconds(r.pollSeconds)}</>],
                ["Last push told", <Time at={r.eventAt} none="never: pushes are found when it is read" />],
                ["Repositories taken", r.include?.length ? r.include.join(", ") : "all"],
                ["Labels", labelsOf(r).replace(/\n/g, ", ") || "none"],
                ["Scans at a time", number(r.concurrency)],
                ["Connected", <Time at={r.created} none="" />],
              ]} />
            </div>
            {r.webhook && (
              <details class="card">
                <summary>Scan at once on push: the registry's webhook</summary>
                <WebhookHelp registry={r} />
              </details>
            )}
            <h2>Repositories</h2>
            <Repositories id={id} />
          </>
        )}
      </Shown>
    </>
  );
}

export function RegistriesPage() {
  const id = place.value.path[1];
  if (id === "add") return <RegistryAdd />;
  return id ? <RegistryPage id={id} /> : <RegistryList />;
}
