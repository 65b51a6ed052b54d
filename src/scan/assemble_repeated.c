/* The same package told of twice. */
#include <string.h>

#include "assembly.h"
#include "base/map.h"

#define KEY_MAX (64UL * 1024)

#define LESSER_FLAGS \
    (VL_PACKAGE_DEV | VL_PACKAGE_LOCKED | VL_PACKAGE_OPTIONAL | VL_PACKAGE_INDIRECT | VL_PACKAGE_BUNDLED)

/* What makes a package matter less must hold for both; what one alone tells is kept. */
static void absorb(struct vl_package *kept, const struct vl_package *other)
{
    unsigned lesser = kept->flags & other->flags & LESSER_FLAGS;
    unsigned rest = (kept->flags | other->flags) & ~(unsigned)LESSER_FLAGS;
    kept->flags = lesser | rest;
    if (kept->n_licenses == 0) {
        kept->licenses = other->licenses;
        kept->n_licenses = other->n_licenses;
    }
    if (!kept->digest)
        kept->digest = other->digest;
}

/* The same file says it twice, or two databases of one distribution do (a package list converted, and the old
 * one left where it was). */
static bool is_same(const struct vl_package *a, const struct vl_package *b)
{
    return a->ecosystem == b->ecosystem && strcmp(a->name, b->name) == 0 &&
           strcmp(a->version, b->version) == 0 && assembly_compare_text(a->arch, b->arch) == 0 &&
           (vl_ecosystem_info(a->ecosystem)->distribution || strcmp(a->path, b->path) == 0);
}

/* PEP 503: runs of "-", "_" and "." are one "-". */
static void append_pypi_name(struct vl_buf *key, const char *name)
{
    bool dash = false;
    for (const char *c = name; *c; c++) {
        bool now = *c == '-' || *c == '_' || *c == '.';
        if (!now || !dash)
            vl_buf_append_char(key, now ? '-' : *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c);
        dash = now;
    }
}

static void append_lower(struct vl_buf *key, const char *name)
{
    for (const char *c = name; *c; c++)
        vl_buf_append_char(key, *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c);
}

static struct vl_span folder_of(struct vl_span path)
{
    size_t slash = vl_span_rfind_char(path, '/');
    return vl_span_slice(path, 0, slash == SIZE_MAX ? 0 : slash);
}

/* The part before `folder`: R of "R/node_modules/…". */
static bool project_of(struct vl_span path, const char *folder, struct vl_span *ret)
{
    size_t at = vl_span_find(path, vl_span_str(folder));
    if (at == SIZE_MAX || (at && path.ptr[at - 1] != '/'))
        return false;
    *ret = vl_span_slice(path, 0, at ? at - 1 : 0);
    return true;
}

/* Where a package of a language is installed; two files that tell of one package agree in this. */
static bool place_of(const struct vl_package *p, struct vl_span *ret)
{
    struct vl_span path = vl_span_str(p->path);
    bool locked = p->flags & VL_PACKAGE_LOCKED;
    switch (p->ecosystem) {
    case VL_ECO_NPM:      /* R/node_modules/… and the lock file in R */
    case VL_ECO_COMPOSER: /* R/vendor/composer/installed.json and R/composer.lock */
        if (project_of(path, p->ecosystem == VL_ECO_NPM ? "node_modules/" : "vendor/composer/", ret))
            return true;
        *ret = folder_of(path);
        return locked;
    case VL_ECO_PYPI: { /* S/NAME-VERSION.dist-info/METADATA, S/NAME.egg-info */
        size_t at = vl_span_find(path, VL_SPAN_LIT(".egg-info"));
        at = at == SIZE_MAX ? vl_span_find(path, VL_SPAN_LIT(".dist-info/")) : at;
        *ret = folder_of(vl_span_slice(path, 0, at == SIZE_MAX ? 0 : at));
        return at != SIZE_MAX && !locked;
    }
    case VL_ECO_NUGET: /* R/APP.deps.json and the assembly R/[runtimes/…/]NAME.dll */
        if (!project_of(path, "runtimes/", ret))
            *ret = folder_of(path);
        return !locked;
    default:
        return false;
    }
}

