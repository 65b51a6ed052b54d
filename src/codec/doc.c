#include "doc_build.h"

#include <stdlib.h>
#include <string.h>

static int too_large(const char *name, struct vl_err *err)
{
    return vl_err_set(err, VL_ERR_LIMIT, "%s: more than %lu bytes", name, VL_DOC_BYTES_MAX);
}

int vl_doc_parse(struct vl_span input, enum vl_doc_format format, const char *name, struct vl_doc **ret_doc,
    struct vl_err *err)
{
    if (input.len > VL_DOC_BYTES_MAX)
        return too_large(name, err);
    switch (format) {
    case VL_DOC_JSON:
    case VL_DOC_JSON_LOOSE:
    case VL_DOC_JSONC:
        return doc_json_parse(input, format, name, 1, ret_doc, err);
    case VL_DOC_YAML:
    case VL_DOC_YAML_KUBERNETES:
        return doc_yaml_parse(input, format, name, ret_doc, err);
    case VL_DOC_TOML:
        return doc_toml_parse(input, name, ret_doc, err);
    }
    return vl_err_set(err, VL_ERR_USAGE, "%s: unknown document format %d", name, (int)format);
}

int vl_doc_parse_stream(struct vl_span input, enum vl_doc_format format, const char *name,
    int (*each)(struct vl_doc *doc, void *user, struct vl_err *err), void *user, struct vl_err *err)
{
    if (input.len > VL_DOC_BYTES_MAX)
        return too_large(name, err);
    if (format == VL_DOC_JSON || format == VL_DOC_JSON_LOOSE || format == VL_DOC_JSONC)
        return doc_json_stream(input, format,
            &(const struct vl_doc_json_reader){.name = name, .first_line = 1, .each = each, .user = user},
            err);
    if (format == VL_DOC_YAML || format == VL_DOC_YAML_KUBERNETES)
        return doc_yaml_stream(input, format, name, each, user, err);
    struct vl_doc *doc;
    int r = vl_doc_parse(input, format, name, &doc, err);
    return r < 0 ? r : each(doc, user, err);
}

int vl_doc_parse_json_line(
    struct vl_span input, const char *name, uint32_t first_line, struct vl_doc **ret_doc, struct vl_err *err)
{
    if (input.len > VL_DOC_BYTES_MAX)
        return too_large(name, err);
    return doc_json_parse(input, VL_DOC_JSON, name, first_line, ret_doc, err);
}

int vl_doc_parse_json_documents(
    struct vl_span input, const struct vl_doc_json_reader *reader, struct vl_err *err)
{
    if (input.len > VL_DOC_BYTES_MAX)
        return too_large(reader->name, err);
    return doc_json_stream(input, VL_DOC_JSON, reader, err);
}

/* The page header in front of every node knows the document. */
static const struct vl_doc *doc_of(const struct vl_doc_node *node)
{
    const char *page = (const char *)node - ((uintptr_t)node & (DOC_PAGE_SIZE - 1));
    struct vl_doc *doc;
    memcpy(&doc, page, sizeof(doc));
    return doc;
}

const struct vl_doc_node *vl_doc_root(const struct vl_doc *doc)
{
    return doc ? doc_node_at(doc, DOC_PAGE_HEAD) : NULL;
}

enum vl_doc_type vl_doc_type(const struct vl_doc_node *node)
{
    return node ? (enum vl_doc_type)node->type : VL_DOC_NULL;
}

const char *vl_doc_type_name(enum vl_doc_type type)
{
    static const char *const names[] = {
        [VL_DOC_NULL] = "null",
        [VL_DOC_BOOL] = "boolean",
        [VL_DOC_INT] = "integer",
        [VL_DOC_UINT] = "integer",
        [VL_DOC_FLOAT] = "number",
        [VL_DOC_STRING] = "string",
        [VL_DOC_ARRAY] = "array",
        [VL_DOC_OBJECT] = "object",
    };
    return (size_t)type < VL_ARRAY_LEN(names) ? names[type] : "unknown";
}

bool vl_doc_is(const struct vl_doc_node *node, enum vl_doc_type type)
{
    return node && node->type == (unsigned)type;
}

static bool is_container(const struct vl_doc_node *node)
{
    return vl_doc_is(node, VL_DOC_ARRAY) || vl_doc_is(node, VL_DOC_OBJECT);
}

int doc_lines_build(struct vl_doc *doc, struct vl_span source, struct vl_err *err)
{
    size_t cap = 0;
    const char *end = source.len ? source.ptr + source.len : NULL;
    for (const char *p = source.ptr; source.len && (p = memchr(p, '\n', (size_t)(end - p)));) {
        p++;
        if (doc->n_lines == cap) {
            cap = cap ? cap * 2 : 64;
            uint32_t *lines = realloc(doc->lines, cap * sizeof(*lines));
            if (!lines)
                return vl_err_nomem(err);
            doc->lines = lines;
        }
        doc->lines[doc->n_lines++] = (uint32_t)(p - source.ptr);
    }
    doc->by_offset = true;
    return 0;
}

