/* The name of an object's content: SHA-256 over canonical JSON. */
#include <stdlib.h>
#include <string.h>

#include "codec/digest.h"
#include "codec/json.h"
#include "kube/object.h"

/* What only an API server writes. */
static const char *const server_metadata[] = {"creationTimestamp", "deletionTimestamp",
    "deletionGracePeriodSeconds", "generation", "managedFields", "resourceVersion", "selfLink", "uid"};
#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

enum where { OBJECT, METADATA, ANNOTATIONS, LABELS, REST };

static bool is_left_out(enum where where, const struct vl_doc_node *member)
{
    struct vl_span key = vl_doc_key(member);
    switch (where) {
    case OBJECT:
        return vl_span_eq_str(key, "status");
    case METADATA:
        for (size_t i = 0; i < VL_ARRAY_LEN(server_metadata); i++) {
            if (vl_span_eq_str(key, server_metadata[i]))
                return true;
        }
        if (vl_span_eq_str(key, "annotations")) {
            const struct vl_doc_node *only = vl_doc_first(member);
            return !only || (vl_doc_size(member) == 1 && vl_span_eq_str(vl_doc_key(only), LAST_APPLIED));
        }
        return vl_span_eq_str(key, "labels") && vl_doc_size(member) == 0;
    case ANNOTATIONS:
        return vl_span_eq_str(key, LAST_APPLIED);
    case LABELS:
    case REST:
        break;
    }
    return false;
}

static enum where below(enum where where, struct vl_span key)
{
    if (where == OBJECT && vl_span_eq_str(key, "metadata"))
        return METADATA;
    if (where == METADATA && vl_span_eq_str(key, "annotations"))
        return ANNOTATIONS;
    return REST;
}

static int by_key(const void *a, const void *b)
{
    const struct vl_doc_node *const *x = a;
    const struct vl_doc_node *const *y = b;
    return vl_span_cmp(vl_doc_key(*x), vl_doc_key(*y));
}

static void write_string(struct vl_buf *out, struct vl_span s)
{
    struct vl_json j;
    vl_json_init(&j, out, false);
    vl_json_span(&j, s);
}

static void write_number(struct vl_buf *out, const struct vl_doc_node *node)
{
    double d = 0;
    (void)vl_doc_number(node, &d);
    if (d >= -9007199254740992.0 && d <= 9007199254740992.0 && d == (double)(int64_t)d) {
        vl_buf_printf(out, "%lld", (long long)d);
        return;
    }
    struct vl_json j;
    vl_json_init(&j, out, false);
    vl_json_double(&j, d);
}

static int write_node(struct vl_buf *out, const struct vl_doc_node *node, enum where where, unsigned depth);

static int write_object(struct vl_buf *out, const struct vl_doc_node *node, enum where where, unsigned depth)
{
    size_t n = vl_doc_size(node);
    const struct vl_doc_node **members = n ? calloc(n, sizeof(*members)) : NULL;
    size_t kept = 0;
    int r = n && !members ? -ENOMEM : 0;
    vl_buf_append_char(out, '{');
    if (members) {
        for (const struct vl_doc_node *m = vl_doc_first(node); m; m = vl_doc_next(m)) {
            if (!is_left_out(where, m) && vl_doc_type(m) != VL_DOC_NULL)
                members[kept++] = m;
        }
        qsort(members, kept, sizeof(*members), by_key);
    }
    for (size_t i = 0; i < kept && r == 0; i++) {
        if (i)
            vl_buf_append_char(out, ',');
        write_string(out, vl_doc_key(members[i]));
        vl_buf_append_char(out, ':');
        r = write_node(out, members[i], below(where, vl_doc_key(members[i])), depth + 1);
    }
    vl_buf_append_char(out, '}');
    free(members);
    return r;
}

