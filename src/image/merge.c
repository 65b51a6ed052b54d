#include "image/merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"

#define FOLDERS_MAX       2000000 /* remembered by the cache */
#define CACHE_BYTES_MAX   (256UL * 1024 * 1024)
#define REWRITE_BYTES_MAX (256UL * 1024 * 1024)
#define REWRITE_ROUNDS    8 /* links of lower layers beneath links of lower layers … */

struct vl_merge {
    struct vl_merge_entry *all; /* of all layers, sorted by path, then layer, then kind */
    size_t n_all;
    struct vl_merge_entry *view; /* the visible ones */
    size_t n_view;
    struct vl_arena *arena; /* rewritten paths */
    struct vl_arena *cache_arena;
    struct vl_map folders; /* folder as written -> folder as it is: const char * */
    bool rewritten;
};

static bool is_marker(const struct vl_layer_path *p)
{
    return p->kind == VL_LAYER_PATH_WHITEOUT || p->kind == VL_LAYER_PATH_OPAQUE;
}

static int compare_entries(const struct vl_merge_entry *a, const struct vl_merge_entry *b)
{
    int c = vl_layer_path_compare(a->path, b->path);
    if (c == 0)
        c = a->layer < b->layer ? -1 : a->layer > b->layer;
    return c ? c : a->entry < b->entry ? -1 : a->entry > b->entry;
}

static int compare_entries_qsort(const void *a, const void *b)
{
    return compare_entries(a, b);
}

/* Merges neighbouring runs, two by two, until one is left. `ends` holds where each run ends. */
static void merge_sorted_runs(
    struct vl_merge_entry **items, struct vl_merge_entry **spare, size_t *ends, size_t runs)
{
    while (runs > 1) {
        struct vl_merge_entry *from = *items;
        struct vl_merge_entry *to = *spare;
        size_t begin = 0;
        size_t out = 0;
        for (size_t r = 0; r < runs; r += 2) {
            size_t mid = ends[r];
            size_t end = r + 1 < runs ? ends[r + 1] : mid;
            size_t a = begin;
            size_t b = mid;
            for (size_t i = begin; i < end; i++)
                to[i] =
                    b >= end || (a < mid && compare_entries(&from[a], &from[b]) <= 0) ? from[a++] : from[b++];
            ends[out++] = end;
            begin = end;
        }
        runs = out;
        *items = to;
        *spare = from;
    }
}

static int gather(
    struct vl_merge *m, const struct vl_layer_paths *const *layers, size_t n, struct vl_err *err)
{
    size_t total = 0;
    size_t got = 0;
    for (size_t k = 0; k < n; k++)
        total += layers[k] ? layers[k]->entries.len : 0;
    if (total > VL_MERGE_ENTRIES_MAX)
        return vl_err_set(
            err, VL_ERR_LIMIT, "image: more than %d entries in all layers", VL_MERGE_ENTRIES_MAX);
    m->all = calloc(total + 1, sizeof(*m->all));
    m->view = calloc(total + 1, sizeof(*m->view));
    size_t *ends = calloc(n + 1, sizeof(*ends));
    if (!m->all || !m->view || !ends) {
        free(ends);
        return vl_err_nomem(err);
    }
    for (size_t k = 0; k < n; k++) {
        const struct vl_layer_path *p = layers[k] ? layers[k]->entries.items : NULL;
        for (size_t i = 0; p && i < layers[k]->entries.len; i++)
            m->all[got++] = (struct vl_merge_entry){p[i].path, &p[i], (uint32_t)k};
        ends[k] = got;
    }
    m->n_all = got;
    merge_sorted_runs(&m->all, &m->view, ends, n);
    free(ends);
    return 0;
}

/* All entries of one path, lowest layer first. */
struct group {
    const struct vl_merge_entry *items;
    size_t len;
    size_t path_len;
    uint32_t floor; /* content of layers below this one is hidden */
    bool links;     /* a symbolic link is among them */
};

/* The folders on the way to the group looked at. */
struct pass {
    struct vl_merge *merge;
    struct group *stack;
    size_t depth;
    size_t cap;
    const char **moved; /* new path by index in merge->all, or NULL */
    size_t n_moved;
    struct vl_err *err;
};

static bool is_beneath(const char *path, const struct group *g)
{
    return g->path_len == 0 ||
           (strncmp(path, g->items[0].path, g->path_len) == 0 && path[g->path_len] == '/');
}

