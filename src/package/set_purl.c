/* Package URLs of what the parsers found. Source: package-url/purl-spec, the type definitions; namespaces of
 * distributions are their os-release ids but for Red Hat's and openSUSE's, which have names in the
 * definitions. */
#include <string.h>

#include "model/purl.h"
#include "package/parser.h"

enum shape {
    SHAPE_PLAIN = 0, /* the whole name */
    SHAPE_SLASH,     /* "@scope/name", "github.com/owner/module": all but the last part is the namespace */
    SHAPE_COLON,     /* "group:artifact" */
    SHAPE_DOT,       /* "publisher.extension" */
    SHAPE_ACTION,    /* "owner/repository[/path]" */
    SHAPE_POD,       /* "Pod[/Subspec]" */
    SHAPE_DISTRO,    /* the namespace is the distribution */
    SHAPE_EBUILD,    /* the namespace is the category, which stands in source_name */
    SHAPE_HOSTED,    /* plain, on a distribution that is told */
};

static const unsigned char shapes[VL_ECO_COUNT] = {
    [VL_ECO_DEB] = SHAPE_DISTRO,
    [VL_ECO_APK] = SHAPE_DISTRO,
    [VL_ECO_RPM] = SHAPE_DISTRO,
    [VL_ECO_ALPM] = SHAPE_DISTRO,
    [VL_ECO_OPKG] = SHAPE_DISTRO,
    [VL_ECO_PORTAGE] = SHAPE_EBUILD,
    [VL_ECO_SNAP] = SHAPE_HOSTED,
    [VL_ECO_FLATPAK] = SHAPE_HOSTED,
    [VL_ECO_COS] = SHAPE_HOSTED,
    [VL_ECO_BITNAMI] = SHAPE_HOSTED,
    [VL_ECO_NPM] = SHAPE_SLASH,
    [VL_ECO_GO] = SHAPE_SLASH,
    [VL_ECO_COMPOSER] = SHAPE_SLASH,
    [VL_ECO_SWIFT] = SHAPE_SLASH,
    [VL_ECO_HEX] = SHAPE_SLASH,
    [VL_ECO_KUBERNETES] = SHAPE_SLASH,
    [VL_ECO_MAVEN] = SHAPE_COLON,
    [VL_ECO_VSCODE] = SHAPE_DOT,
    [VL_ECO_GITHUB_ACTIONS] = SHAPE_ACTION,
    [VL_ECO_COCOAPODS] = SHAPE_POD,
};

static const char *part(struct vl_arena *arena, struct vl_span s)
{
    return s.len ? vl_arena_dup_span(arena, s) : NULL;
}

/* Namespace before and name behind the byte at `at`; the whole is the name where there is none. */
static void split_at(struct vl_purl *purl, struct vl_span name, size_t at, struct vl_arena *arena)
{
    if (at == SIZE_MAX) {
        purl->name = part(arena, name);
        return;
    }
    purl->namespace = part(arena, vl_span_slice(name, 0, at));
    purl->name = part(arena, vl_span_slice(name, at + 1, name.len));
}

static const char *distro_namespace(const struct vl_distro *distro)
{
    static const struct {
        const char *id, *namespace;
    } names[] = {
        {"rhel", "redhat"},
        {"opensuse-leap", "opensuse"},
        {"opensuse-tumbleweed", "opensuse"},
    };
    if (!distro || !distro->id || !*distro->id)
        return NULL;
    for (size_t i = 0; i < VL_ARRAY_LEN(names); i++) {
        if (strcmp(distro->id, names[i].id) == 0)
            return names[i].namespace;
    }
    return distro->id;
}

/* "debian-12"; the code name where a release has no number yet, the id alone where there are no releases. */
static const char *distro_qualifier(const struct vl_distro *distro, struct vl_arena *arena)
{
    if (!distro || !distro->id || !*distro->id)
        return NULL;
    const char *release = distro->version_id && *distro->version_id ? distro->version_id : distro->codename;
    return release && *release ? vl_arena_printf(arena, "%s-%s", distro->id, release) : distro->id;
}

