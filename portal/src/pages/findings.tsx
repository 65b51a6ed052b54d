import { useState } from "preact/hooks";
import { inside, segment } from "../api";
import { useData, type List } from "../data";
import { asked } from "../router";
import type { Finding, ImageDetail } from "../types";
import { day, percent } from "../text";
import { Command, Nothing, SeverityMark } from "../ui/basic";
import { FilterCheck, Filters, FilterSearch, FilterSelect, Outside, SEVERITY_OPTIONS } from "../ui/filter";
import { ListTable } from "../ui/table";
import { ExemptDialog, type ExemptScope } from "./exempt";
import { ofImage } from "./image";

const SORTS = [["", "Most urgent first"], ["severity", "By severity"], ["package", "By package"]] as const;

export function Kev({ of }: { of: Finding["kev"] }) {
  if (!of) return null;
  return <span class="tag kev" title={`Known to be exploited${of.added ? ` since ${day(of.added)}` : ""}${of.ransomware ? ", by ransomware" : ""}`}>exploited</span>;
}

function Details({ f }: { f: Finding }) {
  return (
    <details>
      <summary class="small">Details</summary>
      {f.remedy?.text && <p>{f.remedy.text}</p>}
      {f.remedy?.command && <Command text={f.remedy.command} />}
      <ul class="small">
        {f.cvss && <li>CVSS {f.cvss.score} <code>{f.cvss.vector}</code></li>}
        {f.epss && <li>EPSS {percent(f.epss.score)}: the chance that it is exploited in the next 30 days</li>}
        {f.kev && <li>Known to be exploited{f.kev.added ? ` since ${day(f.kev.added)}` : ""}{f.kev.due ? `; to be mended by ${day(f.kev.due)}` : ""}{f.kev.ransomware ? "; used by ransomware" : ""}</li>}
        {f.layer && <li>Layer {f.layer.ordinal}{f.layer.createdBy ? <>: <code>{f.layer.createdBy}</code></> : null}</li>}
        {(f.paths ?? []).slice(0, 5).map((p) => <li key={p}><code>{p}</code></li>)}
        {f.published && <li>Published {day(f.published)}{f.source ? `, told by ${f.source}` : ""}</li>}
        {(f.links ?? []).slice(0, 5).map((l) => <li key={l}><Outside href={l} /></li>)}
      </ul>
    </details>
  );
}

/** A package URL speaks of all versions where it names none. */
const anyVersion = (purl: string | null) => purl?.split("?")[0]?.replace(/@[^/]*$/, "");

export function FindingList({ digest, image }: { digest: string; image: ImageDetail }) {
  const [exempt, setExempt] = useState<ExemptScope>();
  const query = { severity: asked("severity"), fixable: asked("fixable"), kev: asked("kev"), q: asked("q"), sort: asked("sort"), includeExempt: asked("includeExempt") };
  const data = useData<List<Finding>>(inside(ofImage(digest, "/findings"), { ...query, cursor: asked("cursor"), limit: 50 }), ["image", "finding", "exemption"]);
  const filtered = Boolean(query.severity || query.fixable || query.kev || query.q);
  return (
    <>
      <Filters label="Find findings">
        <FilterSearch name="q" label="Vulnerability or package" />
        <FilterSelect name="severity" label="Severity" options={SEVERITY_OPTIONS} />
        <FilterSelect name="sort" label="Order" options={SORTS} />
        <FilterCheck name="fixable" label="With a fix" />
        <FilterCheck name="kev" label="Known to be exploited" />
        <FilterCheck name="includeExempt" label="Exempted too" />
      </Filters>
      <ListTable data={data} caption="Findings of the image" what="findings" id={(f) => `${f.id} ${f.package.purl ?? f.package.name} ${f.package.version} ${f.layer?.ordinal ?? ""}`} columns={[
        { name: "Vulnerability", head: true, show: (f) => (
          <>
            <a href={`/ui/vulnerabilities/${segment(f.id)}`}>{f.id}</a> <Kev of={f.kev} />
            {f.exemption && <span class="tag">{f.exemption.category}{f.exemption.expires ? ` until ${day(f.exemption.expires)}` : ""}</span>}
            {f.rule && <span class="tag">rule {f.rule.name}</span>}
            {f.title && <p class="small">{f.title}</p>}
          </>
        ) },
        { name: "Severity", show: (f) => <SeverityMark of={f.severity} /> },
        { name: "Package", show: (f) => <>{f.package.name} <code>{f.package.version}</code></> },
        { name: "Fixed in", show: (f) => (f.fixedVersion ? <code>{f.fixedVersion}</code> : <span class="muted">{f.fixState ?? "no fix known"}</span>) },
        { name: "CVSS", end: true, show: (f) => f.cvss?.score ?? "" },
        { name: "More", show: (f) => <Details f={f} /> },
        { name: "Exempt", quiet: true, show: (f) => (f.exemption ? "" : (
          <button type="button" class="quiet" aria-label={`Exempt ${f.id} in ${f.package.name}`} onClick={() =>
            setExempt({ title: `${f.id} in ${f.package.name}`, vulnerability: f.id, package: anyVersion(f.package.purl), digest, repository: image.repository })}>Exempt</button>
        )) },
      ]} empty={
        filtered ? <Nothing title="No finding fits these filters" />
          : image.state !== "Completed" ? <Nothing title="The image has not been scanned yet"><p>Its findings appear here when it has.</p></Nothing>
          : image.assessed === "not" ? <Nothing title="Nothing could be assessed" />
          : <Nothing title="No findings"><p>Of what was assessed, nothing is known to be vulnerable.</p></Nothing>
      } />
      {exempt && <ExemptDialog scope={exempt} close={() => setExempt(undefined)} done={data.again} />}
    </>
  );
}
