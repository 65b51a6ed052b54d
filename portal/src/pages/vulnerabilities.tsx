import { useState } from "preact/hooks";
import { inside, segment } from "../api";
import { useData, type List } from "../data";
import { asked, go, place } from "../router";
import type { Finding, Severity } from "../types";
import { day, number, percent } from "../text";
import { Facts, Nothing, SeverityMark, Shown, Time } from "../ui/basic";
import { Crumb, FilterCheck, Filters, FilterSearch, FilterSelect, Outside, SEVERITY_OPTIONS } from "../ui/filter";
import { imageHref, imageName } from "../ui/image";
import { ListTable, Table } from "../ui/table";
import { ExemptDialog } from "./exempt";
import { Kev } from "./findings";

interface Vulnerability {
  id: string;
  title: string | null;
  severity: Severity;
  cvss: { score: number; vector?: string } | null;
  epss: { score: number; percentile?: number } | null;
  kev: Finding["kev"];
  images: number;
  packages: string[];
  fixable: boolean;
  firstSeen: string | null;
}

interface VulnerabilityDetail extends Vulnerability {
  details: string | null;
  aliases: string[];
  cwes: string[];
  links: string[];
  affected: { digest: string; repository: string; tags?: string[]; package: string | { name: string; version: string }; fixedVersion: string | null }[];
}

const SORTS = [["", "Most urgent first"], ["images", "In most images first"]] as const;
const TOPICS = ["finding", "image", "exemption"];

/** "What is affected by this?": a CVE, a package, an image, a layer. */
export function AffectedSearch({ start = "" }: { start?: string }) {
  const [text, setText] = useState(start);
  const send = (event: Event) => {
    event.preventDefault();
    if (text.trim()) go(`/ui/affected?target=${encodeURIComponent(text.trim())}`);
  };
  return (
    <form class="filters" role="search" aria-label="Blast radius" onSubmit={send}>
      <label class="wide">
        What is affected by …
        <input type="search" value={text} required spellcheck={false} placeholder="CVE-2021-44228, pkg:npm/lodash, sha256:…" onInput={(e) => setText(e.currentTarget.value)} />
      </label>
      <button type="submit">Find out</button>
    </form>
  );
}

function VulnerabilityList() {
  const query = { severity: asked("severity"), fixable: asked("fixable"), kev: asked("kev"), q: asked("q"), sort: asked("sort") };
  const data = useData<List<Vulnerability>>(inside("/vulnerabilities", { ...query, cursor: asked("cursor"), limit: 50 }), TOPICS);
  const filtered = Boolean(query.severity || query.fixable || query.kev || query.q);
  return (
    <>
      <h1>Vulnerabilities</h1>
      <AffectedSearch />
      <Filters label="Find vulnerabilities">
        <FilterSearch name="q" label="Vulnerability or package" />
        <FilterSelect name="severity" label="Severity" options={SEVERITY_OPTIONS} />
        <FilterSelect name="sort" label="Order" options={SORTS} />
        <FilterCheck name="fixable" label="With a fix" />
        <FilterCheck name="kev" label="Known to be exploited" />
      </Filters>
      <ListTable data={data} caption="Vulnerabilities in all images" what="vulnerabilities" id={(v) => v.id} columns={[
        { name: "Vulnerability", head: true, show: (v) => (
          <>
            <a href={`/ui/vulnerabilities/${segment(v.id)}`}>{v.id}</a> <Kev of={v.kev} />
            {v.title && <p class="small">{v.title}</p>}
          </>
        ) },
        { name: "Severity", show: (v) => <SeverityMark of={v.severity} /> },
        { name: "Images", end: true, show: (v) => number(v.images) },
        { name: "Packages", show: (v) => (v.packages ?? []).map((p) => <div key={p}><code>{p}</code></div>) },
        { name: "Fix", show: (v) => (v.fixable ? "yes" : <span class="muted">none known</span>) },
        { name: "CVSS", end: true, show: (v) => v.cvss?.score ?? "" },
        { name: "EPSS", end: true, show: (v) => (v.epss ? percent(v.epss.score) : "") },
        { name: "First seen", show: (v) => <Time at={v.firstSeen} none="" /> },
      ]} empty={filtered ? <Nothing title="No vulnerability fits these filters" /> : (
        <Nothing title="No vulnerabilities are known in what was scanned">
          <p>What was not assessed is told by <a href="/ui/">the overview</a>.</p>
        </Nothing>
      )} />
    </>
  );
}

