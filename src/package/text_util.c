#include "text_util.h"

#define UNIQUE_MAX 1000000

/* Flags that say "only": one listing without them is enough to lose them. */
#define ONLY_FLAGS (VL_PACKAGE_DEV | VL_PACKAGE_OPTIONAL | VL_PACKAGE_INDIRECT | VL_PACKAGE_BUNDLED)

static struct vl_span path_of(const struct vl_package_file *file)
{
    if (file->base.ptr)
        return (struct vl_span){file->path, (size_t)(file->base.ptr - file->path) + file->base.len};
    return vl_span_str(file->path);
}

struct vl_span pkg_base(const struct vl_package_file *file)
{
    if (file->base.ptr)
        return file->base;
    struct vl_span path = vl_span_str(file->path);
    size_t slash = vl_span_rfind_char(path, '/');
    return slash == SIZE_MAX ? path : vl_span_slice(path, slash + 1, path.len);
}

struct vl_span pkg_folder(const struct vl_package_file *file)
{
    struct vl_span path = path_of(file);
    size_t slash = vl_span_rfind_char(path, '/');
    return slash == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(path, 0, slash);
}

bool pkg_in_folder(const struct vl_package_file *file, const char *name)
{
    struct vl_span rest = pkg_folder(file), part;
    struct vl_span wanted = vl_span_str(name);
    while (vl_span_split(&rest, '/', &part)) {
        if (vl_span_eq(part, wanted))
            return true;
    }
    return false;
}

char *pkg_join_path(struct vl_arena *arena, struct vl_span from, struct vl_span path)
{
    size_t slash = vl_span_rfind_char(from, '/');
    struct vl_span rest[] = {vl_span_slice(from, 0, slash == SIZE_MAX ? 0 : slash), path}, part;
    char *out = vl_arena_alloc(arena, from.len + path.len + 3);
    size_t len = 0;
    if (!out || path.len == 0 || path.ptr[0] == '/')
        return NULL;
    for (size_t i = 0; i < VL_ARRAY_LEN(rest); i++) {
        while (vl_span_split(&rest[i], '/', &part)) {
            if (part.len == 0 || PKG_IS(part, "."))
                continue;
            if (PKG_IS(part, "..")) {
                if (len == 0)
                    return NULL;
                size_t cut = vl_span_rfind_char((struct vl_span){out, len}, '/');
                len = cut == SIZE_MAX ? 0 : cut;
                continue;
            }
            if (len)
                out[len++] = '/';
            memcpy(out + len, part.ptr, part.len);
            len += part.len;
        }
    }
    out[len] = '\0';
    return out;
}

