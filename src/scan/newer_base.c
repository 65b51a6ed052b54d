#include "newer_base.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/map.h"
#include "base/time.h"
#include "codec/digest.h"
#include "version/version.h"

#define FORM           "vallum base 1"
#define FOLDER         "lineage"
#define NAME_MAX_BYTES 2048U

/* A remembered package list; spans of the text it was read from. */
struct base {
    struct vl_span name, digest;
    int64_t created_ms, scanned_ms;
    struct vl_span packages; /* the lines */
};

static int path_of(const char *dir, struct vl_span name, char path[PATH_MAX], struct vl_err *err)
{
    struct vl_digest digest;
    char text[VL_DIGEST_TEXT_MAX];
    vl_digest_compute(VL_DIGEST_SHA256, name, &digest);
    int n = snprintf(path, PATH_MAX, "%s/" FOLDER "/%s.packages", dir,
        vl_digest_format(&digest, text) + strlen("sha256:"));
    return n < 0 || n >= PATH_MAX
               ? vl_err_set(err, VL_ERR_LIMIT, "%s: the name of the cache is too long", dir)
               : 0;
}

static bool take_time(struct vl_span *rest, int64_t *ret)
{
    struct vl_span line;
    uint64_t n;
    if (!vl_span_split(rest, '\n', &line) || !vl_span_to_u64(line, &n) || n > INT64_MAX)
        return false;
    *ret = (int64_t)n;
    return true;
}

/* The cache may be damaged, or another's: anything but our own form is as no file. */
static bool read_base(const char *path, struct vl_buf *text, struct base *ret)
{
    struct vl_err ignored = VL_ERR_INIT;
    struct vl_digest digest;
    struct vl_span form;
    vl_buf_clear(text);
    if (vl_file_read(path, VL_NEWER_BASE_FILE_MAX, text, &ignored) < 0)
        return false;
    struct vl_span rest = vl_buf_span(text);
    *ret = (struct base){0};
    bool whole = vl_span_split(&rest, '\n', &form) && vl_span_eq_str(form, FORM) &&
                 vl_span_split(&rest, '\n', &ret->name) && vl_span_split(&rest, '\n', &ret->digest) &&
                 take_time(&rest, &ret->created_ms) && take_time(&rest, &ret->scanned_ms);
    ret->packages = rest;
    return whole && vl_digest_parse(ret->digest, &digest);
}

static bool is_plain(const char *text)
{
    return text && !vl_span_has_control(vl_span_str(text));
}

static bool is_of_distribution(const struct vl_package *p)
{
    return vl_ecosystem_info(p->ecosystem)->distribution;
}

int vl_scan_newer_base_remember(
    const struct vl_inventory *inventory, const char *dir, int64_t now_ms, struct vl_err *err)
{
    const struct vl_target *target = &inventory->target;
    const char *name = target->reference; /* what a Dockerfile can name */
    char path[PATH_MAX], folder[PATH_MAX];
    struct base old;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, VL_NEWER_BASE_FILE_MAX);
    /* Without a time of creation nothing is newer than anything. */
    if (target->kind != VL_TARGET_IMAGE || !name || !is_plain(name) || !*name ||
        strlen(name) > NAME_MAX_BYTES || !target->digest || target->created_ms <= 0)
        return 0;
    int r = path_of(dir, vl_span_str(name), path, err);
    if (r < 0)
        return r;
    if (read_base(path, &text, &old) && vl_span_eq_str(old.name, name) &&
        (old.created_ms > target->created_ms || vl_span_eq_str(old.digest, target->digest)))
        return 0;
    vl_buf_clear(&text);
    vl_buf_printf(&text, FORM "\n%s\n%s\n%lld\n%lld\n", name, target->digest, (long long)target->created_ms,
        (long long)now_ms);
    for (size_t i = 0; i < inventory->packages.len; i++) {
        const struct vl_package *p = vl_vec_at(&inventory->packages, i);
        if (is_of_distribution(p) && is_plain(p->name) && is_plain(p->version))
            vl_buf_printf(&text, "%s\t%s\t%s\n", vl_ecosystem_info(p->ecosystem)->name, p->name, p->version);
    }
    r = vl_buf_check(&text, path, err);
    if (r == 0) {
        (void)snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(path, '/') - path), path);
        r = vl_file_make_dirs(folder, 0755, err);
    }
    return r < 0 ? r : vl_file_replace(path, 0644, vl_buf_span(&text), err);
}