function VulnerabilityPage({ id }: { id: string }) {
  const data = useData<VulnerabilityDetail>(inside(`/vulnerabilities/${segment(id)}`), TOPICS);
  const [open, setOpen] = useState(false);
  return (
    <>
      <Crumb href="/ui/vulnerabilities">Vulnerabilities</Crumb>
      <Shown data={data} lines={10} title={id}>
        {(v) => (
          <>
            <div class="head">
              <h1>{v.id}</h1>
              <span class="actions">
                <a class="button" href={`/ui/affected?target=${encodeURIComponent(v.id)}`}>Blast radius</a>
                <button type="button" onClick={() => setOpen(true)}>Exempt</button>
              </span>
            </div>
            {v.title && <p>{v.title}</p>}
            <Facts rows={[
              ["Severity", <SeverityMark of={v.severity} />],
              ["Exploited", v.kev ? <><Kev of={v.kev} /> {v.kev.added ? `since ${day(v.kev.added)}` : ""}</> : "not known to be"],
              ["CVSS", v.cvss ? <>{v.cvss.score} {v.cvss.vector && <code>{v.cvss.vector}</code>}</> : null],
              ["EPSS", v.epss ? percent(v.epss.score) : null],
              ["Images", number(v.images)],
              ["First seen", <Time at={v.firstSeen} none="unknown" />],
              ["Also known as", (v.aliases ?? []).join(", ")],
              ["Weakness", (v.cwes ?? []).join(", ")],
            ]} />
            {v.details && <p class="prose">{v.details}</p>}
            {(v.links ?? []).length > 0 && <ul>{v.links.slice(0, 10).map((l) => <li key={l}><Outside href={l} /></li>)}</ul>}
            <h2>Affected images</h2>
            {(v.affected ?? []).length === 0 ? <Nothing title="No image of this environment has it" /> : (
              <Table caption={`Images with ${v.id}`} items={v.affected} id={(a) => `${a.digest} ${JSON.stringify(a.package)}`} columns={[
                { name: "Image", head: true, show: (a) => <a href={imageHref(a.digest)}>{imageName(a)}</a> },
                { name: "Package", show: (a) => (typeof a.package === "string" ? <code>{a.package}</code> : <>{a.package?.name} <code>{a.package?.version}</code></>) },
                { name: "Fixed in", show: (a) => (a.fixedVersion ? <code>{a.fixedVersion}</code> : <span class="muted">no fix known</span>) },
              ]} />
            )}
            {(v.affected ?? []).length >= 100 && <p class="muted">The first 100; all of them stand under <a href={`/ui/affected?target=${encodeURIComponent(v.id)}`}>blast radius</a>.</p>}
            {open && <ExemptDialog scope={{ title: v.id, vulnerability: v.id }} close={() => setOpen(false)} done={data.again} />}
          </>
        )}
      </Shown>
    </>
  );
}

export function VulnerabilitiesPage() {
  const id = place.value.path[1];
  return id ? <VulnerabilityPage id={id} /> : <VulnerabilityList />;
}

interface Affected extends List<{ digest: string; places: { registry?: { name: string } | null; repository: string; tags?: string[] | null }[] | null; why: string | null; firstSeen: string | null; lastSeen: string | null; present: boolean; ranAt: string | null }> {
  kind: string;
  target: string;
}

const KINDS: Record<string, string> = { image: "an image", package: "a package", vulnerability: "a vulnerability", layer: "a layer" };

export function AffectedPage() {
  const target = asked("target"), since = asked("since") || "90d";
  const data = useData<Affected>(target ? inside("/images/affected-by", { target, since, cursor: asked("cursor") }) : null, TOPICS);
  return (
    <>
      <Crumb href="/ui/vulnerabilities">Vulnerabilities</Crumb>
      <h1>Blast radius</h1>
      <p class="muted">Which images had it: by name, by package, by base layer. Also those that are gone, as long as they were seen in the time asked for.</p>
      <AffectedSearch key={target} start={target} />
      {target && (
        <>
          <Filters label="Time">
            <FilterSelect name="since" label="Seen in the last" options={[["", "90 days"], ["7d", "7 days"], ["30d", "30 days"], ["365d", "year"]]} />
          </Filters>
          {data.value?.kind && <p>Looked for {KINDS[data.value.kind] ?? data.value.kind}: <code>{data.value.target}</code></p>}
          <ListTable data={data} caption={`Images affected by ${target}`} what="images" id={(a) => a.digest} columns={[
            { name: "Image", head: true, show: (a) => (
              <>
                <a href={imageHref(a.digest)}>{imageName({ digest: a.digest, repository: a.places?.[0]?.repository ?? "", tags: a.places?.[0]?.tags ?? [] })}</a>
                {(a.places?.length ?? 0) > 1 && <p class="muted small">in {a.places!.length} places</p>}
              </>
            ) },
            { name: "Because", show: (a) => a.why ?? "" },
            { name: "First seen", show: (a) => <Time at={a.firstSeen} none="unknown" /> },
            { name: "Last seen", show: (a) => <Time at={a.lastSeen} none="unknown" /> },
            { name: "Still there", show: (a) => (a.present ? "yes" : "no") },
            { name: "Ran", show: (a) => (a.ranAt ? <Time at={a.ranAt} /> : <span class="muted">unknown: no cluster is connected</span>) },
          ]} empty={<Nothing title="No image of this environment had it in that time" />} />
        </>
      )}
    </>
  );
}