static int push_group(struct pass *s, const struct group *g)
{
    if (s->depth == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 64;
        struct group *stack = realloc(s->stack, cap * sizeof(*stack));
        if (!stack)
            return vl_err_nomem(s->err);
        s->stack = stack;
        s->cap = cap;
    }
    s->stack[s->depth++] = *g;
    return 0;
}

/* Fills g->floor and g->links, and gives the entry that is visible, or NULL. */
static const struct vl_merge_entry *judge(struct group *g, uint32_t floor)
{
    const struct vl_merge_entry *best = NULL;
    g->floor = floor;
    for (size_t i = 0; i < g->len; i++) {
        const struct vl_merge_entry *e = &g->items[i];
        uint32_t hides = e->layer;
        if (e->entry->kind == VL_LAYER_PATH_WHITEOUT) {
            floor = floor > hides ? floor : hides;
        } else if (e->entry->kind != VL_LAYER_PATH_OPAQUE) {
            best = e;
            hides = e->entry->kind == VL_LAYER_PATH_DIR ? 0 : hides + 1;
            g->links = g->links || e->entry->kind == VL_LAYER_PATH_SYMLINK;
        }
        g->floor = g->floor > hides ? g->floor : hides;
    }
    return best && best->layer >= floor ? best : NULL;
}

/* The symbolic link that the folder of `g` is when layer `layer` is applied; NULL where it is none. */
static const struct vl_merge_entry *link_at(const struct group *g, uint32_t layer)
{
    const struct vl_merge_entry *now = NULL;
    for (size_t i = 0; i < g->len && g->items[i].layer <= layer; i++) {
        const struct vl_merge_entry *e = &g->items[i];
        if (e->entry->kind == VL_LAYER_PATH_WHITEOUT && now && now->layer < e->layer)
            now = NULL;
        else if (!is_marker(e->entry))
            now = e;
    }
    return now && now->entry->kind == VL_LAYER_PATH_SYMLINK ? now : NULL;
}

/* "a/b" as seen from the folder that holds `link`, with `rest` of the path behind it. */
static const char *through_link(struct vl_merge *m, const char *link, const char *target, const char *rest)
{
    const char *slash = strrchr(link, '/');
    int parent =
        target[0] == '/' || !slash ? 0 : vl_span_int_len((struct vl_span){link, (size_t)(slash - link)});
    VL_CLEANUP(vl_buf_done) struct vl_buf joined;
    vl_buf_init(&joined, 3UL * VL_TAR_PATH_MAX);
    vl_buf_printf(&joined, "%.*s/%s/%s", parent, link, target, rest);

    /* Lexically, with ".." stopping at the root; a link further inside is the next round's. */
    char clean[VL_TAR_PATH_MAX];
    size_t len = 0;
    struct vl_span left = vl_buf_span(&joined);
    struct vl_span part;
    if (joined.failed)
        return NULL;
    while (vl_span_split(&left, '/', &part)) {
        if (part.len == 0 || vl_span_eq_str(part, "."))
            continue;
        if (vl_span_eq_str(part, "..")) {
            while (len && clean[--len] != '/')
                ;
            continue;
        }
        if (len + part.len + 2 > sizeof(clean))
            return NULL;
        if (len)
            clean[len++] = '/';
        memcpy(clean + len, part.ptr, part.len);
        len += part.len;
    }
    return len ? vl_arena_dup_span(m->arena, (struct vl_span){clean, len}) : NULL;
}

/* Entries beneath what is a symbolic link at their time get the path they really land on, after the pass. */
static void note_moved(struct pass *s, const struct group *g)
{
    for (size_t d = 0; d < s->depth; d++) {
        const struct group *above = &s->stack[d];
        for (size_t i = 0; above->links && i < g->len; i++) {
            const struct vl_merge_entry *e = &g->items[i];
            size_t index = (size_t)(e - s->merge->all);
            const struct vl_merge_entry *link = link_at(above, e->layer);
            if (!link || s->moved[index])
                continue;
            s->moved[index] =
                through_link(s->merge, link->path, link->entry->target, e->path + above->path_len);
            s->n_moved += s->moved[index] != NULL;
        }
    }
}

static int take_group(struct pass *s, struct group *g)
{
    while (s->depth && !is_beneath(g->items[0].path, &s->stack[s->depth - 1]))
        s->depth--;
    uint32_t floor = s->depth ? s->stack[s->depth - 1].floor : 0;
    note_moved(s, g);
    const struct vl_merge_entry *best = judge(g, floor);
    if (best)
        s->merge->view[s->merge->n_view++] = *best;
    return push_group(s, g);
}