static void set_name(struct vl_purl *purl, const struct vl_package *package, const struct vl_distro *distro,
    struct vl_arena *arena)
{
    struct vl_span name = vl_span_str(package->name), source = vl_span_str(package->source_name);
    size_t slash = vl_span_find_char(name, '/');
    switch (shapes[package->ecosystem]) {
    case SHAPE_SLASH:
        split_at(purl, name, vl_span_rfind_char(name, '/'), arena);
        break;
    case SHAPE_COLON:
        split_at(purl, name, vl_span_find_char(name, ':'), arena);
        break;
    case SHAPE_DOT:
        split_at(purl, name, vl_span_find_char(name, '.'), arena);
        break;
    case SHAPE_POD:
        purl->name = part(arena, vl_span_slice(name, 0, slash));
        purl->subpath = slash == SIZE_MAX ? NULL : part(arena, vl_span_slice(name, slash + 1, name.len));
        break;
    case SHAPE_ACTION: {
        struct vl_span rest = slash == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(name, slash + 1, name.len);
        size_t second = vl_span_find_char(rest, '/');
        split_at(purl, second == SIZE_MAX ? name : vl_span_slice(name, 0, slash + 1 + second), slash, arena);
        purl->subpath = second == SIZE_MAX ? NULL : part(arena, vl_span_slice(rest, second + 1, rest.len));
        break;
    }
    case SHAPE_EBUILD:
        split_at(
            purl, source.len ? source : name, vl_span_rfind_char(source.len ? source : name, '/'), arena);
        break;
    case SHAPE_DISTRO:
        purl->namespace = distro_namespace(distro);
        purl->name = part(arena, name);
        break;
    default:
        purl->name = part(arena, name);
        break;
    }
}

static void add_qualifier(struct vl_purl *purl, const char *key, const char *value)
{
    if (value && *value && purl->n_qualifiers < VL_PURL_QUALIFIERS_MAX)
        purl->qualifiers[purl->n_qualifiers++] = (struct vl_purl_qualifier){key, value};
}

/* Qualifiers in the order of their keys. */
static void set_rest(struct vl_purl *purl, const struct vl_package *package, const struct vl_distro *distro,
    struct vl_arena *arena)
{
    struct vl_span version = vl_span_str(package->version), epoch = VL_SPAN_EMPTY;
    unsigned shape = shapes[package->ecosystem];
    bool told = shape == SHAPE_DISTRO || shape == SHAPE_EBUILD || shape == SHAPE_HOSTED;
    if (package->ecosystem == VL_ECO_RPM) { /* the one type whose version does not hold the epoch */
        size_t colon = vl_span_find_char(version, ':');
        epoch = colon == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(version, 0, colon);
        version = colon == SIZE_MAX ? version : vl_span_slice(version, colon + 1, version.len);
    }
    if (package->flags & VL_PACKAGE_RANGE)
        version = VL_SPAN_EMPTY; /* a requirement names no version */
    purl->version = part(arena, version);
    add_qualifier(purl, "arch", told ? package->arch : NULL);
    add_qualifier(purl, "distro", told ? distro_qualifier(distro, arena) : NULL);
    add_qualifier(purl, "epoch", part(arena, epoch));
}

/* Modules are tagged v1.2.3, and that is what Go's proxy and every other tool call the version. */
static void set_go_version(struct vl_purl *purl, struct vl_arena *arena)
{
    bool bare = purl->version && purl->version[0] >= '0' && purl->version[0] <= '9';
    if (bare && purl->namespace) /* not the standard library, whose versions are those of Go */
        purl->version = vl_arena_printf(arena, "v%s", purl->version);
}

int vl_package_set_purl(
    struct vl_package *package, const struct vl_distro *distro, struct vl_arena *arena, struct vl_err *err)
{
    struct vl_purl purl = {.type = vl_ecosystem_info(package->ecosystem)->purl_type};
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, VL_PURL_MAX);
    set_name(&purl, package, distro, arena);
    set_rest(&purl, package, distro, arena);
    if (package->ecosystem == VL_ECO_GO)
        set_go_version(&purl, arena);
    int r = vl_arena_check(arena, "package URL", err);
    if (r < 0)
        return r;
    r = purl.name ? vl_purl_normalize(&purl, arena, err) : 0;
    if (r >= 0 && purl.name)
        r = vl_purl_format(&purl, &text, err);
    if (r < 0 && err->code != VL_ERR_MEMORY) {
        /* A name that the type's rules do not allow has no URL; the package is good without. */
        vl_err_clear(err);
        return 0;
    }
    if (r >= 0 && text.len)
        package->purl = vl_arena_dup_span(arena, vl_buf_span(&text));
    return r < 0 ? r : vl_arena_check(arena, "package URL", err);
}
