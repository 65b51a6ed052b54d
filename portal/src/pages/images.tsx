import { inside } from "../api";
import { useData, type List } from "../data";
import { asked } from "../router";
import type { Image, Registry } from "../types";
import { bytes, number } from "../text";
import { CountsLine, Nothing, Time } from "../ui/basic";
import { FilterCheck, Filters, FilterSearch, FilterSelect, SEVERITY_OPTIONS } from "../ui/filter";
import { ImageLink, ImageState } from "../ui/image";
import { ListTable, type Column } from "../ui/table";

const STATES = [["", "Any"], ["Unscanned", "Unscanned"], ["Scan in progress", "Scan in progress"], ["Scan error", "Scan error"], ["Completed", "Completed"]] as const;
const SORTS = [["", "Most urgent first"], ["pushed", "Last pushed first"], ["repository", "By name"]] as const;

const columns: Column<Image>[] = [
  { name: "Image", head: true, show: (i) => <ImageLink image={i} /> },
  { name: "Registry", show: (i) => i.registry?.name ?? <span class="muted">unknown</span> },
  { name: "State", show: (i) => <ImageState image={i} /> },
  {
    name: "Findings", show: (i) => (
      <>
        {(i.kev ?? 0) > 0 && <span class="tag kev">{number(i.kev!)} exploited</span>}
        {i.state === "Completed" || i.counts ? <CountsLine counts={i.counts} /> : <span class="muted">not scanned yet</span>}
      </>
    ),
  },
  { name: "With a fix", end: true, show: (i) => (i.fixable === null || i.fixable === undefined ? "" : number(i.fixable)) },
  { name: "Platform", show: (i) => i.platform ?? "" },
  { name: "Size", end: true, show: (i) => (i.size ? bytes(i.size) : "") },
  { name: "Pushed", show: (i) => <Time at={i.pushedAt ?? i.firstSeen} none="unknown" /> },
];

export function ImageList() {
  const registries = useData<List<Registry>>(inside("/registries"), ["registry"]);
  const filters = ["registry", "repository", "state", "severity", "q", "fixable", "kev", "sort"] as const;
  const query = Object.fromEntries(filters.map((name) => [name, asked(name)]));
  const filtered = filters.some((name) => name !== "sort" && query[name]);
  const data = useData<List<Image>>(inside("/images", { ...query, cursor: asked("cursor"), limit: 50 }), ["image", "finding", "exemption", "registry"]);
  const all: [string, string][] = [["", "All"], ...(registries.value?.items ?? []).map((r): [string, string] => [String(r.id), r.name])];
  return (
    <>
      <h1>Images</h1>
      <Filters label="Find images">
        <FilterSearch name="q" label="Name, tag or digest" />
        <FilterSelect name="registry" label="Registry" options={all} />
        <FilterSelect name="state" label="State" options={STATES} />
        <FilterSelect name="severity" label="Has at least one" options={SEVERITY_OPTIONS} />
        <FilterSelect name="sort" label="Order" options={SORTS} />
        <FilterCheck name="fixable" label="With a fix" />
        <FilterCheck name="kev" label="Known to be exploited" />
      </Filters>
      <ListTable data={data} caption="Images with their state and findings" what="images" columns={columns} id={(i) => `${i.registry?.id} ${i.repository} ${i.digest}`}
        empty={
          filtered ? (
            <Nothing title="No image fits these filters">
              <p>
                <a href="/ui/images">Show all images</a>
              </p>
            </Nothing>
          ) : (
            <Nothing title="No images yet">
              <p>
                Images appear as soon as a registry is connected and read. <a href="/ui/registries">Registries</a>
              </p>
            </Nothing>
          )
        } />
    </>
  );
}