void doc_lines_locate(const struct vl_doc *doc, uint32_t offset, uint32_t *ret_line, uint32_t *ret_column)
{
    size_t lo = 0, hi = doc->n_lines; /* lines that begin at or before the offset */
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (doc->lines[mid] <= offset)
            lo = mid + 1;
        else
            hi = mid;
    }
    *ret_line = doc->first_line + (uint32_t)lo;
    *ret_column = lo ? offset - doc->lines[lo - 1] + 1 : doc->first_column + offset;
}

static void locate(const struct vl_doc_node *node, uint32_t *ret_line, uint32_t *ret_column)
{
    const struct vl_doc *doc = node ? doc_of(node) : NULL;
    if (doc && doc->by_offset) {
        doc_lines_locate(doc, node->pos, ret_line, ret_column);
        return;
    }
    *ret_line = node ? node->pos : 0;
    *ret_column = node ? node->column : 0;
}

uint32_t vl_doc_line(const struct vl_doc_node *node)
{
    uint32_t line, column;
    locate(node, &line, &column);
    return line;
}

uint32_t vl_doc_column(const struct vl_doc_node *node)
{
    uint32_t line, column;
    locate(node, &line, &column);
    return column;
}

const struct vl_doc_node *vl_doc_get_span(const struct vl_doc_node *object, struct vl_span key)
{
    if (!vl_doc_is(object, VL_DOC_OBJECT))
        return NULL;
    if (object->indexed)
        return doc_index_find(doc_of(object), object, key);
    for (const struct vl_doc_node *m = vl_doc_first(object); m; m = vl_doc_next(m)) {
        if (m->key_len == key.len && vl_span_eq(vl_doc_key(m), key))
            return m;
    }
    return NULL;
}

const struct vl_doc_node *vl_doc_get(const struct vl_doc_node *object, const char *key)
{
    return vl_doc_get_span(object, vl_span_str(key));
}

const struct vl_doc_node *vl_doc_at(const struct vl_doc_node *array, size_t index)
{
    if (!vl_doc_is(array, VL_DOC_ARRAY) || index >= array->len)
        return NULL;
    const struct vl_doc_node *n = vl_doc_first(array);
    while (n && index--)
        n = vl_doc_next(n);
    return n;
}

size_t vl_doc_size(const struct vl_doc_node *container)
{
    return is_container(container) ? container->len : 0;
}

const struct vl_doc_node *vl_doc_first(const struct vl_doc_node *container)
{
    if (vl_doc_size(container) == 0)
        return NULL;
    const struct vl_doc_node *first = doc_first_raw(container);
    return first->hidden ? vl_doc_next(first) : first;
}

const struct vl_doc_node *vl_doc_next(const struct vl_doc_node *node)
{
    while (node && node->next) {
        node = (const struct vl_doc_node *)((const uint32_t *)node + node->next);
        if (!node->hidden)
            return node;
    }
    return NULL;
}

struct vl_span vl_doc_key(const struct vl_doc_node *member)
{
    if (!member || !member->has_key)
        return VL_SPAN_EMPTY;
    return (struct vl_span){doc_of(member)->text + member->key, member->key_len};
}

struct vl_span vl_doc_text(const struct vl_doc_node *node)
{
    if (!node || is_container(node))
        return VL_SPAN_EMPTY;
    const struct vl_doc *doc = doc_of(node);
    return doc->text ? (struct vl_span){doc->text + node->text, node->len} : VL_SPAN_EMPTY;
}

struct vl_span vl_doc_span(const struct vl_doc_node *node)
{
    return vl_doc_is(node, VL_DOC_STRING) ? vl_doc_text(node) : VL_SPAN_EMPTY;
}

bool vl_doc_bool(const struct vl_doc_node *node)
{
    /* Every format spells them with these letters, in whatever case. */
    struct vl_span text = vl_doc_is(node, VL_DOC_BOOL) ? vl_doc_text(node) : VL_SPAN_EMPTY;
    return text.len && (text.ptr[0] | 0x20) == 't';
}

bool vl_doc_int(const struct vl_doc_node *node, int64_t *ret)
{
    bool negative;
    uint64_t v;
    if (!vl_doc_is(node, VL_DOC_INT) || !doc_integer_parse(vl_doc_text(node), &negative, &v))
        return false;
    *ret = (int64_t)(negative ? 0 - v : v);
    return true;
}

bool vl_doc_number(const struct vl_doc_node *node, double *ret)
{
    if (!vl_doc_is(node, VL_DOC_INT) && !vl_doc_is(node, VL_DOC_UINT) && !vl_doc_is(node, VL_DOC_FLOAT))
        return false;
    return doc_number_parse(vl_doc_text(node), ret);
}

bool vl_doc_whole(const struct vl_doc_node *node, int64_t *ret)
{
    const double end = 9007199254740992.0; /* 2^53 */
    double d;
    if (!vl_doc_is(node, VL_DOC_FLOAT) || !vl_doc_number(node, &d) || !(d > -end && d < end) ||
        d != (double)(int64_t)d)
        return false;
    *ret = (int64_t)d;
    return true;
}

struct vl_span vl_doc_get_str(const struct vl_doc_node *object, const char *key)
{
    return vl_doc_span(vl_doc_get(object, key));
}
