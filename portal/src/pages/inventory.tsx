// What Vallum knows of, by kind; and what it has no eyes for yet.
import { inside, segment } from "../api";
import { useData, type List } from "../data";
import { asked } from "../router";
import type { Registry } from "../types";
import { many, number } from "../text";
import { Nothing, Shown, Time } from "../ui/basic";
import { Tabs } from "../ui/filter";
import { ImageLink } from "../ui/image";
import { ListTable, Table } from "../ui/table";
import type { BaseImage } from "./image-fix";
import { Progress, RegistryState } from "./registries";
import type { Options } from "../ui/form";

const KINDS: Options = [["all", "All kinds"], ["registries", "Registries"], ["repositories", "Repositories"], ["bases", "Base images"]];

interface Images {
  images: { total: number; unscanned: number; inProgress: number; error: number; completed: number } | null;
}

interface Row {
  kind: string;
  known: number | null;
  href: string | null;
  says: string;
}

function All({ registries }: { registries: Registry[] }) {
  const overview = useData<Images>(inside("/overview"), ["image", "registry"]);
  const bases = useData<List<BaseImage>>(inside("/base-images"), ["image"]);
  const sum = (pick: (c: NonNullable<Registry["counts"]>) => number) => registries.reduce((n, r) => n + (r.counts ? pick(r.counts) : 0), 0);
  const images = overview.value?.images;
  const rows: Row[] = [
    { kind: "Registries", known: registries.length, href: "?tab=registries", says: `${number(registries.filter((r) => r.error).length)} cannot be read` },
    { kind: "Repositories", known: sum((c) => c.repositories), href: "?tab=repositories", says: "" },
    { kind: "Images", known: images?.total ?? sum((c) => c.images), href: "/ui/images", says: images ? `${number(images.completed)} scanned, ${number(images.error)} with an error` : "" },
    { kind: "Base images", known: bases.value ? bases.value.total?.value ?? bases.value.items.length : null, href: "?tab=bases", says: "told by shared layers" },
    { kind: "Clusters and what runs in them", known: null, href: null, says: "this release connects no cluster" },
    { kind: "Nodes", known: null, href: null, says: "this release connects no node" },
    { kind: "Cloud accounts", known: null, href: null, says: "this release reads no cloud account" },
  ];
  return (
    <Table caption="Resources by kind" items={rows} id={(r) => r.kind} columns={[
      { name: "Kind", head: true, show: (r) => (r.href ? <a href={r.href}>{r.kind}</a> : <span class="muted">{r.kind}</span>) },
      { name: "Known", end: true, show: (r) => (r.known === null ? <span class="muted">unknown</span> : number(r.known)) },
      { name: "About them", show: (r) => <span class="muted">{r.says}</span> },
    ]} />
  );
}

function Registries({ items }: { items: Registry[] }) {
  return (
    <Table caption="Registries" items={items} id={(r) => r.id} columns={[
      { name: "Registry", head: true, show: (r) => <><a href={`/ui/registries/${segment(String(r.id))}`}>{r.name}</a><p class="muted small">{r.host}</p></> },
      { name: "State", show: (r) => <RegistryState of={r} /> },
      { name: "Scans", show: (r) => <Progress counts={r.counts} /> },
      { name: "Repositories", end: true, show: (r) => (r.counts ? number(r.counts.repositories) : "") },
    ]} />
  );
}

function Repositories({ of }: { of: Registry }) {
  const data = useData<List<{ name: string; images: number; lastSeen: string | null }>>(inside(`/registries/${segment(String(of.id))}/repositories`, { limit: 200 }), ["registry", "image"]);
  return (
    <section aria-labelledby={`registry-${of.id}`}>
      <h2 id={`registry-${of.id}`}>{of.name}</h2>
      <ListTable data={data} caption={`Repositories of ${of.name}`} what="repositories" id={(r) => r.name} columns={[
        { name: "Repository", head: true, show: (r) => <a href={`/ui/images?registry=${encodeURIComponent(String(of.id))}&repository=${encodeURIComponent(r.name)}`}>{r.name}</a> },
        { name: "Images", end: true, show: (r) => number(r.images) },
        { name: "Last seen", show: (r) => <Time at={r.lastSeen} /> },
      ]} empty={<Nothing title="No repository is known yet" />} />
    </section>
  );
}

function Bases() {
  const data = useData<List<BaseImage>>(inside("/base-images"), ["image", "finding"]);
  return (
    <ListTable data={data} caption="Base images, by what mending them would mend" what="base images" id={(b) => `${b.name} ${b.digest}`} columns={[
      { name: "Base image", head: true, show: (b) => (b.digest ? <ImageLink image={{ digest: b.digest, repository: b.name ?? "", tags: [] }} /> : b.name ?? <span class="muted">unnamed</span>) },
      { name: "Images on it", end: true, show: (b) => number(b.images) },
      { name: "Findings it brings", end: true, show: (b) => (b.findings === null ? <span class="muted">unknown</span> : number(b.findings)) },
      { name: "With a fix", end: true, show: (b) => (b.fixable === null ? "" : number(b.fixable)) },
      { name: "Newer", show: (b) => (b.newer ? <><code>{b.newer.reference}</code>{b.newer.fixes ? ` mends ${many(b.newer.fixes, "finding")}` : ""}</> : <span class="muted">none known</span>) },
    ]} empty={<Nothing title="No image is built on another one that is known here"><p>Bases are told by layers: push the base image too, or scan its registry.</p></Nothing>} />
  );
}

export function InventoryPage() {
  const tab = asked("tab") || "all";
  const data = useData<List<Registry>>(inside("/registries", { limit: 1000 }), ["registry", "image"]);
  return (
    <>
      <h1>Inventory</h1>
      <Tabs label="Kinds of resources" tabs={KINDS} current={tab} />
      {tab === "bases" ? <Bases /> : (
        <Shown data={data} lines={6}>
          {(list) => (
            <>
              {tab === "all" && <All registries={list.items} />}
              {tab !== "all" && list.items.length === 0 && <Nothing title="No registry is connected"><p><a href="/ui/registries/add">Connect one</a></p></Nothing>}
              {tab === "registries" && list.items.length > 0 && <Registries items={list.items} />}
              {tab === "repositories" && list.items.map((r) => <Repositories key={r.id} of={r} />)}
            </>
          )}
        </Shown>
      )}
    </>
  );
}
