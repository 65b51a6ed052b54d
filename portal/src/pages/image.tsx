import { call, inside, may, segment } from "../api";
import { useData, type List } from "../data";
import { asked } from "../router";
import type { Counts, ImageDetail } from "../types";
import { bytes, day, many, number, shortDigest } from "../text";
import { CountsLine, Facts, Nothing, Shown, Time } from "../ui/basic";
import { Crumb, Filters, FilterSearch, Tabs } from "../ui/filter";
import { ActionButton } from "../ui/form";
import { ImageLink, imageName, ImageState } from "../ui/image";
import { ListTable, Table } from "../ui/table";
import { FindingList } from "./findings";
import { FixTab } from "./image-fix";

const TABS = [["findings", "Findings"], ["packages", "Packages"], ["layers", "Layers"], ["lineage", "Lineage"], ["fix", "Fix"], ["history", "History"], ["basis", "What it rests on"]] as const;
const TOPICS = ["image", "finding", "exemption"];

export const ofImage = (digest: string, more = "") => `/images/${segment(digest).replace(/%3A/g, ":")}${more}`;

interface Package {
  name: string;
  version: string;
  purl: string | null;
  ecosystem: string | null;
  counts: Counts | null;
}

function Packages({ digest }: { digest: string }) {
  const data = useData<List<Package>>(inside(ofImage(digest, "/packages"), { q: asked("q"), cursor: asked("cursor"), limit: 100 }), TOPICS);
  return (
    <>
      <p>
        Bill of materials: <a href={`/api/v1${inside(ofImage(digest, "/sbom"), { format: "cyclonedx" })}`} download="">CycloneDX</a> ·{" "}
        <a href={`/api/v1${inside(ofImage(digest, "/sbom"), { format: "spdx" })}`} download="">SPDX</a>
      </p>
      <ListTable data={data} caption="Packages of the image" what="packages" id={(p) => p.purl ?? `${p.ecosystem} ${p.name} ${p.version}`} columns={[
        { name: "Package", head: true, show: (p) => p.name },
        { name: "Version", show: (p) => <code>{p.version}</code> },
        { name: "Kind", show: (p) => p.ecosystem ?? "" },
        { name: "Findings", show: (p) => <CountsLine counts={p.counts} /> },
      ]} empty={<Nothing title="No packages were found in this image"><p>An image without a package database or lock files can not be matched against advisories.</p></Nothing>} />
    </>
  );
}

function Layers({ image }: { image: ImageDetail }) {
  const layers = (image.layers ?? []).map((layer, i) => ({ ...layer, ordinal: i + 1 }));
  if (layers.length === 0) return <Nothing title="The layers are known after the first scan" />;
  return (
    <Table caption="Layers, the lowest first" items={layers} id={(l) => l.ordinal} columns={[
      { name: "Layer", head: true, show: (l) => (
        <>
          {l.ordinal}. <code title={l.diffId}>{shortDigest(l.diffId)}</code> {l.base && <span class="tag">base</span>}
          {l.createdBy && <pre>{l.createdBy}</pre>}
        </>
      ) },
      { name: "Size", end: true, show: (l) => (l.size ? bytes(l.size) : "") },
      { name: "Findings it brings", show: (l) => <CountsLine counts={l.counts} /> },
    ]} />
  );
}

interface Relative {
  digest: string;
  places: { repository: string; tags: string[] | null }[] | null;
  layers: number;
}

function Relatives({ title, items, none }: { title: string; items: Relative[]; none: string }) {
  return (
    <>
      <h3>{title}</h3>
      {items.length === 0 ? <p class="muted">{none}</p> : (
        <Table caption={title} items={items} id={(r) => r.digest} columns={[
          { name: "Image", head: true, show: (r) => <ImageLink image={{ digest: r.digest, repository: r.places?.[0]?.repository ?? "", tags: r.places?.[0]?.tags ?? [] }} /> },
          { name: "Layers", end: true, show: (r) => number(r.layers) },
          { name: "Places", end: true, show: (r) => number(r.places?.length ?? 0) },
        ]} />
      )}
    </>
  );
}

function Lineage({ digest }: { digest: string }) {
  const data = useData<{ base: Relative[]; derived: Relative[]; total: number }>(inside(ofImage(digest, "/lineage")), ["image"]);
  return (
    <Shown data={data}>
      {(l) => (
        <>
          <p class="muted">Told by layers: an image derives from another where it begins with all of the other's layers.</p>
          <Relatives title="Built on" items={l.base ?? []} none="No image that is known here is the beginning of this one." />
          <Relatives title="Others are built on it" items={l.derived ?? []} none="No image that is known here begins with this one." />
        </>
      )}
    </Shown>
  );
}

const WHY: Record<string, string> = { scan: "it was scanned", advisories: "advisory data changed", indexer: "a newer indexer read it" };

interface Step {
  at: string;
  why: string;
  added: number;
  gone: number;
  criticalAdded: number;
}

function History({ digest }: { digest: string }) {
  const data = useData<List<Step>>(inside(ofImage(digest, "/history")), TOPICS);
  return (
    <ListTable data={data} caption="When the findings changed, and why" what="changes" id={(s) => s.at + s.why} columns={[
      { name: "When", head: true, show: (s) => <Time at={s.at} /> },
      { name: "Because", show: (s) => WHY[s.why] ?? s.why },
      { name: "New findings", end: true, show: (s) => number(s.added) },
      { name: "Of them critical", end: true, show: (s) => number(s.criticalAdded) },
      { name: "Gone", end: true, show: (s) => number(s.gone) },
    ]} empty={<Nothing title="Nothing has changed since it was first seen" />} />
  );
}

