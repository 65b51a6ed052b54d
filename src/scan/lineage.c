#include "lineage.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "codec/digest.h"

#define OBJECT     "base image"
#define FORM       "vallum lineage 1"
#define TOGETHER   60000 /* ms: layers that follow so soon are of one build */
#define TEXT_MAX   2048U /* bytes of a name that is remembered */
#define FOLDER     "lineage"
#define CHAIN_FROM (sizeof("sha256:") - 1)

/* ChainID(L0) = DiffID(L0); ChainID(L0|…|Ln) = Digest(ChainID(L0|…|Ln-1) + " " + DiffID(Ln)). */
static bool chain_add(char chain[VL_DIGEST_TEXT_MAX], const char *diff_id)
{
    char both[2 * VL_DIGEST_TEXT_MAX];
    struct vl_digest digest;
    if (!diff_id || !vl_digest_parse(vl_span_str(diff_id), &digest))
        return false;
    if (!chain[0]) {
        vl_digest_format(&digest, chain);
        return digest.kind == VL_DIGEST_SHA256;
    }
    int len = snprintf(both, sizeof(both), "%s %s", chain, diff_id);
    if (len < 0 || (size_t)len >= sizeof(both))
        return false;
    vl_digest_compute(VL_DIGEST_SHA256, (struct vl_span){both, (size_t)len}, &digest);
    vl_digest_format(&digest, chain);
    return true;
}

static bool file_of(const char *dir, const char *chain, char path[PATH_MAX])
{
    int len = snprintf(path, PATH_MAX, "%s/" FOLDER "/%s", dir, chain + CHAIN_FROM);
    return len > 0 && len < PATH_MAX;
}

/* What a file remembers; spans of `text`. */
struct known {
    struct vl_span name, digest; /* empty where not known */
};

/* The cache may be damaged: anything but our own form is as no file. */
static bool read_known(const char *path, struct vl_buf *text, struct known *ret)
{
    struct vl_err ignored = VL_ERR_INIT;
    struct vl_digest digest;
    vl_buf_clear(text);
    if (vl_file_read(path, VL_LINEAGE_FILE_MAX, text, &ignored) < 0)
        return false;
    struct vl_span rest = vl_buf_span(text), form;
    *ret = (struct known){0};
    if (!vl_span_split(&rest, '\n', &form) || !vl_span_eq_str(form, FORM) ||
        !vl_span_split(&rest, '\n', &ret->name) || !vl_span_split(&rest, '\n', &ret->digest))
        return false;
    return ret->name.len && ret->name.len <= TEXT_MAX && !vl_span_has_control(ret->name) &&
           (ret->digest.len == 0 || vl_digest_parse(ret->digest, &digest));
}

static void mark(struct vl_inventory *inv, size_t n, const char *why)
{
    for (size_t i = 0; i < inv->layers.len; i++)
        ((struct vl_layer *)vl_vec_at(&inv->layers, i))->base = i < n;
    vl_notes_add(&inv->notes, VL_NOTE_INFO, VL_ERR_NONE, OBJECT, "the first %zu of %zu layers: %s", n,
        inv->layers.len, why);
}

static int take_known(struct vl_inventory *inv, size_t n, const struct known *known, struct vl_err *err)
{
    struct vl_target *target = &inv->target;
    const char *name = vl_arena_dup_span(inv->arena, known->name);
    const char *digest = known->digest.len ? vl_arena_dup_span(inv->arena, known->digest) : NULL;
    const char *why =
        vl_arena_printf(inv->arena, "they are all layers of %.*s, scanned before", VL_SPAN_FMT(known->name));
    int r = vl_arena_check(inv->arena, OBJECT, err);
    if (r < 0)
        return r;
    mark(inv, n, why);
    if (!target->base_name && !target->base_digest) {
        target->base_name = name;
        target->base_digest = digest;
    }
    return 0;
}

/* The remembered image that most of the layers are; 1 where there is one. */
static int by_chain(struct vl_inventory *inv, const char *dir, struct vl_err *err)
{
    char chain[VL_DIGEST_TEXT_MAX] = "";
    char path[PATH_MAX];
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    VL_CLEANUP(vl_buf_done) struct vl_buf best_text;
    struct known known, best;
    size_t found = 0;
    vl_buf_init(&text, VL_LINEAGE_FILE_MAX);
    vl_buf_init(&best_text, VL_LINEAGE_FILE_MAX);
    for (size_t i = 0; i + 1 < inv->layers.len; i++) {
        const struct vl_layer *layer = vl_vec_at(&inv->layers, i);
        if (!chain_add(chain, layer->diff_id))
            break;
        if (!file_of(dir, chain, path) || !read_known(path, &text, &known))
            continue;
        found = i + 1;
        const char *wanted = inv->target.base_digest;
        bool told = wanted && vl_span_eq_str(known.digest, wanted);
        struct vl_buf swap = best_text;
        best_text = text;
        text = swap;
        best = known;
        if (told)
            break;
    }
    if (!found)
        return 0;
    int r = take_known(inv, found, &best, err);
    return r < 0 ? r : 1;
}

