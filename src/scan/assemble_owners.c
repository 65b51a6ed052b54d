/* What belongs to packages of the distribution. A file is theirs where its path is, unless a later layer than
 * the one that brought the package put other content there: "COPY app /usr/bin/app" over a packaged file is
 * the image's own, and the distribution's verdict does not speak for it. */
#include <stdlib.h>
#include <string.h>

#include "assembly.h"
#include "base/map.h"
#include "owners.h"

#define SAME_NAME_MAX 256 /* packages of one name (architectures, kernels) that are looked at */

/* Packages of the distribution by name. */
struct names {
    struct vl_map map; /* name -> index + 1 of its first package; the others follow in the sorted list */
    uint32_t *layer;   /* by package: the layer whose list of its files counts */
};

static void names_done(struct names *names)
{
    vl_map_done(&names->map);
    free(names->layer);
}

static bool is_distribution(const struct vl_package *p)
{
    return vl_ecosystem_info(p->ecosystem)->distribution;
}

static int names_build(struct names *names, const struct assembly *a, struct vl_err *err)
{
    const struct vl_vec *packages = &a->inventory->packages;
    vl_map_init(&names->map, VL_INVENTORY_PACKAGES_MAX);
    names->layer = calloc(packages->len + 1, sizeof(*names->layer));
    if (!names->layer)
        return vl_err_nomem(err);
    int r = 0;
    for (size_t i = 0; i < packages->len && r >= 0; i++) {
        const struct vl_package *p = vl_vec_at(packages, i);
        struct vl_map_slot *slot;
        bool added = false;
        names->layer[i] = VL_LAYER_NONE;
        if (is_distribution(p))
            r = vl_map_put(&names->map, vl_span_str(p->name), &slot, &added, err);
        if (added)
            slot->value.num = i + 1;
    }
    return r;
}

/* The package that a list of files speaks of; the list says no architecture where the package is there once.
 */
static uint32_t find_package(
    const struct names *names, const struct assembly *a, const struct vl_package_owned *list)
{
    const struct vl_vec *packages = &a->inventory->packages;
    const struct vl_map_slot *slot = vl_map_get(&names->map, vl_span_str(list->package));
    if (!slot)
        return VL_PACKAGE_NONE;
    size_t first = slot->value.num - 1;
    for (size_t i = first; i < packages->len && i < first + SAME_NAME_MAX; i++) {
        const struct vl_package *p = vl_vec_at(packages, i);
        if (strcmp(p->name, list->package) != 0)
            break;
        if (!list->arch || !p->arch || strcmp(list->arch, p->arch) == 0)
            return (uint32_t)i;
    }
    return VL_PACKAGE_NONE;
}

/* Lists of the uppermost layer that has one for a package; those below are of older versions. */
static void search_lists(struct owners *o, struct names *names, const struct assembly *a)
{
    for (size_t k = a->n; k-- > 0;) {
        const struct vl_vec *lists = a->indexes[k] ? &a->indexes[k]->sink.owned : NULL;
        for (size_t i = 0; lists && i < lists->len; i++) {
            const struct vl_package_owned *list = vl_vec_at(lists, i);
            uint32_t owner = find_package(names, a, list);
            if (owner == VL_PACKAGE_NONE ||
                (names->layer[owner] != VL_LAYER_NONE && names->layer[owner] != (uint32_t)k))
                continue;
            names->layer[owner] = (uint32_t)k;
            owners_search(o, (struct vl_span){list->paths, list->paths_len}, owner);
        }
    }
}

/* Second names that a file has through links near the root: dpkg lists "lib/x" where the layer has
 * "usr/lib/x". */
struct links {
    struct vl_vec list; /* struct link */
};

struct link {
    const char *from, *to;
};

static void links_done(struct links *links)
{
    vl_vec_done(&links->list);
}

#define LINKS_MAX 256 /* more of them in one image are no distribution's */

static int links_build(struct links *links, const struct assembly *a, struct vl_err *err)
{
    struct link link;
    vl_vec_init(&links->list, sizeof(struct link), LINKS_MAX);
    for (size_t pos = 0; links->list.len < LINKS_MAX &&
                         vl_merge_next_dir_link(a->merge, &pos, a->scratch, &link.from, &link.to);) {
        struct link *slot = vl_vec_push(&links->list, "links to folders", err);
        if (!slot)
            return err->err;
        *slot = link;
    }
    return vl_arena_check(a->scratch, "links to folders", err);
}

static int want_aliases(
    struct owners *o, const struct links *links, uint32_t want, const char *path, struct vl_err *err)
{
    char name[2 * VL_TAR_PATH_MAX];
    int r = 0;
    for (size_t i = 0; i < links->list.len && r >= 0; i++) {
        const struct link *link = vl_vec_at(&links->list, i);
        size_t to = strlen(link->to), from = strlen(link->from), rest = strlen(path);
        if (to == 0 || strncmp(path, link->to, to) != 0 || path[to] != '/')
            continue;
        rest -= to;
        if (from + rest >= sizeof(name))
            continue;
        memcpy(name, link->from, from);
        memcpy(name + from, path + to, rest);
        r = owners_alias(o, want, (struct vl_span){name, from + rest}, err);
    }
    return r;
}

