#include <string.h>
#include <strings.h>

#include "manifest.h"

#define PLATFORM_TEXT_MAX 128
#define LIST_SHOWN        20

#if defined(__x86_64__)
#define HOST_ARCH "amd64"
#elif defined(__aarch64__)
#define HOST_ARCH "arm64"
#elif defined(__arm__)
#define HOST_ARCH "arm"
#else
#define HOST_ARCH "unknown"
#endif

/* Other names of architectures, as containerd's platforms package reads them. */
static const struct {
    const char *other, *arch, *variant;
} arch_names[] = {
    {"x86_64", "amd64", NULL},
    {"x86-64", "amd64", NULL},
    {"i386", "386", NULL},
    {"i686", "386", NULL},
    {"aarch64", "arm64", NULL},
    {"armhf", "arm", "v7"},
    {"armel", "arm", "v6"},
    {"mips64el", "mips64le", NULL},
    {"powerpc64le", "ppc64le", NULL},
};

static const char *const known_os[] = {"linux", "windows", "darwin", "freebsd", "wasip1"};

static void normalize(struct vl_platform *p)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(arch_names); i++) {
        if (strcasecmp(p->arch, arch_names[i].other) != 0)
            continue;
        p->arch = arch_names[i].arch;
        if (!p->variant)
            p->variant = arch_names[i].variant;
    }
    if (strcmp(p->arch, "arm") == 0 && !p->variant)
        p->variant = "v7";
    if (strcmp(p->arch, "arm64") == 0 && p->variant &&
        (strcmp(p->variant, "v8") == 0 || strcmp(p->variant, "8") == 0))
        p->variant = NULL;
    if (strcmp(p->arch, "amd64") == 0 && p->variant && strcmp(p->variant, "v1") == 0)
        p->variant = NULL;
}

static bool is_os(const char *text)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(known_os); i++)
        if (strcasecmp(text, known_os[i]) == 0)
            return true;
    return false;
}

int vl_platform_parse(const char *text, struct vl_arena *arena, struct vl_platform *ret, struct vl_err *err)
{
    struct vl_platform p = {.os = "linux", .arch = HOST_ARCH};
    const char *parts[3] = {NULL};
    size_t n = 0;
    struct vl_span rest = vl_span_str(text);
    struct vl_span part;

    if (rest.len > PLATFORM_TEXT_MAX || (text && !*text))
        return vl_err_set(err, VL_ERR_USAGE, "platform: not of the form os/architecture[/variant]");
    while (vl_span_split(&rest, '/', &part)) {
        if (n == 3 || part.len == 0)
            return vl_err_set(
                err, VL_ERR_USAGE, "platform '%s': not of the form os/architecture[/variant]", text);
        parts[n] = vl_arena_dup_span(arena, part);
        if (!parts[n++])
            return vl_err_nomem(err);
    }
    if (n == 1 && is_os(parts[0])) {
        p.os = parts[0];
    } else if (n == 1) {
        p.arch = parts[0];
    } else if (n > 1) {
        p = (struct vl_platform){parts[0], parts[1], parts[2]};
    }
    normalize(&p);
    *ret = p;
    return 0;
}

const char *vl_platform_format(const struct vl_platform *p, struct vl_arena *arena)
{
    return vl_arena_printf(arena, "%s/%s%s%s", p->os ? p->os : "unknown", p->arch ? p->arch : "unknown",
        p->variant ? "/" : "", p->variant ? p->variant : "");
}

/* "v7" -> 7; the absence of a variant is the oldest there is. */
static unsigned variant_number(const struct vl_platform *p)
{
    uint64_t n;
    struct vl_span digits = vl_span_str(p->variant);
    if (digits.len && digits.ptr[0] == 'v')
        digits = vl_span_slice(digits, 1, digits.len);
    if (!p->variant)
        return strcmp(p->arch, "arm64") == 0 ? 8 : strcmp(p->arch, "arm") == 0 ? 7 : 1;
    return vl_span_to_u64(digits, &n) && n < 1000 ? (unsigned)n : 0;
}

unsigned vl_platform_match(const struct vl_platform *want, const struct vl_platform *have)
{
    if (!have->os || !have->arch || strcasecmp(want->os, have->os) != 0)
        return 0;
    struct vl_platform h = *have;
    normalize(&h);
    if (strcasecmp(want->arch, h.arch) != 0)
        return 0;
    unsigned wanted = variant_number(want);
    unsigned offered = variant_number(&h);
    if (want->variant && h.variant && strcmp(want->variant, h.variant) == 0)
        return 1000;
    /* A newer processor runs what was built for an older one of the same kind. */
    return offered <= wanted ? 1 + offered : 0;
}

static int not_found(const struct vl_manifest *index, const struct vl_platform *want, const char *name,
    struct vl_arena *arena, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf list;
    vl_buf_init(&list, 4096);
    size_t shown = 0;
    for (size_t i = 0; i < index->entries.len; i++) {
        const struct vl_descriptor *d = vl_vec_at(&index->entries, i);
        if (d->attestation || !d->platform.os || shown == LIST_SHOWN)
            continue;
        const char *text = vl_platform_format(&d->platform, arena);
        vl_buf_printf(&list, "%s%s", shown++ ? ", " : "", text ? text : "?");
    }
    if (!shown)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "%s: the index names no image for any platform", name);
    const char *wanted = vl_platform_format(want, arena);
    return vl_err_set(err, VL_ERR_NOT_FOUND, "%s: no image for %s; there is %s: choose one with --platform",
        name, wanted ? wanted : "?", vl_buf_str(&list));
}

int vl_manifest_select(const struct vl_manifest *index, const char *platform, const char *name,
    struct vl_arena *arena, const struct vl_descriptor **ret, struct vl_err *err)
{
    struct vl_platform want;
    const struct vl_descriptor *best = NULL;
    const struct vl_descriptor *only = NULL;
    unsigned best_match = 0;
    size_t images = 0;
    size_t unnamed = 0;

    int r = vl_platform_parse(platform, arena, &want, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < index->entries.len; i++) {
        const struct vl_descriptor *d = vl_vec_at(&index->entries, i);
        if (d->attestation)
            continue;
        images++;
        unnamed += d->platform.os == NULL;
        only = d;
        unsigned match = vl_platform_match(&want, &d->platform);
        if (match > best_match) {
            best_match = match;
            best = d;
        }
    }
    /* One image that does not say what it is for: its configuration will. */
    if (!best && images == 1 && (!platform || unnamed))
        best = only;
    if (!best)
        return not_found(index, &want, name, arena, err);
    *ret = best;
    return 0;
}
