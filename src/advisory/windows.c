/* Windows packages: judged by the updates that are installed, with all that they replace, and by the build
 * number where the data names the build an update brings. Source: MSRC's update guide as wesng tells it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match.h"

#define WINDOWS_BYTES_MAX (256UL * 1024 * 1024)
#define WINDOWS_PAIRS_MAX 1000000U
#define WINDOWS_CLIMB_MAX 200U /* updates that replace one another in a chain */

struct update {
    uint32_t kb;
    uint32_t set;
    uint32_t build;
    uint32_t n_old;
    struct vl_reader old;
    bool done;     /* installed, or replaced by one that is */
    bool replaced; /* by another update of this product */
    uint32_t by;   /* its KB */
};

struct windows_state {
    struct vl_arena *arena;
    struct vl_span sets;
    uint32_t n_sets;
    uint32_t *set_at; /* offsets in sets */
    struct update *updates;
    size_t n;
    bool has_builds;
    bool found; /* the product is in the table */
};

/* Release build to product names, newest first; the second is what containers run. Source: Microsoft's
 * lifecycle pages of Windows Server. */
static const struct {
    unsigned build;
    const char *product;
} products[] = {
    {26100, "Windows Server 2025"},
    {25398, "Windows Server 2022, 23H2 Edition (Server Core installation)"},
    {20348, "Windows Server 2022"},
    {19042, "Windows Server, version 20H2 (Server Core Installation)"},
    {19041, "Windows Server, version 2004 (Server Core installation)"},
    {18363, "Windows Server, version 1909 (Server Core installation)"},
    {18362, "Windows Server, version 1903 (Server Core installation)"},
    {17763, "Windows Server 2019"},
    {17134, "Windows Server, version 1803 (Server Core Installation)"},
    {16299, "Windows Server, version 1709 (Server Core Installation)"},
    {14393, "Windows Server 2016"},
    {9600, "Windows Server 2012 R2"},
};

static const char *version_of(const struct vl_advisory_matcher *m, const struct vl_package *package)
{
    if (package->version && package->version[0])
        return package->version;
    return m->distro ? m->distro->version_id : "";
}

static unsigned build_of(const char *version)
{
    struct vl_span rest = vl_span_str(version);
    struct vl_span part;
    uint64_t number = 0;
    for (unsigned i = 0; i < 3; i++) {
        if (!vl_span_split(&rest, '.', &part))
            return 0;
    }
    return vl_span_to_u64(part, &number) && number < 1000000 ? (unsigned)number : 0;
}

bool windows_is_target(const struct vl_advisory_matcher *m, const struct vl_package *package)
{
    return package->ecosystem == VL_ECO_WINDOWS && build_of(version_of(m, package)) != 0;
}

/* The table names server core apart; containers are that where it does. 0 no, 1 the plain name, 2 core. */
static int product_fits(struct vl_span name, const char *product)
{
    if (vl_span_eq_nocase(name, vl_span_str(product)))
        return 1;
    size_t len = strlen(product);
    return name.len > len && vl_span_eq_nocase(vl_span_slice(name, 0, len), vl_span_str(product)) &&
                   vl_span_eq_nocase(
                       vl_span_slice(name, len, name.len), VL_SPAN_LIT(" (Server Core installation)"))
               ? 2
               : 0;
}

static int read_sets(
    struct vl_advisory_matcher *m, struct windows_state *w, struct vl_reader *in, struct vl_err *err)
{
    w->n_sets = adb_varint32(in);
    w->sets = adb_lstr(in);
    if (!vl_reader_ok(in) || w->n_sets > w->sets.len)
        return adb_corrupt(m->db, "the Windows table", err);
    w->set_at = vl_arena_array(w->arena, (size_t)w->n_sets + 1, sizeof(*w->set_at));
    if (!w->set_at)
        return vl_err_nomem(err);
    struct vl_reader sets = vl_reader_new(w->sets);
    for (uint32_t i = 0; i < w->n_sets && vl_reader_ok(&sets); i++) {
        w->set_at[i] = (uint32_t)sets.pos;
        uint32_t n = adb_varint32(&sets);
        for (uint32_t k = 0; k < n && vl_reader_ok(&sets); k++)
            adb_varint(&sets);
    }
    return vl_reader_ok(&sets) ? 0 : adb_corrupt(m->db, "the Windows table", err);
}