function Basis({ image }: { image: ImageDetail }) {
  return (
    <>
      <Facts rows={[
        ["Advisory data of", image.databaseDate ? day(image.databaseDate) : "none"],
        ["Matched", <Time at={image.matchedAt} />],
        ["Indexer", `${image.indexerVersion ?? "unknown"}${image.indexerCurrent === false ? " (an older one: it is read again)" : ""}`],
        ["Media type", image.mediaType],
        ["Configuration", image.configDigest ? <code>{image.configDigest}</code> : null],
        ["Made", image.created ? <Time at={image.created} /> : null],
      ]} />
      <h3>Data for each kind of package</h3>
      {(image.coverage ?? []).length === 0 ? <p class="muted">Known after the first scan.</p> : (
        <Table caption="Advisory data for each kind of package" items={image.coverage} id={(c) => c.ecosystem} columns={[
          { name: "Kind", head: true, show: (c) => c.ecosystem },
          { name: "Packages", end: true, show: (c) => number(c.packages) },
          { name: "Data", show: (c) => (c.hasData ? c.starter ? "starter set only" : "yes" : <b>none: not assessed</b>) },
          { name: "Source", show: (c) => c.source ?? "" },
          { name: "Of", show: (c) => (c.dataDate ? day(c.dataDate) : "") },
          { name: "Records", end: true, show: (c) => (c.records === null || c.records === undefined ? "" : number(c.records)) },
        ]} />
      )}
      {(image.notes ?? []).length > 0 && (
        <>
          <h3>Notes of the scan</h3>
          <ul>{image.notes.map((n, i) => <li key={i}>{typeof n === "string" ? n : n.text ?? n.message ?? ""}</li>)}</ul>
        </>
      )}
    </>
  );
}

function Secrets({ image }: { image: ImageDetail }) {
  if ((image.secrets ?? []).length === 0) return null;
  return (
    <>
      <h3>Secrets in the layers</h3>
      <Table caption="Secrets in the layers" items={image.secrets} id={(s) => `${s.layer} ${s.path} ${s.line} ${s.rule}`} columns={[
        { name: "File", head: true, show: (s) => <code>{s.path}{s.line ? `:${s.line}` : ""}</code> },
        { name: "Kind", show: (s) => s.rule },
        { name: "Layer", end: true, show: (s) => s.layer ?? "" },
        { name: "Seen in the image", show: (s) => (s.deleted ? "deleted later, but still in the layer" : "yes") },
      ]} />
    </>
  );
}

function Honesty({ image }: { image: ImageDetail }) {
  if (image.assessed === "not")
    return <p class="notice warn"><b>Not assessed.</b> {image.whyNot ?? "There is no advisory data for what is in it."} No findings here does not mean that there are none.</p>;
  if (image.assessed === "partial")
    return <p class="notice warn"><b>Assessed in part.</b> {image.whyNot ?? "For some of its packages there is no advisory data."} <a href="?tab=basis">What it rests on</a></p>;
  return null;
}

export function ImagePage({ digest }: { digest: string }) {
  const data = useData<ImageDetail>(inside(ofImage(digest)), TOPICS);
  const tab = asked("tab") || "findings";
  return (
    <>
      <Crumb href="/ui/images">Images</Crumb>
      <Shown data={data} lines={10} title="Image">
        {(image) => (
          <>
            <div class="head">
              <h1>{imageName(image)}</h1>
              {may("admin") && <ActionButton work={() => call("POST", inside(ofImage(digest, "/scan")))} done="It is in the queue.">Scan again</ActionButton>}
            </div>
            <Facts rows={[
              ["State", <ImageState image={image} />],
              ["Findings", image.state === "Completed" || image.counts ? <CountsLine counts={image.counts} /> : <span class="muted">not scanned yet</span>],
              ["Digest", <code>{image.digest}</code>],
              ["System", [image.distro, image.platform].filter(Boolean).join(", ")],
              ["Size", image.size ? `${bytes(image.size)} in ${many(image.layers?.length ?? 0, "layer")}` : null],
              ["Base", image.base ? image.base.name ?? shortDigest(image.base.digest ?? "") : null],
              ["Pushed", <Time at={image.pushedAt} none="unknown" />],
              ["Found", <Time at={image.firstSeen} none="unknown" />],
              ["Runs", image.running === null || image.running === undefined ? <span class="muted">unknown: no cluster is connected</span> : many(image.running, "container")],
            ]} />
            {(image.places ?? []).length > 1 && (
              <p class="muted">
                Also at {image.places.slice(1, 6).map((p) => `${p.registry?.name ?? ""}/${p.repository}${p.tags?.[0] ? ":" + p.tags[0] : ""}`).join(", ")}
                {image.places.length > 6 ? ` and ${number(image.places.length - 6)} more` : ""}
              </p>
            )}
            <Honesty image={image} />
            <Tabs label="About the image" tabs={TABS} current={tab} />
            {tab === "findings" && (
              <>
                <FindingList digest={digest} image={image} />
                <Secrets image={image} />
              </>
            )}
            {tab === "packages" && (
              <>
                <Filters label="Find packages"><FilterSearch name="q" label="Name" /></Filters>
                <Packages digest={digest} />
              </>
            )}
            {tab === "layers" && <Layers image={image} />}
            {tab === "lineage" && <Lineage digest={digest} />}
            {tab === "fix" && <FixTab digest={digest} image={image} />}
            {tab === "history" && <History digest={digest} />}
            {tab === "basis" && <Basis image={image} />}
          </>
        )}
      </Shown>
    </>
  );
}