static int want_path(struct owners *o, const struct links *links, const struct assembly *a, const char *path,
    uint32_t *ret_want, struct vl_err *err)
{
    char file[VL_TAR_PATH_MAX], real[VL_TAR_PATH_MAX];
    size_t len = assembly_file_len(a, path);
    *ret_want = OWNERS_NONE;
    if (len == 0 || len >= sizeof(file))
        return 0;
    memcpy(file, path, len);
    file[len] = '\0';
    const char *name = vl_merge_resolve(a->merge, file, false, real) ? real : file;
    int r = owners_want(o, vl_span_str(name), ret_want, err);
    return r < 0 ? r : want_aliases(o, links, *ret_want, name, err);
}

/* Everything asked for: packages first, then unidentified files. */
struct asked {
    uint32_t *package, *unidentified; /* wants */
};

static void asked_done(struct asked *asked)
{
    free(asked->package);
    free(asked->unidentified);
}

static int ask(struct asked *asked, struct owners *o, const struct assembly *a, struct vl_err *err)
{
    const struct vl_vec *packages = &a->inventory->packages, *files = &a->inventory->unidentified;
    VL_CLEANUP(links_done) struct links links;
    int r = links_build(&links, a, err);
    asked->package = calloc(packages->len + 1, sizeof(*asked->package));
    asked->unidentified = calloc(files->len + 1, sizeof(*asked->unidentified));
    if (!asked->package || !asked->unidentified)
        return vl_err_nomem(err);
    for (size_t i = 0; i < packages->len && r >= 0; i++) {
        const struct vl_package *p = vl_vec_at(packages, i);
        asked->package[i] = OWNERS_NONE;
        if (!is_distribution(p))
            r = want_path(o, &links, a, p->path, &asked->package[i], err);
    }
    for (size_t i = 0; i < files->len && r >= 0; i++) {
        const struct vl_unidentified *u = vl_vec_at(files, i);
        r = want_path(o, &links, a, u->path, &asked->unidentified[i], err);
    }
    return r;
}

/* The owner, unless the file came later. */
static uint32_t owner_at(const struct owners *o, const struct assembly *a, uint32_t want, uint32_t layer)
{
    uint32_t owner = owners_of(o, want);
    const struct vl_package *p = owner == OWNERS_NONE ? NULL : vl_vec_at(&a->inventory->packages, owner);
    bool later = p && layer != VL_LAYER_NONE && p->layer != VL_LAYER_NONE && layer > p->layer;
    return p && !later ? owner : VL_PACKAGE_NONE;
}

static void settle(const struct asked *asked, const struct owners *o, const struct assembly *a)
{
    struct vl_vec *packages = &a->inventory->packages, *files = &a->inventory->unidentified;
    size_t kept = 0;
    for (size_t i = 0; i < packages->len; i++) {
        struct vl_package *p = vl_vec_at(packages, i);
        p->owner = owner_at(o, a, asked->package[i], p->layer);
        if (p->owner == VL_PACKAGE_NONE)
            continue;
        p->flags |= VL_PACKAGE_OS_OWNED;
        /* Debian has no node_modules: a package.json in usr/share/nodejs/NAME is a package, nobody's project.
         */
        if (p->ecosystem == VL_ECO_NPM)
            p->flags &= ~(unsigned)VL_PACKAGE_MAIN;
    }
    for (size_t i = 0; i < files->len; i++) {
        struct vl_unidentified *u = vl_vec_at(files, i);
        if (owner_at(o, a, asked->unidentified[i], u->layer) == VL_PACKAGE_NONE)
            *(struct vl_unidentified *)vl_vec_at(files, kept++) = *u;
    }
    files->len = kept;
}

static int compare_unidentified(const void *left, const void *right)
{
    const struct vl_unidentified *a = left, *b = right;
    int c = strcmp(a->path, b->path);
    return c ? c : strcmp(a->kind, b->kind);
}

static int take_unidentified(const struct assembly *a, struct vl_err *err)
{
    struct vl_vec *files = &a->inventory->unidentified;
    for (size_t k = 0; k < a->n; k++) {
        const struct vl_vec *list = a->indexes[k] ? &a->indexes[k]->sink.unidentified : NULL;
        for (size_t i = 0; list && i < list->len; i++) {
            const struct vl_package_unidentified *from = vl_vec_at(list, i);
            if (!assembly_visible(a, k, from->path))
                continue;
            struct vl_unidentified *u = vl_vec_push(files, "unidentified files", err);
            if (!u)
                return err->err;
            u->path = assembly_copy(a, from->path);
            u->kind = assembly_copy(a, from->kind);
            u->layer = a->folder ? VL_LAYER_NONE : (uint32_t)k;
            if (!u->path || !u->kind)
                return vl_arena_check(a->inventory->arena, "unidentified files", err);
        }
    }
    if (files->len > 1)
        qsort(files->items, files->len, sizeof(struct vl_unidentified), compare_unidentified);
    return 0;
}

int assembly_owners(struct assembly *a, struct vl_err *err)
{
    VL_CLEANUP(owners_done) struct owners owners;
    VL_CLEANUP(names_done) struct names names = {0};
    VL_CLEANUP(asked_done) struct asked asked = {0};
    owners_init(&owners, a->scratch);
    int r = take_unidentified(a, err);
    if (r >= 0)
        r = names_build(&names, a, err);
    if (r >= 0)
        r = ask(&asked, &owners, a, err);
    if (r < 0)
        return r; /* NOLINT(clang-analyzer-unix.Malloc): it does not know VL_CLEANUP */
    search_lists(&owners, &names, a);
    settle(&asked, &owners, a);
    return 0;
}
