/* The order of findings: most urgent first. */
#include <stdlib.h>
#include <string.h>

#include "match.h"

/* Everything but names in two numbers, so that sorting moves 24 bytes and seldom compares text. */
struct place {
    uint64_t urgency; /* larger comes first */
    uint64_t id;      /* year and number of a CVE, smaller first; others behind them */
    const struct vl_finding *finding;
};

static uint64_t id_of(const struct vl_finding *f)
{
    struct vl_span rest = vl_span_str(f->id);
    struct vl_span year;
    uint64_t y;
    uint64_t n;
    if (!vl_span_starts_with(rest, "CVE-"))
        return UINT64_MAX;
    rest = vl_span_slice(rest, 4, rest.len);
    return vl_span_split(&rest, '-', &year) && vl_span_to_u64(year, &y) && vl_span_to_u64(rest, &n) &&
                   y < 10000 && n < UINT32_MAX
               ? y << 32 | n
               : UINT64_MAX;
}

static uint64_t urgency_of(const struct vl_finding *f)
{
    uint64_t epss = f->has_epss ? 1 + (uint64_t)(f->epss * 100000.0) : 0;
    uint64_t key = f->status == VL_FINDING_OPEN;
    key = key << 1 | (f->kev != NULL);
    key = key << 1 | f->malicious;
    key = key << 3 | ((unsigned)f->severity & 7);
    key = key << 20 | (epss & 0xfffff);
    return key << 1 | (f->fixed_version != NULL);
}

static int compare_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

static int compare(const void *left, const void *right)
{
    const struct place *a = left;
    const struct place *b = right;
    if (a->urgency != b->urgency)
        return a->urgency > b->urgency ? -1 : 1;
    if (a->id != b->id)
        return a->id < b->id ? -1 : 1;
    int c = a->id == UINT64_MAX ? compare_text(a->finding->id, b->finding->id) : 0;
    if (c != 0)
        return c;
    const struct vl_package *p = a->finding->package;
    const struct vl_package *q = b->finding->package;
    if (p == q)
        return a->finding < b->finding ? -1 : a->finding > b->finding;
    c = compare_text(p->name, q->name);
    if (c == 0)
        c = compare_text(p->path, q->path);
    if (c == 0)
        c = compare_text(p->version, q->version);
    return c != 0 ? c : p < q ? -1 : 1; /* both in one array */
}

/* Puts every finding into its place, each moved once along the cycle it is in. */
static void move_all(struct vl_finding *items, struct place *places, size_t n)
{
    for (size_t start = 0; start < n; start++) {
        size_t to = start;
        size_t from = (size_t)(places[to].finding - items);
        struct vl_finding first = items[start];
        while (from != start) {
            items[to] = items[from];
            places[to].finding = &items[to];
            to = from;
            from = (size_t)(places[to].finding - items);
        }
        items[to] = first;
        places[to].finding = &items[to];
    }
}

int vl_scan_order_findings(struct vl_scan_result *result, struct vl_err *err)
{
    size_t n = result->findings.len;
    if (n < 2)
        return 0;
    struct vl_finding *items = result->findings.items;
    struct place *places = calloc(n, sizeof(*places));
    if (!places)
        return vl_err_nomem(err);
    for (size_t i = 0; i < n; i++)
        places[i] = (struct place){urgency_of(&items[i]), id_of(&items[i]), &items[i]};
    qsort(places, n, sizeof(*places), compare);
    move_all(items, places, n);
    free(places);
    return 0;
}
