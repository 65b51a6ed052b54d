/* content/feeds.tsv, row by row. */
#include "feed.h"

bool vl_feed_row_next(struct vl_span *rest, struct vl_feed_row *ret)
{
    struct vl_span line;
    while (vl_span_split_line(rest, &line)) {
        if (line.len == 0 || line.ptr[0] == '#')
            continue;
        struct vl_feed_row row = {0};
        struct vl_span *cells[] = {&row.name, &row.kind, &row.local, &row.url, &row.ecosystem, &row.title};
        for (size_t i = 0; i < VL_ARRAY_LEN(cells); i++) {
            if (!vl_span_split(&line, '\t', cells[i]))
                break;
            if (vl_span_eq_str(*cells[i], "-"))
                *cells[i] = VL_SPAN_EMPTY;
        }
        if (row.name.len == 0 || row.kind.len == 0)
            continue;
        *ret = row;
        return true;
    }
    return false;
}
