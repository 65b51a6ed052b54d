/* The order of findings: most urgent first. */
#include <stdlib.h>
#include <string.h>

#include "match.h"

/* Everything but names in one number, so that sorting moves 16 bytes and seldom compares text. */
struct place {
    uint64_t urgency; /* larger comes first */
    const struct vl_finding *finding;
};

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
    int c = compare_text(a->finding->id, b->finding->id);
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

int vl_scan_order_findings(struct vl_scan_result *result, struct vl_err *err)
{
    size_t n = result->findings.len;
    if (n < 2)
        return 0;
    struct vl_finding *items = result->findings.items;
    struct place *places = calloc(n, sizeof(*places));
    struct vl_finding *sorted = malloc(n * sizeof(*sorted));
    if (!places || !sorted) {
        free(places);
        free(sorted);
        return vl_err_nomem(err);
    }
    for (size_t i = 0; i < n; i++)
        places[i] = (struct place){urgency_of(&items[i]), &items[i]};
    qsort(places, n, sizeof(*places), compare);
    for (size_t i = 0; i < n; i++)
        sorted[i] = *places[i].finding;
    memcpy(items, sorted, n * sizeof(*sorted));
    free(places);
    free(sorted);
    return 0;
}