/* Empty where only the path itself tells. */
static void place_key(const struct vl_package *p, struct vl_buf *key)
{
    struct vl_span place;
    vl_buf_clear(key);
    if (!place_of(p, &place))
        return;
    vl_buf_append_char(key, (char)('0' + (int)p->ecosystem));
    if (p->ecosystem == VL_ECO_PYPI)
        append_pypi_name(key, p->name);
    else if (p->ecosystem == VL_ECO_NUGET)
        append_lower(key, p->name);
    else
        vl_buf_append_str(key, p->name);
    vl_buf_append_char(key, '\0');
    if (p->ecosystem != VL_ECO_NUGET) /* an assembly's may be written otherwise */
        vl_buf_append_str(key, p->version);
    vl_buf_append_char(key, '\0');
    vl_buf_append_span(key, place);
}

struct places {
    struct vl_map map; /* key -> index of the package + 1 */
    struct vl_buf key;
};

static void places_done(struct places *s)
{
    vl_map_done(&s->map);
    vl_buf_done(&s->key);
}

static bool is_assembly(const struct vl_package *p)
{
    return p->ecosystem == VL_ECO_NUGET && vl_span_ends_with(vl_span_str(p->path), ".dll");
}

/* Python packages told of by dist-info and egg-info alike, and .NET's by assembly and deps.json, are merged
 * here; npm's and Composer's installed ones are remembered. Marks what is dropped by version NULL. */
static int merge_installed(
    struct assembly *a, struct places *s, struct vl_package *list, size_t i, struct vl_err *err)
{
    struct vl_package *p = &list[i];
    struct vl_map_slot *slot;
    bool added;
    if (p->flags & VL_PACKAGE_LOCKED)
        return 0;
    place_key(p, &s->key);
    if (s->key.len == 0)
        return vl_buf_check(&s->key, "a package's name", err);
    const char *copy = vl_arena_dup_span(a->scratch, vl_buf_span(&s->key));
    if (!copy)
        return vl_arena_check(a->scratch, "installed packages", err);
    int r = vl_map_put(&s->map, (struct vl_span){copy, s->key.len}, &slot, &added, err);
    if (r < 0)
        return r;
    if (added) {
        slot->value.num = i + 1;
    } else if (p->ecosystem == VL_ECO_PYPI) {
        absorb(&list[slot->value.num - 1], p);
        p->version = NULL;
    } else if (is_assembly(p)) {
        p->version = NULL;
    } else if (is_assembly(&list[slot->value.num - 1])) {
        list[slot->value.num - 1].version = NULL;
        slot->value.num = i + 1;
    }
    return 0;
}

/* A lock file tells more of a package that is installed beside it: whether it is for development only. */
static void merge_locked(struct places *s, struct vl_package *list, size_t i)
{
    struct vl_package *p = &list[i];
    if (!(p->flags & VL_PACKAGE_LOCKED) || (p->flags & VL_PACKAGE_MAIN))
        return;
    place_key(p, &s->key);
    if (s->key.len == 0)
        return;
    const struct vl_map_slot *slot = vl_map_get(&s->map, vl_buf_span(&s->key));
    if (!slot)
        return;
    list[slot->value.num - 1].flags |=
        p->flags & (VL_PACKAGE_DEV | VL_PACKAGE_OPTIONAL | VL_PACKAGE_INDIRECT);
    p->version = NULL;
}

static void compact(struct vl_vec *packages)
{
    struct vl_package *list = packages->items;
    size_t kept = 0;
    for (size_t i = 0; i < packages->len; i++)
        if (list[i].version)
            list[kept++] = list[i];
    packages->len = kept;
}

int assembly_drop_repeated(struct assembly *a, struct vl_err *err)
{
    struct vl_vec *packages = &a->inventory->packages;
    struct vl_package *list = packages->items;
    VL_CLEANUP(places_done) struct places s;
    vl_map_init(&s.map, VL_INVENTORY_PACKAGES_MAX);
    vl_buf_init(&s.key, KEY_MAX);
    size_t last = 0;
    for (size_t i = 1; i < packages->len; i++) {
        if (is_same(&list[last], &list[i])) {
            absorb(&list[last], &list[i]);
            list[i].version = NULL;
        } else {
            last = i;
        }
    }
    compact(packages);
    int r = 0;
    for (size_t i = 0; i < packages->len && r >= 0; i++)
        r = merge_installed(a, &s, list, i, err);
    for (size_t i = 0; i < packages->len && r >= 0; i++)
        if (list[i].version)
            merge_locked(&s, list, i);
    compact(packages);
    return r;
}