/* "ecosystem TAB package" to the line's version, as an offset into the text plus one. */
static int index_packages(const struct base *base, struct vl_map *ret, struct vl_err *err)
{
    struct vl_span rest = base->packages;
    struct vl_span line;
    while (vl_span_split(&rest, '\n', &line)) {
        size_t tab = vl_span_rfind_char(line, '\t');
        struct vl_map_slot *slot;
        if (tab == SIZE_MAX)
            continue;
        int r = vl_map_put(ret, vl_span_slice(line, 0, tab), &slot, NULL, err);
        if (r < 0)
            return r;
        /* Of two versions of one package (kernels) the first is kept: the older counts. */
        if (!slot->value.num)
            slot->value.num = (uint64_t)(line.ptr + tab + 1 - base->packages.ptr) + 1;
    }
    return 0;
}

static struct vl_span version_in(
    const struct base *base, const struct vl_map *packages, const struct vl_package *p)
{
    char key[1024];
    int n = snprintf(key, sizeof(key), "%s\t%s", vl_ecosystem_info(p->ecosystem)->name, p->name);
    struct vl_map_slot *slot =
        n > 0 && (size_t)n < sizeof(key) ? vl_map_get(packages, (struct vl_span){key, (size_t)n}) : NULL;
    if (!slot)
        return VL_SPAN_EMPTY;
    struct vl_span version = vl_span_slice(base->packages, (size_t)slot->value.num - 1, base->packages.len);
    return vl_span_slice(version, 0, vl_span_find_char(version, '\n'));
}

static bool settles(const struct base *base, const struct vl_map *packages,
    const struct vl_scan_result *result, const struct vl_finding *f)
{
    const struct vl_package *p = f->package;
    const struct vl_layer *layer = p ? vl_vec_at(&result->inventory->layers, p->layer) : NULL;
    if (f->status != VL_FINDING_OPEN || !f->fixed_version || !layer || !layer->base || !is_of_distribution(p))
        return false;
    struct vl_span there = version_in(base, packages, p);
    const struct vl_version_scheme *scheme =
        vl_version_scheme(vl_span_str(vl_ecosystem_info(p->ecosystem)->scheme));
    return there.len == 0 || (scheme && vl_version_order(scheme, there, vl_span_str(f->fixed_version)) >= 0);
}

/* Fixed versions are those of the source package; a binary package may be numbered apart from it, and then
 * only a newer binary than the one here is no proof: such findings keep their remedy. */
static bool numbered_alike(const struct vl_package *p)
{
    return !p->source_version || strcmp(p->source_version, p->version) == 0;
}

static int say(struct vl_scan_result *result, struct vl_finding *f, const struct base *base,
    struct vl_span there, struct vl_err *err)
{
    char created[VL_TIME_TEXT_MAX], scanned[VL_TIME_TEXT_MAX];
    f->remedy.kind = VL_REMEDY_BASE_IMAGE;
    f->remedy.text = vl_arena_printf(result->arena, "Build on %.*s of %s, which %s%.*s (scanned on %s).",
        VL_SPAN_FMT(base->name), vl_time_format_date(base->created_ms, created),
        there.len ? "has " : "is without ", VL_SPAN_FMT(there.len ? there : vl_span_str(f->package->name)),
        vl_time_format_date(base->scanned_ms, scanned));
    f->remedy.command =
        vl_arena_printf(result->arena, "FROM %.*s@%.*s", VL_SPAN_FMT(base->name), VL_SPAN_FMT(base->digest));
    return vl_arena_check(result->arena, "the result", err);
}

/* When the base that was built on was made: its last layer. */
static int64_t base_made(const struct vl_inventory *inventory)
{
    int64_t made = 0;
    for (size_t i = 0; i < inventory->layers.len; i++) {
        const struct vl_layer *layer = vl_vec_at(&inventory->layers, i);
        made = layer->base && layer->created_ms > made ? layer->created_ms : made;
    }
    return made;
}

int vl_scan_newer_base(struct vl_scan_result *result, const char *dir, struct vl_err *err)
{
    const struct vl_target *target = &result->inventory->target;
    char path[PATH_MAX];
    struct base base;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    VL_CLEANUP(vl_map_done) struct vl_map packages;
    vl_buf_init(&text, VL_NEWER_BASE_FILE_MAX);
    vl_map_init(&packages, VL_NEWER_BASE_PACKAGES_MAX);
    if (target->kind != VL_TARGET_IMAGE || !target->base_name || !target->base_digest)
        return 0;
    int r = path_of(dir, vl_span_str(target->base_name), path, err);
    if (r < 0)
        return r;
    if (!read_base(path, &text, &base) || !vl_span_eq_str(base.name, target->base_name) ||
        vl_span_eq_str(base.digest, target->base_digest) || base.created_ms <= base_made(result->inventory))
        return 0;
    r = index_packages(&base, &packages, err);
    struct vl_finding *f = result->findings.items;
    for (size_t i = 0; r == 0 && i < result->findings.len; i++) {
        if (settles(&base, &packages, result, &f[i]) && numbered_alike(f[i].package))
            r = say(result, &f[i], &base, version_in(&base, &packages, f[i].package), err);
    }
    return r;
}
