// Lists: a table with a caption, which becomes cards where the screen is narrow. Roles are written out, since some browsers
// forget that a table is one when its display changes.
import type { ComponentChildren } from "preact";
import type { Data, List } from "../data";
import { number } from "../text";
import { asked, withQuery } from "../router";
import { Shown } from "./basic";

export interface Column<T> {
  name: string;
  show: (item: T) => ComponentChildren;
  end?: boolean; // numbers: to the right
  head?: boolean; // names its row
  quiet?: boolean; // the name is for screen readers only: buttons
}

export function Table<T>({ caption, columns, items, id }: { caption: string; columns: Column<T>[]; items: T[]; id: (item: T) => string | number }) {
  return (
    <div class="table-frame">
      <table role="table">
        <caption class="hidden">{caption}</caption>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((c) => (
              <th key={c.name} scope="col" role="columnheader" class={c.end ? "end" : ""}>
                <span class={c.quiet ? "hidden" : ""}>{c.name}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {items.map((item) => (
            <tr key={id(item)} role="row">
              {columns.map((c) =>
                c.head ? (
                  <th key={c.name} scope="row" role="rowheader" class={c.end ? "end" : ""}>
                    {c.show(item)}
                  </th>
                ) : (
                  <td key={c.name} role="cell" data-label={c.quiet ? "" : c.name} class={c.end ? "end" : ""}>
                    <div>{c.show(item)}</div>
                  </td>
                ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface ListProps<T> {
  data: Data<List<T>>;
  caption: string;
  what: string; // "images": in the line of totals
  columns: Column<T>[];
  id: (item: T) => string | number;
  empty: ComponentChildren;
  cursor?: string; // name of the parameter of the address
}

const singular = (what: string) => what.replace(/ies$/, "y").replace(/(?<!ie)s$/, "");

/** A page of a list, how many there are in all, and the way to the next page. */
export function ListTable<T>({ data, caption, what, columns, id, empty, cursor = "cursor" }: ListProps<T>) {
  return (
    <Shown data={data} lines={8}>
      {(list) => (
        <>
          {list.items.length === 0 && !asked(cursor) ? empty : <Table caption={caption} columns={columns} items={list.items} id={id} />}
          <div class="pager">
            <p role="status">
              {list.total && list.total.value > 0 && `${list.total.relation === "AT_LEAST" ? "at least " : ""}${number(list.total.value)} ${list.total.value === 1 ? singular(what) : what}`}
              {list.items.length > 0 && list.total && list.items.length < list.total.value ? `, ${number(list.items.length)} shown here` : ""}
            </p>
            {(asked(cursor) || list.next) && (
              <nav aria-label={`Pages of ${what}`}>
                {asked(cursor) && <a href={withQuery({ [cursor]: null })}>First page</a>}
                {list.next && (
                  <a href={withQuery({ [cursor]: list.next })} rel="next">
                    Next page
                  </a>
                )}
              </nav>
            )}
          </div>
        </>
      )}
    </Shown>
  );
}