static int write_array(struct vl_buf *out, const struct vl_doc_node *node, unsigned depth)
{
    int r = 0;
    vl_buf_append_char(out, '[');
    for (const struct vl_doc_node *m = vl_doc_first(node); m && r == 0; m = vl_doc_next(m)) {
        if (m != vl_doc_first(node))
            vl_buf_append_char(out, ',');
        r = write_node(out, m, REST, depth + 1);
    }
    vl_buf_append_char(out, ']');
    return r;
}

static int write_node(struct vl_buf *out, const struct vl_doc_node *node, enum where where, unsigned depth)
{
    int64_t i = 0;
    if (depth > VL_DOC_DEPTH_MAX + 1)
        return -ELOOP;
    switch (vl_doc_type(node)) {
    case VL_DOC_OBJECT:
        return write_object(out, node, where, depth);
    case VL_DOC_ARRAY:
        return write_array(out, node, depth);
    case VL_DOC_STRING:
        write_string(out, vl_doc_span(node));
        return 0;
    case VL_DOC_BOOL:
        vl_buf_append_str(out, vl_doc_bool(node) ? "true" : "false");
        return 0;
    case VL_DOC_INT:
        (void)vl_doc_int(node, &i);
        vl_buf_printf(out, "%lld", (long long)i);
        return 0;
    case VL_DOC_UINT:
    case VL_DOC_FLOAT:
        write_number(out, node);
        return 0;
    case VL_DOC_NULL:
        break;
    }
    vl_buf_append_str(out, "null");
    return 0;
}

static int canonical(const struct vl_doc_node *node, enum where where, struct vl_buf *out, struct vl_err *err)
{
    int r = write_node(out, node, where, 0);
    if (r == -ENOMEM)
        return vl_err_nomem(err);
    if (r < 0)
        return vl_err_set(err, VL_ERR_LIMIT, "an object nests deeper than %d", VL_DOC_DEPTH_MAX);
    return vl_buf_check(out, "canonical JSON of an object", err);
}

int vl_kube_node_json(const struct vl_doc_node *node, struct vl_buf *out, struct vl_err *err)
{
    return canonical(node, REST, out, err);
}

static bool has_null(const struct vl_doc_node *node, unsigned depth)
{
    bool object = vl_doc_is(node, VL_DOC_OBJECT);
    bool found = false;
    if (depth > VL_DOC_DEPTH_MAX || (!object && !vl_doc_is(node, VL_DOC_ARRAY)))
        return false;
    for (const struct vl_doc_node *m = vl_doc_first(node); m && !found; m = vl_doc_next(m))
        found = (object && vl_doc_type(m) == VL_DOC_NULL) || has_null(m, depth + 1);
    return found;
}

bool vl_kube_node_has_null(const struct vl_doc_node *node)
{
    return has_null(node, 0);
}

static int hash(
    const struct vl_doc_node *node, enum where where, char ret[VL_KUBE_HASH_TEXT_MAX], struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    struct vl_digest digest;
    char text[VL_DIGEST_TEXT_MAX];
    vl_buf_init(&out, VL_KUBE_HASH_BYTES_MAX);
    int r = canonical(node, where, &out, err);
    if (r < 0)
        return r;
    vl_digest_compute(VL_DIGEST_SHA256, vl_buf_span(&out), &digest);
    (void)vl_digest_format(&digest, text);
    memcpy(ret, text, VL_KUBE_HASH_TEXT_MAX);
    ret[VL_KUBE_HASH_TEXT_MAX - 1] = '\0';
    return 0;
}

int vl_kube_object_hash(
    const struct vl_kube_object *object, char ret[VL_KUBE_HASH_TEXT_MAX], struct vl_err *err)
{
    return hash(object->node, OBJECT, ret, err);
}

int vl_kube_node_hash(const struct vl_doc_node *node, char ret[VL_KUBE_HASH_TEXT_MAX], struct vl_err *err)
{
    return hash(node, REST, ret, err);
}
