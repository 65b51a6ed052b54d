/* Package.resolved and Podfile.lock. Sources: SwiftPM "PinsStore", guides.cocoapods.org "Podfile.lock". */
#include "language/project_parsers.h"

#include "text_util.h"

/* "https://github.com/apple/swift-nio.git", "git@github.com:apple/swift-nio.git" ->
 * "github.com/apple/swift-nio". */
static const char *repository_name(struct vl_arena *arena, struct vl_span url)
{
    size_t scheme = vl_span_find(url, VL_SPAN_LIT("://"));
    size_t at = vl_span_find_char(url, '@');
    bool scp = scheme == SIZE_MAX && at != SIZE_MAX;
    if (scheme != SIZE_MAX)
        url = vl_span_slice(url, scheme + 3, SIZE_MAX);
    at = vl_span_find_char(url, '@');
    if (at != SIZE_MAX && at < vl_span_find_char(url, '/'))
        url = vl_span_slice(url, at + 1, SIZE_MAX);
    if (PKG_ENDS(url, "/"))
        url.len--;
    if (PKG_ENDS(url, ".git"))
        url.len -= sizeof(".git") - 1;
    char *name = vl_arena_dup_span(arena, url);
    size_t colon = vl_span_find_char(url, ':');
    if (name && scp && colon != SIZE_MAX)
        name[colon] = '/';
    return name;
}

static int add_pin(const struct vl_doc_node *pin, const struct vl_package_file *file,
    struct vl_package_sink *sink, struct vl_err *err)
{
    struct vl_span url = vl_doc_get_str(pin, "location");
    if (url.len == 0)
        url = vl_doc_get_str(pin, "repositoryURL");
    if (url.len == 0)
        return 0;
    struct vl_span version = vl_doc_get_str(vl_doc_get(pin, "state"), "version");
    const char *name = repository_name(sink->arena, url);
    return pkg_add(
               sink, VL_ECO_SWIFT, vl_span_str(name), version, VL_PACKAGE_LOCKED, vl_doc_line(pin), file, err)
               ? 0
               : err->err;
}

static int parse_resolved(
    const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    int r = pkg_doc_open(file, VL_DOC_JSON, VL_DOC_OBJECT, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *root = vl_doc_root(doc), *pins = vl_doc_get(root, "pins");
    if (!pins)
        pins = vl_doc_get(vl_doc_get(root, "object"), "pins"); /* version 1 */
    for (const struct vl_doc_node *n = vl_doc_first(pins); n && r == 0; n = vl_doc_next(n))
        r = add_pin(n, file, sink, err);
    return r;
}

static bool wants_resolved(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "Package.resolved");
}

const struct vl_package_parser pkg_parser_swift_resolved = {
    .name = "swift/package-resolved",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_resolved,
    .parse = parse_resolved,
};

/* "Name (1.2.3)", or that as the key of a list of dependencies. */
static int add_pod(struct pkg_unique *unique, const struct vl_doc_node *item, struct vl_err *err)
{
    struct vl_span text = vl_doc_is(item, VL_DOC_OBJECT) ? vl_doc_key(vl_doc_first(item)) : vl_doc_span(item);
    size_t open = vl_span_rfind_char(text, '('), close = vl_span_rfind_char(text, ')');
    if (open == SIZE_MAX || close == SIZE_MAX || close < open)
        return 0;
    return pkg_unique_add(unique, vl_span_trim(vl_span_slice(text, 0, open)),
        vl_span_slice(text, open + 1, close), VL_SPAN_EMPTY, VL_PACKAGE_LOCKED, vl_doc_line(item), NULL, err);
}

static int parse_podfile(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    int r = pkg_doc_open(file, VL_DOC_YAML, VL_DOC_OBJECT, &doc, err);
    if (r < 0)
        return r;
    struct pkg_unique unique;
    pkg_unique_init(&unique, sink, file, VL_ECO_COCOAPODS);
    const struct vl_doc_node *n = vl_doc_first(vl_doc_get(vl_doc_root(doc), "PODS"));
    for (; n && r == 0; n = vl_doc_next(n))
        r = add_pod(&unique, n, err);
    pkg_unique_done(&unique);
    return r;
}

static bool wants_podfile(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "Podfile.lock");
}

const struct vl_package_parser pkg_parser_cocoapods_lock = {
    .name = "cocoapods/lock",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_podfile,
    .parse = parse_podfile,
};