static int run_pass(struct pass *s)
{
    struct vl_merge *m = s->merge;
    int r = 0;
    m->n_view = 0;
    s->n_moved = s->depth = 0;
    for (size_t i = 0, n; r == 0 && i < m->n_all; i += n) {
        for (n = 1; i + n < m->n_all && strcmp(m->all[i].path, m->all[i + n].path) == 0; n++)
            ;
        struct group g = {.items = &m->all[i], .len = n, .path_len = strlen(m->all[i].path)};
        r = take_group(s, &g);
    }
    return r;
}

static void apply_moved(struct pass *s)
{
    struct vl_merge *m = s->merge;
    for (size_t i = 0; i < m->n_all; i++) {
        if (s->moved[i])
            m->all[i].path = s->moved[i];
        s->moved[i] = NULL;
    }
    if (m->n_all)
        qsort(m->all, m->n_all, sizeof(*m->all), compare_entries_qsort);
    m->rewritten = true;
}

static int build_view(struct vl_merge *m, struct vl_err *err)
{
    struct pass s = {.merge = m, .err = err, .moved = calloc(m->n_all + 1, sizeof(*s.moved))};
    int r = s.moved ? run_pass(&s) : vl_err_nomem(err);
    for (unsigned round = 0; r == 0 && s.n_moved && round < REWRITE_ROUNDS; round++) {
        apply_moved(&s);
        r = run_pass(&s);
    }
    free(s.stack);
    free(s.moved);
    return r;
}

int vl_merge_new(
    const struct vl_layer_paths *const *layers, size_t n_layers, struct vl_merge **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_merge_cleanup) struct vl_merge *m = calloc(1, sizeof(*m));
    if (!m)
        return vl_err_nomem(err);
    vl_map_init(&m->folders, FOLDERS_MAX);
    m->arena = vl_arena_new(REWRITE_BYTES_MAX);
    m->cache_arena = vl_arena_new(CACHE_BYTES_MAX);
    if (!m->arena || !m->cache_arena)
        return vl_err_nomem(err);
    int r = gather(m, layers, n_layers, err);
    if (r == 0)
        r = build_view(m, err);
    if (r < 0)
        return r;
    *ret = m;
    m = NULL;
    return 0;
}

void vl_merge_free(struct vl_merge *merge)
{
    if (!merge)
        return;
    free(merge->all);
    free(merge->view);
    vl_map_done(&merge->folders);
    vl_arena_free(merge->arena);
    vl_arena_free(merge->cache_arena);
    free(merge);
}

void vl_merge_cleanup(struct vl_merge **merge)
{
    vl_merge_free(*merge);
    *merge = NULL;
}

size_t vl_merge_count(const struct vl_merge *merge)
{
    return merge->n_view;
}

const struct vl_merge_entry *vl_merge_at(const struct vl_merge *merge, size_t index)
{
    return index < merge->n_view ? &merge->view[index] : NULL;
}

/* The first of `items` whose path is not below `path`. */
static size_t lower_bound(const struct vl_merge_entry *items, size_t len, const char *path)
{
    size_t from = 0;
    while (len) {
        size_t half = len / 2;
        if (vl_layer_path_compare(items[from + half].path, path) < 0) {
            from += half + 1;
            len -= half + 1;
        } else {
            len = half;
        }
    }
    return from;
}

const struct vl_merge_entry *vl_merge_find(const struct vl_merge *merge, const char *path)
{
    size_t i = lower_bound(merge->view, merge->n_view, path);
    return i < merge->n_view && strcmp(merge->view[i].path, path) == 0 ? &merge->view[i] : NULL;
}

static const struct vl_merge_entry *find_link(const struct vl_merge *m, const char *path)
{
    const struct vl_merge_entry *e = vl_merge_find(m, path);
    return e && e->entry->kind == VL_LAYER_PATH_SYMLINK ? e : NULL;
}

/* A path on its way through links: what is settled, and what is still to be walked. */
struct walk {
    char *done; /* VL_TAR_PATH_MAX bytes, the caller's */
    size_t len;
    char rest[2 * VL_TAR_PATH_MAX];
    size_t at; /* in rest */
};

static void drop_last(struct walk *w)
{
    while (w->len && w->done[--w->len] != '/')
        ;
    w->done[w->len] = '\0';
}