static int read_product(struct vl_advisory_matcher *m, struct windows_state *w, struct vl_reader *in,
    uint32_t n, bool keep, struct vl_err *err)
{
    struct update *list = keep ? vl_arena_array(w->arena, n, sizeof(*list)) : NULL;
    if (keep && !list)
        return vl_err_nomem(err);
    uint32_t kb = 0;
    bool builds = false;
    for (uint32_t i = 0; i < n && vl_reader_ok(in); i++) {
        struct update u = {0};
        kb += adb_varint32(in);
        u.kb = kb;
        u.set = adb_varint32(in);
        u.build = adb_varint32(in);
        u.n_old = adb_varint32(in);
        u.old = *in;
        for (uint32_t k = 0; k < u.n_old && vl_reader_ok(in); k++)
            adb_varint(in);
        if (u.set >= w->n_sets)
            return adb_corrupt(m->db, "the Windows table", err);
        builds = builds || u.build;
        if (list)
            list[i] = u;
    }
    if (list) {
        w->updates = list;
        w->n = n;
        w->has_builds = builds;
        w->found = true;
    }
    return vl_reader_ok(in) ? 0 : adb_corrupt(m->db, "the Windows table", err);
}

static int read_table(
    struct vl_advisory_matcher *m, struct windows_state *w, const char *product, struct vl_err *err)
{
    struct vl_span bytes;
    int r = adb_window(m->db, ADB_WINDOWS, 0, WINDOWS_BYTES_MAX, &bytes, err);
    if (r < 0 || bytes.len == 0)
        return r;
    struct vl_reader in = vl_reader_new(bytes);
    r = read_sets(m, w, &in, err);
    uint32_t n = r == 0 ? adb_varint32(&in) : 0;
    int best = 0;
    for (uint32_t i = 0; i < n && r == 0; i++) {
        struct vl_span name;
        uint32_t name_at = adb_varint32(&in);
        uint32_t pairs = adb_varint32(&in);
        if (!vl_reader_ok(&in) || pairs > WINDOWS_PAIRS_MAX)
            return adb_corrupt(m->db, "the Windows table", err);
        r = adb_string(m->db, name_at, &name, err);
        if (r < 0)
            return r;
        int fits = product_fits(name, product);
        r = read_product(m, w, &in, pairs, fits > best, err);
        best = fits > best ? fits : best;
    }
    return r;
}

