/* Windows: which update (KB) of which product fixes what, and which updates it replaces. The feed has a row
 * for every CVE, update and product; most updates fix the same CVEs on all their products, so sets of CVEs
 * are stored once and named by the pairs of product and update. */
#include <stdlib.h>
#include <string.h>

#include "build.h"

#define PAIRS_MAX 20000000U

struct fix {
    uint32_t product; /* string offset */
    uint32_t kb;
    uint32_t record; /* BUILD_NONE: no vulnerability, the update is known all the same */
    uint32_t build;  /* string offset */
};

struct replaces {
    uint32_t product;
    uint32_t kb;
    uint32_t old;
};

struct pair {
    uint32_t product, kb, build;
    uint32_t fix_at, n_fixes; /* in fixes */
    uint32_t set;
    uint32_t old_at, n_old;
};

static int compare_fixes(const void *x, const void *y)
{
    const struct fix *a = x;
    const struct fix *c = y;
    if (a->product != c->product)
        return a->product < c->product ? -1 : 1;
    if (a->kb != c->kb)
        return a->kb < c->kb ? -1 : 1;
    return a->record < c->record ? -1 : a->record > c->record;
}

static int compare_replaces(const void *x, const void *y)
{
    const struct replaces *a = x;
    const struct replaces *c = y;
    if (a->product != c->product)
        return a->product < c->product ? -1 : 1;
    if (a->kb != c->kb)
        return a->kb < c->kb ? -1 : 1;
    return a->old < c->old ? -1 : a->old > c->old;
}

struct windows {
    struct vl_vec fixes;
    struct vl_vec replaces;
    struct vl_vec pairs;
};

static int take_updates(struct vl_advisory_builder *b, struct windows *w, const struct vl_record *record,
    uint32_t base, struct vl_err *err)
{
    for (size_t i = 0; i < record->n_updates; i++) {
        const struct vl_record_update *u = &record->updates[i];
        struct fix *fix = vl_vec_push(&w->fixes, "fixes of Windows updates", err);
        if (!fix)
            return err->err;
        *fix = (struct fix){
            build_string_offset(b, u->product), u->kb, base, build_string_offset(b, u->fixed_build)};
        b->stats.windows_rows++;
        for (size_t k = 0; k < u->n_supersedes; k++) {
            struct replaces *r = vl_vec_push(&w->replaces, "replaced Windows updates", err);
            if (!r)
                return err->err;
            *r = (struct replaces){fix->product, u->kb, u->supersedes[k]};
        }
    }
    return 0;
}

static int collect(struct vl_advisory_builder *b, struct windows *w, struct vl_err *err)
{
    struct vl_record record;
    int r = 0;
    for (size_t i = 0; i < b->advisories.len; i++) {
        const struct build_advisory *adv = build_advisory_at(b, (uint32_t)i);
        for (uint32_t k = 0; k < adv->n && r == 0; k++) {
            r = build_read(b, build_entry_at(b, adv->first + k), &record, err);
            if (r == 0)
                r = take_updates(b, w, &record, adv->base, err);
        }
    }
    for (size_t i = 0; i < b->entries.len && r == 0; i++) {
        const struct build_entry *e = build_entry_at(b, (uint32_t)i);
        if (!e->facts)
            continue;
        r = build_read(b, e, &record, err);
        if (r == 0)
            r = take_updates(b, w, &record, BUILD_NONE, err);
    }
    return r;
}

static int make_pairs(struct windows *w, struct vl_err *err)
{
    const struct fix *fixes = w->fixes.items;
    const struct replaces *old = w->replaces.items;
    size_t o = 0;
    size_t i = 0;
    while (i < w->fixes.len) {
        struct pair *p = vl_vec_push(&w->pairs, "Windows updates", err);
        if (!p)
            return err->err;
        *p = (struct pair){.product = fixes[i].product, .kb = fixes[i].kb, .fix_at = (uint32_t)i};
        for (; i < w->fixes.len && fixes[i].product == p->product && fixes[i].kb == p->kb; i++) {
            p->n_fixes += fixes[i].record != BUILD_NONE;
            if (fixes[i].build)
                p->build = fixes[i].build;
        }
        while (o < w->replaces.len &&
               (old[o].product < p->product || (old[o].product == p->product && old[o].kb < p->kb)))
            o++;
        p->old_at = (uint32_t)o;
        while (o < w->replaces.len && old[o].product == p->product && old[o].kb == p->kb)
            o++;
        p->n_old = (uint32_t)o - p->old_at;
    }
    return 0;
}

/* Records of a pair as distances, each once. */
static void encode_set(const struct windows *w, const struct pair *p, struct vl_buf *out)
{
    const struct fix *fixes = (const struct fix *)w->fixes.items + p->fix_at;
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->n_fixes; i++)
        n += i == 0 || fixes[i].record != fixes[i - 1].record;
    vl_buf_append_varint(out, n);
    uint32_t before = 0;
    for (uint32_t i = 0; i < p->n_fixes; i++) {
        if (i && fixes[i].record == fixes[i - 1].record)
            continue;
        vl_buf_append_varint(out, fixes[i].record - before);
        before = fixes[i].record;
    }
}