static bool append_part(struct walk *w, struct vl_span part)
{
    if (w->len + part.len + 2 > VL_TAR_PATH_MAX)
        return false;
    if (w->len)
        w->done[w->len++] = '/';
    memcpy(w->done + w->len, part.ptr, part.len);
    w->len += part.len;
    w->done[w->len] = '\0';
    return true;
}

/* Puts the target of the link just walked onto before what is left. */
static bool enter_link(struct walk *w, const char *target)
{
    size_t left = strlen(w->rest + w->at);
    size_t len = strlen(target);
    if (len + 1 + left + 1 > sizeof(w->rest))
        return false;
    memmove(w->rest + len + 1, w->rest + w->at, left + 1);
    memcpy(w->rest, target, len);
    w->rest[len] = '/';
    w->at = 0;
    if (target[0] == '/') {
        w->len = 0;
        w->done[0] = '\0';
    } else {
        drop_last(w);
    }
    return true;
}

static bool resolve_slowly(const struct vl_merge *m, const char *path, bool follow_last, char *ret)
{
    struct walk w; /* not zeroed: it holds a whole path, and most are short */
    w.done = ret;
    w.len = w.at = 0;
    size_t len = strlen(path);
    unsigned links = 0;
    ret[0] = '\0';
    if (len >= VL_TAR_PATH_MAX)
        return false;
    memcpy(w.rest, path, len + 1);

    for (;;) {
        w.at += strspn(w.rest + w.at, "/");
        struct vl_span part = {w.rest + w.at, strcspn(w.rest + w.at, "/")};
        if (part.len == 0)
            return true;
        w.at += part.len;
        if (vl_span_eq_str(part, "."))
            continue;
        if (vl_span_eq_str(part, "..")) {
            drop_last(&w);
            continue;
        }
        if (!append_part(&w, part))
            return false;
        bool last = w.rest[w.at + strspn(w.rest + w.at, "/")] == '\0';
        const struct vl_merge_entry *link = last && !follow_last ? NULL : find_link(m, ret);
        if (link && (++links > VL_MERGE_LINKS_MAX || !enter_link(&w, link->entry->target)))
            return false;
    }
}

static bool is_clean(const char *path)
{
    for (const char *p = path;; p++) {
        size_t len = strcspn(p, "/");
        if (len == 0 || (len == 1 && p[0] == '.') || (len == 2 && p[0] == '.' && p[1] == '.'))
            return false;
        p += len;
        if (!*p)
            return true;
    }
}

static void remember(struct vl_merge *m, struct vl_span folder, const char *resolved)
{
    struct vl_map_slot *slot;
    struct vl_err ignored = VL_ERR_INIT;
    char *key = vl_arena_dup_span(m->cache_arena, folder);
    char *value = vl_arena_strdup(m->cache_arena, resolved);
    /* A full cache costs time, nothing else. */
    if (key && value &&
        vl_map_put(&m->folders, (struct vl_span){key, folder.len}, &slot, NULL, &ignored) == 0)
        slot->value.ptr = value;
}

static const char *remembered(const struct vl_merge *m, struct vl_span folder)
{
    const struct vl_map_slot *slot = vl_map_get(&m->folders, folder);
    return slot ? slot->value.ptr : NULL;
}

/* `path` is clean; `base` starts at its last part. With the folder known one look-up is left. */
static bool resolve_in(
    const struct vl_merge *m, const char *folder, const char *base, bool follow_last, char *ret)
{
    struct walk w = {.done = ret, .len = strlen(folder)};
    memcpy(ret, folder, w.len + 1);
    if (!append_part(&w, vl_span_str(base)))
        return false;
    if (!follow_last || !find_link(m, ret))
        return true;
    char again[VL_TAR_PATH_MAX];
    memcpy(again, ret, w.len + 1);
    return resolve_slowly(m, again, true, ret);
}

/* The folder a clean path lies in, resolved; *scratch may hold it. NULL where that fails. */
static const char *resolve_folder(struct vl_merge *m, struct vl_span folder, char scratch[VL_TAR_PATH_MAX])
{
    const char *known = folder.len ? remembered(m, folder) : "";
    if (known)
        return known;
    char path[VL_TAR_PATH_MAX];
    if (folder.len >= sizeof(path))
        return NULL;
    memcpy(path, folder.ptr, folder.len);
    path[folder.len] = '\0';

    size_t slash = vl_span_rfind_char(folder, '/');
    struct vl_span parent = vl_span_slice(folder, 0, slash == SIZE_MAX ? 0 : slash);
    const char *above = parent.len ? remembered(m, parent) : "";
    bool ok = above ? resolve_in(m, above, path + (parent.len ? parent.len + 1 : 0), true, scratch)
                    : resolve_slowly(m, path, true, scratch);
    if (!ok)
        return NULL;
    remember(m, folder, scratch);
    return scratch;
}