static struct update *find_update(struct windows_state *w, uint32_t kb)
{
    size_t lo = 0;
    size_t hi = w->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (w->updates[mid].kb == kb)
            return &w->updates[mid];
        if (w->updates[mid].kb < kb)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

/* An installed update and all that it replaces, however far back. */
static void mark_done(struct windows_state *w, struct update *first, struct update **stack)
{
    size_t depth = 0;
    if (first->done)
        return;
    first->done = true;
    stack[depth++] = first;
    while (depth) {
        struct update *u = stack[--depth];
        struct vl_reader old = u->old;
        uint32_t kb = 0;
        for (uint32_t i = 0; i < u->n_old; i++) {
            kb += adb_varint32(&old);
            struct update *next = find_update(w, kb);
            if (next && !next->done) {
                next->done = true; /* each is pushed once: the stack has room for all */
                stack[depth++] = next;
            }
        }
    }
}

static void mark_replaced(struct windows_state *w)
{
    for (size_t i = 0; i < w->n; i++) {
        struct vl_reader old = w->updates[i].old;
        uint32_t kb = 0;
        for (uint32_t k = 0; k < w->updates[i].n_old; k++) {
            kb += adb_varint32(&old);
            struct update *u = find_update(w, kb);
            if (u && u != &w->updates[i] && (!u->replaced || u->by < w->updates[i].kb)) {
                u->replaced = true;
                u->by = w->updates[i].kb;
            }
        }
    }
}

static uint32_t kb_number(const char *text)
{
    struct vl_span s = vl_span_str(text);
    uint64_t number;
    if (s.len > 2 && vl_span_eq_nocase(vl_span_slice(s, 0, 2), VL_SPAN_LIT("KB")))
        s = vl_span_slice(s, 2, s.len);
    return vl_span_to_u64(s, &number) && number < UINT32_MAX ? (uint32_t)number : 0;
}

static int mark_installed(
    struct vl_advisory_matcher *m, struct windows_state *w, const char *version, struct vl_err *err)
{
    const struct vl_version_scheme *scheme = vl_version_scheme(VL_SPAN_LIT("generic"));
    struct update **stack = vl_arena_array(w->arena, w->n + 1, sizeof(*stack));
    if (!stack)
        return vl_err_nomem(err);
    mark_replaced(w);
    for (size_t i = 0; i < m->n_updates; i++) {
        struct update *u = find_update(w, kb_number(m->updates[i]));
        if (u)
            mark_done(w, u, stack);
    }
    for (size_t i = 0; i < w->n; i++) {
        struct vl_span build;
        if (!w->updates[i].build)
            continue;
        int r = adb_string(m->db, w->updates[i].build, &build, err);
        if (r < 0)
            return r;
        if (scheme && vl_version_order(scheme, vl_span_str(version), build) >= 0)
            mark_done(w, &w->updates[i], stack);
    }
    return 0;
}

static int get_state(struct vl_advisory_matcher *m, const struct vl_package *package,
    struct windows_state **ret, struct vl_err *err)
{
    if (m->windows) {
        *ret = m->windows;
        return 0;
    }
    const char *version = version_of(m, package);
    const char *product = NULL;
    unsigned build = build_of(version);
    for (size_t i = 0; i < VL_ARRAY_LEN(products) && !product; i++) {
        if (products[i].build == build)
            product = products[i].product;
    }
    struct windows_state *w = calloc(1, sizeof(*w));
    if (!w)
        return vl_err_nomem(err);
    w->arena = vl_arena_new(WINDOWS_BYTES_MAX);
    int r = w->arena ? 0 : vl_err_nomem(err);
    if (r == 0 && product)
        r = read_table(m, w, product, err);
    if (r == 0 && w->n)
        r = mark_installed(m, w, version, err);
    if (r < 0) {
        windows_free(w);
        return r;
    }
    *ret = m->windows = w;
    return 0;
}

void windows_free(struct windows_state *w)
{
    if (!w)
        return;
    vl_arena_free(w->arena);
    free(w);
}

int windows_has_data(
    struct vl_advisory_matcher *m, const struct vl_package *package, bool *ret, struct vl_err *err)
{
    struct windows_state *w;
    int r = get_state(m, package, &w, err);
    if (r < 0)
        return r;
    *ret = w->found && (m->n_updates > 0 || w->has_builds);
    return 0;
}

struct candidate {
    uint32_t record;
    uint32_t kb;
    bool fixed;
};

static int compare_candidates(const void *x, const void *y)
{
    const struct candidate *a = x;
    const struct candidate *b = y;
    if (a->record != b->record)
        return a->record < b->record ? -1 : 1;
    if (a->fixed != b->fixed)
        return a->fixed ? -1 : 1;
    return a->kb > b->kb ? -1 : a->kb < b->kb;
}

/* The newest update of the chain: what one installs today. */
static uint32_t newest_of(struct windows_state *w, uint32_t kb)
{
    for (unsigned i = 0; i < WINDOWS_CLIMB_MAX; i++) {
        const struct update *u = find_update(w, kb);
        if (!u || !u->replaced || u->by <= kb)
            break;
        kb = u->by;
    }
    return kb;
}

static int list_candidates(struct windows_state *w, struct vl_vec *list, struct vl_err *err)
{
    for (size_t i = 0; i < w->n; i++) {
        struct vl_reader set = vl_reader_new(w->sets);
        vl_reader_seek(&set, w->set_at[w->updates[i].set]);
        uint32_t n = adb_varint32(&set);
        uint32_t record = 0;
        for (uint32_t k = 0; k < n; k++) {
            record += adb_varint32(&set);
            struct candidate *c = vl_vec_push(list, "Windows vulnerabilities", err);
            if (!c)
                return err->err;
            *c = (struct candidate){record, w->updates[i].kb, w->updates[i].done};
        }
    }
    if (list->len)
        qsort(list->items, list->len, sizeof(struct candidate), compare_candidates);
    return 0;
}

static int add_hits(
    struct vl_advisory_matcher *m, struct windows_state *w, const struct vl_vec *list, struct vl_err *err)
{
    const struct candidate *c = list->items;
    for (size_t i = 0; i < list->len; i++) {
        struct adb_advisory adv;
        char kb[16];
        if ((i && c[i - 1].record == c[i].record) || c[i].fixed)
            continue;
        struct match_hit *hit = vl_vec_push(&m->hits, "Windows vulnerabilities", err);
        if (!hit)
            return err->err;
        int len = snprintf(kb, sizeof(kb), "KB%u", (unsigned)newest_of(w, c[i].kb));
        char *text = vl_arena_dup_span(w->arena, (struct vl_span){kb, (size_t)len});
        if (!text)
            return vl_err_nomem(err);
        *hit = (struct match_hit){.record = c[i].record, .state = VL_FIX_FIXED, .fixed = {text, (size_t)len}};
        int r = adb_advisory_of(m->db, c[i].record, &adv, err);
        if (r == 0)
            r = adb_advisory_group(m->db, &adv, c[i].record, &hit->group, err);
        if (r < 0)
            return r;
        hit->feed = adv.feed;
    }
    return 0;
}

int windows_match(struct vl_advisory_matcher *m, const struct vl_package *package, struct vl_err *err)
{
    bool has_data;
    int r = windows_has_data(m, package, &has_data, err);
    if (r < 0 || !has_data)
        return r;
    struct vl_vec list;
    vl_vec_init(&list, sizeof(struct candidate), 10000000);
    r = list_candidates(m->windows, &list, err);
    if (r == 0)
        r = add_hits(m, m->windows, &list, err);
    vl_vec_done(&list);
    return r;
}