static bool same_build(const struct vl_layer *a, const struct vl_layer *b)
{
    return a->created_ms > 0 && b->created_ms >= a->created_ms && b->created_ms - a->created_ms <= TOGETHER;
}

static size_t by_history(const struct vl_inventory *inv)
{
    for (size_t n = inv->layers.len; n-- > 1;) {
        const struct vl_layer *last = vl_vec_at(&inv->layers, n - 1), *next = vl_vec_at(&inv->layers, n);
        if (last->ends_image && !same_build(last, next))
            return n;
    }
    return 0;
}

/* What makes the layers of a distribution, as it stands in the history of its images. */
static bool is_distribution_build(const char *created_by, size_t index)
{
    static const char *const builders[] = {
        "apko", "bazel build", "# debian.sh", "debuerreotype", "rules_oci"};
    struct vl_span by = vl_span_str(created_by);
    for (size_t i = 0; i < VL_ARRAY_LEN(builders); i++)
        if (vl_span_starts_with(by, builders[i]))
            return true;
    if (index)
        return false;
    /* "/bin/sh -c #(nop) ADD file:6dd87346b8be… in / ", "ADD alpine-minirootfs-3.20.3-x86_64.tar.gz / #
     * buildkit" */
    size_t add = vl_span_find(by, VL_SPAN_LIT("ADD "));
    if (add == SIZE_MAX)
        return false;
    by = vl_span_slice(by, add, by.len);
    if (vl_span_ends_with(by, " # buildkit"))
        by.len -= sizeof(" # buildkit") - 1;
    by = vl_span_trim(by);
    return vl_span_ends_with(by, " /");
}

static size_t by_builder(const struct vl_inventory *inv)
{
    size_t n = 0;
    for (; n < inv->layers.len; n++) {
        const struct vl_layer *layer = vl_vec_at(&inv->layers, n);
        if (!is_distribution_build(layer->created_by, n))
            return n;
    }
    return 0; /* nothing but that: the distribution's image itself */
}

int vl_scan_lineage(struct vl_inventory *inventory, const char *dir, struct vl_err *err)
{
    if (inventory->target.kind != VL_TARGET_IMAGE || inventory->layers.len < 2)
        return 0;
    int r = dir ? by_chain(inventory, dir, err) : 0;
    if (r)
        return r < 0 ? r : 0;
    size_t n = by_history(inventory);
    if (n) {
        mark(inventory, n, "the history has CMD or ENTRYPOINT after them and layers of a later build above");
        return 0;
    }
    n = by_builder(inventory);
    if (n)
        mark(inventory, n, "a builder of distributions made them, and something else what is above");
    return 0;
}

static const char *name_of(const struct vl_target *target)
{
    if (target->reference)
        return target->reference;
    return target->n_tags && target->tags[0] ? target->tags[0] : target->name;
}

int vl_scan_lineage_remember(const struct vl_inventory *inventory, const char *dir, struct vl_err *err)
{
    char chain[VL_DIGEST_TEXT_MAX] = "";
    char path[PATH_MAX], folder[PATH_MAX];
    const struct vl_target *target = &inventory->target;
    struct vl_span name = vl_span_str(name_of(target));
    struct vl_digest digest;
    struct known known;
    if (target->kind != VL_TARGET_IMAGE || inventory->layers.len == 0 || name.len == 0 ||
        name.len > TEXT_MAX || vl_span_has_control(name))
        return 0;
    for (size_t i = 0; i < inventory->layers.len; i++)
        if (!chain_add(chain, ((const struct vl_layer *)vl_vec_at(&inventory->layers, i))->diff_id))
            return 0;
    if (!file_of(dir, chain, path) ||
        (size_t)snprintf(folder, sizeof(folder), "%s/" FOLDER, dir) >= sizeof(folder))
        return vl_err_set(err, VL_ERR_LIMIT, "%s: the name of the cache is too long", dir);
    bool has_digest = target->digest && vl_digest_parse(vl_span_str(target->digest), &digest);
    struct vl_span own = vl_span_str(has_digest ? target->digest : "");
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, VL_LINEAGE_FILE_MAX);
    if (read_known(path, &text, &known) && vl_span_eq(known.name, name) && vl_span_eq(known.digest, own))
        return 0;
    vl_buf_clear(&text);
    vl_buf_printf(&text, FORM "\n%.*s\n%.*s\n", VL_SPAN_FMT(name), VL_SPAN_FMT(own));
    int r = vl_buf_check(&text, path, err);
    if (r >= 0)
        r = vl_file_make_dirs(folder, 0755, err);
    /* One that a power cut left empty is as none, and the next scan writes it: nobody waits for the disk. */
    return r < 0 ? r : vl_file_replace_unsynced(path, 0644, vl_buf_span(&text), err);
}