bool vl_merge_resolve(struct vl_merge *merge, const char *path, bool follow_last, char ret[VL_TAR_PATH_MAX])
{
    path += strspn(path, "/");
    if (!is_clean(path))
        return resolve_slowly(merge, path, follow_last, ret);
    const char *slash = strrchr(path, '/');
    char scratch[VL_TAR_PATH_MAX];
    struct vl_span folder = {path, slash ? (size_t)(slash - path) : 0};
    const char *known = resolve_folder(merge, folder, scratch);
    return known && resolve_in(merge, known, slash ? slash + 1 : path, follow_last, ret);
}

bool vl_merge_visible(struct vl_merge *merge, size_t layer, const char *path)
{
    const struct vl_merge_entry *e = vl_merge_find(merge, path);
    if (e && e->layer == layer)
        return true;
    char real[VL_TAR_PATH_MAX];
    if (!merge->rewritten || !vl_merge_resolve(merge, path, false, real))
        return false;
    e = vl_merge_find(merge, real);
    return e && e->layer == layer;
}

/* What a hard link of layer `layer` names: the highest entry of that path up to the layer. */
static const struct vl_merge_entry *find_at(const struct vl_merge *m, const char *path, uint32_t layer)
{
    const struct vl_merge_entry *found = NULL;
    for (size_t i = lower_bound(m->all, m->n_all, path);
        i < m->n_all && m->all[i].layer <= layer && strcmp(m->all[i].path, path) == 0; i++)
        if (!is_marker(m->all[i].entry))
            found = &m->all[i];
    return found;
}

const struct vl_merge_entry *vl_merge_content(struct vl_merge *merge, const char *path)
{
    char real[VL_TAR_PATH_MAX];
    if (!vl_merge_resolve(merge, path, true, real))
        return NULL;
    const struct vl_merge_entry *e = vl_merge_find(merge, real);
    for (unsigned links = 0; e && links < VL_MERGE_LINKS_MAX; links++) {
        const struct vl_merge_entry *from = e;
        switch ((enum vl_layer_path_kind)e->entry->kind) {
        case VL_LAYER_PATH_FILE:
            return e;
        case VL_LAYER_PATH_HARDLINK:
            e = find_at(merge, from->entry->target, from->layer);
            if (!e && vl_merge_resolve(merge, from->entry->target, true, real))
                e = find_at(merge, real, from->layer);
            break;
        case VL_LAYER_PATH_SYMLINK: /* a hard link to a symbolic link */
            e = vl_merge_resolve(merge, from->path, true, real) ? vl_merge_find(merge, real) : NULL;
            break;
        default:
            return NULL;
        }
    }
    return NULL;
}

/* A folder may be implied by what is in it. */
static bool is_folder(const struct vl_merge *m, const char *path)
{
    size_t len = strlen(path);
    size_t i = lower_bound(m->view, m->n_view, path);
    if (i < m->n_view && strcmp(m->view[i].path, path) == 0)
        return m->view[i].entry->kind == VL_LAYER_PATH_DIR;
    return i < m->n_view && strncmp(m->view[i].path, path, len) == 0 && m->view[i].path[len] == '/';
}

static bool near_root(const char *path)
{
    const char *slash = strchr(path, '/');
    return !slash || !strchr(slash + 1, '/');
}

bool vl_merge_next_dir_link(const struct vl_merge *merge, size_t *pos, struct vl_arena *arena,
    const char **ret_link, const char **ret_target)
{
    char real[VL_TAR_PATH_MAX];
    while (*pos < merge->n_view) {
        const struct vl_merge_entry *e = &merge->view[(*pos)++];
        if (e->entry->kind != VL_LAYER_PATH_SYMLINK || !near_root(e->path) ||
            !resolve_slowly(merge, e->path, true, real) || !is_folder(merge, real))
            continue;
        const char *target = vl_arena_strdup(arena, real);
        if (!target)
            return false;
        *ret_link = e->path;
        *ret_target = target;
        return true;
    }
    return false;
}
