// What would mend an image: a newer base first, then one line a package.
import { inside } from "../api";
import { useData, type List } from "../data";
import { SEVERITIES, type Counts, type Finding, type ImageDetail } from "../types";
import { many } from "../text";
import { Command, CountsLine, Nothing, Shown } from "../ui/basic";
import { Table } from "../ui/table";
import { ofImage } from "./image";

const ALL = 1000; // findings looked at: the limit of a page

export interface BaseImage {
  name: string | null;
  digest: string | null;
  layers: number | null;
  images: number;
  findings: number | null;
  fixable: number | null;
  newer: { reference: string; fixes: number | null } | null;
  task: string | null;
}

interface Upgrade {
  key: string;
  name: string;
  version: string;
  to: Set<string>;
  command: string | null;
  ids: Set<string>;
  counts: Counts;
}

function upgrades(findings: Finding[]): Upgrade[] {
  const found = new Map<string, Upgrade>();
  for (const f of findings) {
    if (!f.fixedVersion) continue;
    const key = `${f.package.name} ${f.package.version}`;
    const one = found.get(key) ?? { key, name: f.package.name, version: f.package.version, to: new Set<string>(), command: null, ids: new Set<string>(), counts: {} };
    one.to.add(f.fixedVersion);
    one.command ??= f.remedy?.command ?? null;
    if (!one.ids.has(f.id)) one.counts[f.severity] = (one.counts[f.severity] ?? 0) + 1;
    one.ids.add(f.id);
    found.set(key, one);
  }
  const weigh = (u: Upgrade) => SEVERITIES.map((s) => String(u.counts[s] ?? 0).padStart(6, "0")).join("");
  return [...found.values()].sort((a, b) => weigh(b).localeCompare(weigh(a)));
}

export function FixTab({ digest, image }: { digest: string; image: ImageDetail }) {
  const data = useData<List<Finding>>(inside(ofImage(digest, "/findings"), { fixable: true, limit: ALL }), ["image", "finding", "exemption"]);
  const bases = useData<List<BaseImage>>(inside("/base-images"), ["image"]);
  const base = bases.value?.items.find((b) => (image.base?.digest && b.digest === image.base.digest) || (image.base?.name && b.name === image.base.name));
  return (
    <Shown data={data}>
      {(list) => {
        const rows = upgrades(list.items);
        return (
          <>
            {base?.newer && (
              <p class="notice">
                <b>Build it on {base.newer.reference}.</b> {base.name ?? "Its base"} is older
                {base.newer.fixes ? `; the newer one mends ${many(base.newer.fixes, "finding")} in ${many(base.images, "image")}` : ""}.
              </p>
            )}
            {rows.length === 0 ? (
              <Nothing title="No finding has a fix to install"><p>What has none yet is listed under Findings; exempt it where something else prevents it.</p></Nothing>
            ) : (
              <>
                <p>{many(rows.length, "package")} to bring up to date. Change them where the image is built, and push it: the new one is scanned by itself.</p>
                {list.next && <p class="muted">Of the {ALL} most urgent findings.</p>}
                <Table caption="Packages to bring up to date" items={rows} id={(u) => u.key} columns={[
                  { name: "Package", head: true, show: (u) => u.name },
                  { name: "Has", show: (u) => <code>{u.version}</code> },
                  { name: "Needs", show: (u) => [...u.to].map((v) => <div key={v}><code>{v}</code></div>) },
                  { name: "Mends", show: (u) => <CountsLine counts={u.counts} /> },
                  { name: "How", show: (u) => (u.command ? <Command text={u.command} /> : "") },
                ]} />
              </>
            )}
          </>
        );
      }}
    </Shown>
  );
}