int pkg_doc_open(const struct vl_package_file *file, enum vl_doc_format format, enum vl_doc_type want,
    struct vl_doc **ret_doc, struct vl_err *err)
{
    struct vl_doc *doc = NULL;
    struct vl_span text = file->content;
    /* The byte order mark that editors on Windows put first is no part of JSON, and harmless elsewhere. */
    if (PKG_STARTS(text, "\xef\xbb\xbf"))
        text = vl_span_slice(text, 3, text.len);
    /* Package managers take the last of members with one key, and published packages have some. */
    enum vl_doc_format as = format == VL_DOC_JSON ? VL_DOC_JSON_LOOSE : format;
    int r = vl_doc_parse(text, as, file->path, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *root = vl_doc_root(doc);
    bool empty = format == VL_DOC_YAML && vl_doc_type(root) == VL_DOC_NULL;
    if (!empty && want != VL_DOC_NULL && !vl_doc_is(root, want)) {
        r = vl_err_set(err, VL_ERR_INVALID, "%s: the document is of type %s, not %s", file->path,
            vl_doc_type_name(vl_doc_type(root)), vl_doc_type_name(want));
        vl_doc_free(doc);
        return r;
    }
    *ret_doc = doc;
    return 0;
}

struct vl_package *pkg_add(struct vl_package_sink *sink, enum vl_ecosystem eco, struct vl_span name,
    struct vl_span version, unsigned flags, uint32_t line, const struct vl_package_file *file,
    struct vl_err *err)
{
    struct vl_package *package = vl_package_sink_add(sink, eco, name, version, file->path, err);
    if (package) {
        package->flags = flags;
        package->line = line;
    }
    return package;
}

int pkg_set_licenses(struct vl_package_sink *sink, struct vl_package *package, const struct vl_span *texts,
    uint32_t n, struct vl_err *err)
{
    if (n == 0)
        return 0;
    const char **list = vl_arena_array(sink->arena, n, sizeof(*list));
    uint32_t used = 0;
    for (uint32_t i = 0; list && i < n; i++) {
        if (texts[i].len)
            list[used++] = vl_arena_dup_span(sink->arena, texts[i]);
    }
    int r = vl_arena_check(sink->arena, package->path, err);
    if (r < 0 || used == 0)
        return r;
    package->licenses = list;
    package->n_licenses = used;
    return 0;
}

void pkg_unique_init(struct pkg_unique *unique, struct vl_package_sink *sink,
    const struct vl_package_file *file, enum vl_ecosystem eco)
{
    *unique = (struct pkg_unique){.sink = sink, .file = file, .eco = eco};
    vl_map_init(&unique->map, UNIQUE_MAX);
}

void pkg_unique_done(struct pkg_unique *unique)
{
    vl_map_done(&unique->map);
}

int pkg_unique_add(struct pkg_unique *unique, struct vl_span name, struct vl_span version,
    struct vl_span origin, unsigned flags, uint32_t line, struct vl_package **ret_package, struct vl_err *err)
{
    struct vl_package_sink *sink = unique->sink;
    size_t len = name.len + version.len + origin.len + 2;
    char *key = vl_arena_alloc(sink->arena, len);
    struct vl_map_slot *slot;
    bool added;
    if (ret_package)
        *ret_package = NULL;
    if (!key) {
        int r = vl_arena_check(sink->arena, unique->file->path, err);
        return r < 0 ? r : vl_err_nomem(err);
    }
    if (name.len)
        memcpy(key, name.ptr, name.len);
    if (version.len)
        memcpy(key + name.len + 1, version.ptr, version.len);
    if (origin.len)
        memcpy(key + name.len + version.len + 2, origin.ptr, origin.len);
    int r = vl_map_put(&unique->map, (struct vl_span){key, len}, &slot, &added, err);
    if (r < 0)
        return r;
    if (!added) {
        struct vl_package *known = vl_vec_at(&sink->packages, slot->value.num);
        known->flags &= flags | ~(unsigned)ONLY_FLAGS;
        return 0;
    }
    slot->value.num = sink->packages.len;
    struct vl_package *package = pkg_add(sink, unique->eco, name, version, flags, line, unique->file, err);
    if (!package)
        return err->err;
    if (ret_package)
        *ret_package = package;
    return 0;
}

bool pkg_header_next(struct vl_span *rest, struct vl_span *ret_name, struct vl_span *ret_value)
{
    struct vl_span line;
    while (vl_span_split_line(rest, &line)) {
        if (line.len == 0) {
            *rest = VL_SPAN_EMPTY;
            return false;
        }
        size_t colon = vl_span_find_char(line, ':');
        if (colon == SIZE_MAX || colon == 0 || line.ptr[0] == ' ' || line.ptr[0] == '\t')
            continue;
        struct vl_span value = vl_span_slice(line, colon + 1, line.len);
        if (!value.ptr)
            value = (struct vl_span){line.ptr + line.len, 0};
        while (rest->len && (rest->ptr[0] == ' ' || rest->ptr[0] == '\t')) {
            struct vl_span more;
            if (!vl_span_split_line(rest, &more))
                break;
            value.len = (size_t)(more.ptr + more.len - value.ptr);
        }
        *ret_name = vl_span_trim(vl_span_slice(line, 0, colon));
        *ret_value = vl_span_trim(value);
        return true;
    }
    return false;
}

bool pkg_word(struct vl_span *rest, struct vl_span *ret_word)
{
    struct vl_span s = vl_span_trim(*rest);
    size_t n = 0;
    while (n < s.len && s.ptr[n] != ' ' && (s.ptr[n] < '\t' || s.ptr[n] > '\r'))
        n++;
    *ret_word = vl_span_slice(s, 0, n);
    *rest = vl_span_slice(s, n, s.len);
    return n > 0;
}

struct vl_span pkg_unquote(struct vl_span s)
{
    if (s.len >= 2 && (s.ptr[0] == '"' || s.ptr[0] == '\'') && s.ptr[s.len - 1] == s.ptr[0])
        return vl_span_slice(s, 1, s.len - 1);
    return s;
}