static int number_sets(struct vl_advisory_builder *b, struct windows *w, struct vl_buf *sets, uint32_t *ret_n,
    struct vl_err *err)
{
    VL_CLEANUP(vl_map_done) struct vl_map known;
    VL_CLEANUP(vl_buf_done) struct vl_buf one;
    vl_map_init(&known, PAIRS_MAX);
    vl_buf_init(&one, BUILD_CHUNK_MAX);
    uint32_t n = 0;
    for (size_t i = 0; i < w->pairs.len; i++) {
        struct pair *p = (struct pair *)w->pairs.items + i;
        vl_buf_clear(&one);
        encode_set(w, p, &one);
        int r = vl_buf_check(&one, "a set of vulnerabilities", err);
        struct vl_map_slot *slot = NULL;
        bool added = false;
        if (r == 0)
            r = vl_map_put(&known, vl_buf_span(&one), &slot, &added, err);
        if (r < 0 || !slot)
            return r;
        if (added) {
            char *copy = vl_arena_dup_span(b->arena, vl_buf_span(&one));
            if (!copy)
                return vl_err_nomem(err);
            slot->key = (struct vl_span){copy, one.len};
            slot->value.num = n++;
            vl_buf_append_span(sets, vl_buf_span(&one));
        }
        p->set = (uint32_t)slot->value.num;
    }
    *ret_n = n;
    return 0;
}

static void write_pairs(const struct windows *w, struct vl_buf *out)
{
    const struct pair *pairs = w->pairs.items;
    const struct replaces *old = w->replaces.items;
    size_t i = 0;
    while (i < w->pairs.len) {
        size_t end = i;
        while (end < w->pairs.len && pairs[end].product == pairs[i].product)
            end++;
        vl_buf_append_varint(out, pairs[i].product);
        vl_buf_append_varint(out, end - i);
        uint32_t kb = 0;
        for (; i < end; i++) {
            vl_buf_append_varint(out, pairs[i].kb - kb);
            kb = pairs[i].kb;
            vl_buf_append_varint(out, pairs[i].set);
            vl_buf_append_varint(out, pairs[i].build);
            uint32_t n = 0;
            uint32_t before = 0;
            for (uint32_t k = 0; k < pairs[i].n_old; k++)
                n += k == 0 || old[pairs[i].old_at + k].old != old[pairs[i].old_at + k - 1].old;
            vl_buf_append_varint(out, n);
            for (uint32_t k = 0; k < pairs[i].n_old; k++) {
                uint32_t value = old[pairs[i].old_at + k].old;
                if (k && value == before)
                    continue;
                vl_buf_append_varint(out, value - before);
                before = value;
            }
        }
    }
}

static int write_windows(struct vl_advisory_builder *b, struct windows *w, struct vl_err *err)
{
    struct vl_buf *out = &b->chunks[ADB_WINDOWS];
    VL_CLEANUP(vl_buf_done) struct vl_buf sets;
    vl_buf_init(&sets, BUILD_CHUNK_MAX);
    if (w->fixes.len)
        qsort(w->fixes.items, w->fixes.len, sizeof(struct fix), compare_fixes);
    if (w->replaces.len)
        qsort(w->replaces.items, w->replaces.len, sizeof(struct replaces), compare_replaces);
    uint32_t n_sets = 0;
    int r = make_pairs(w, err);
    if (r == 0)
        r = number_sets(b, w, &sets, &n_sets, err);
    if (r < 0)
        return r;
    uint32_t products = 0;
    const struct pair *pairs = w->pairs.items;
    for (size_t i = 0; i < w->pairs.len; i++)
        products += i == 0 || pairs[i].product != pairs[i - 1].product;
    vl_buf_append_varint(out, n_sets);
    vl_buf_append_lstr(out, vl_buf_span(&sets));
    vl_buf_append_varint(out, products);
    write_pairs(w, out);
    r = vl_buf_check(&sets, "sets of vulnerabilities", err);
    return r < 0 ? r : vl_buf_check(out, "the Windows table", err);
}

int build_windows(struct vl_advisory_builder *b, struct vl_err *err)
{
    struct windows w;
    vl_vec_init(&w.fixes, sizeof(struct fix), PAIRS_MAX);
    vl_vec_init(&w.replaces, sizeof(struct replaces), PAIRS_MAX);
    vl_vec_init(&w.pairs, sizeof(struct pair), PAIRS_MAX);
    int r = collect(b, &w, err);
    if (r == 0 && w.fixes.len)
        r = write_windows(b, &w, err);
    vl_vec_done(&w.fixes);
    vl_vec_done(&w.replaces);
    vl_vec_done(&w.pairs);
    return r;
}
