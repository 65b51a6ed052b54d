#include <math.h>
#include <string.h>

#include "type.h"
#include "value_impl.h"

static int cmp_int(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

static int cmp_uint(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int cmp_double(double a, double b)
{
    return a < b ? -1 : a > b;
}

static int cmp_int_uint(int64_t a, uint64_t b)
{
    return a < 0 ? -1 : cmp_uint((uint64_t)a, b);
}

/* As cel-go: out of range is decided first, then both are doubles (2^53 + 1 is equal to 2^53). */
static int cmp_double_int(double a, int64_t b)
{
    if (a < -0x1p63)
        return -1;
    return a > 0x1p63 ? 1 : cmp_double(a, (double)b);
}

static int cmp_double_uint(double a, uint64_t b)
{
    if (a < 0)
        return -1;
    return a > 0x1p64 ? 1 : cmp_double(a, (double)b);
}

static bool is_nan(struct vl_cel_value v)
{
    return v.kind == VL_CEL_DOUBLE && isnan(v.as.d);
}

/* Numbers of any kinds; not NaN. */
static int cmp_numbers(struct vl_cel_value a, struct vl_cel_value b)
{
    switch (a.kind) {
    case VL_CEL_INT:
        if (b.kind == VL_CEL_INT)
            return cmp_int(a.as.i, b.as.i);
        return b.kind == VL_CEL_UINT ? cmp_int_uint(a.as.i, b.as.u) : -cmp_double_int(b.as.d, a.as.i);
    case VL_CEL_UINT:
        if (b.kind == VL_CEL_INT)
            return -cmp_int_uint(b.as.i, a.as.u);
        return b.kind == VL_CEL_UINT ? cmp_uint(a.as.u, b.as.u) : -cmp_double_uint(b.as.d, a.as.u);
    default:
        if (b.kind == VL_CEL_INT)
            return cmp_double_int(a.as.d, b.as.i);
        return b.kind == VL_CEL_UINT ? cmp_double_uint(a.as.d, b.as.u) : cmp_double(a.as.d, b.as.d);
    }
}

static bool is_number(struct vl_cel_value v)
{
    return v.kind == VL_CEL_INT || v.kind == VL_CEL_UINT || v.kind == VL_CEL_DOUBLE;
}

static int cmp_texts(struct vl_cel_value a, struct vl_cel_value b)
{
    int r = memcmp(a.as.bytes, b.as.bytes, a.len < b.len ? a.len : b.len);
    return r ? r : cmp_uint(a.len, b.len);
}

int vl_cel_compare(struct vl_cel_value a, struct vl_cel_value b, bool *ret_ordered)
{
    *ret_ordered = true;
    if (is_number(a) && is_number(b)) {
        *ret_ordered = !is_nan(a) && !is_nan(b);
        return *ret_ordered ? cmp_numbers(a, b) : 0;
    }
    if (a.kind == b.kind) {
        switch (a.kind) {
        case VL_CEL_BOOL:
            return cmp_uint(a.as.boolean, b.as.boolean);
        case VL_CEL_STRING:
        case VL_CEL_BYTES:
            return cmp_texts(a, b);
        case VL_CEL_TIMESTAMP:
            return a.as.i != b.as.i ? cmp_int(a.as.i, b.as.i) : cmp_uint(a.len, b.len);
        case VL_CEL_DURATION:
            return cmp_int(a.as.i, b.as.i);
        default:
            break;
        }
    }
    *ret_ordered = false;
    return 0;
}

struct walk {
    uint64_t work;
    unsigned depth;
};

static bool equal(struct vl_cel_value a, struct vl_cel_value b, struct walk *walk);

static bool same_item(
    const struct vl_cel_identity *identity, struct vl_cel_value a, struct vl_cel_value b, struct walk *walk)
{
    struct vl_cel_value x, y;
    size_t n = identity->n_keys ? identity->n_keys : 1;
    for (size_t i = 0; i < n; i++) {
        if (!vl_cel_identity_part(identity, i, a, b, &x, &y) || !equal(x, y, walk))
            return false;
    }
    return true;
}

/* Of a set or map list: each item of the other list is there, wherever. */
static bool equal_unordered(
    const struct vl_cel_identity *identity, struct vl_cel_value a, struct vl_cel_value b, struct walk *walk)
{
    struct vl_cel_iter right = vl_cel_iterate(b);
    struct vl_cel_value x, y;
    while (vl_cel_iter_next(&right, NULL, &y)) {
        struct vl_cel_iter left = vl_cel_iterate(a);
        bool found = false;
        while (!found && vl_cel_iter_next(&left, NULL, &x))
            found = same_item(identity, x, y, walk);
        if (!found || (identity->n_keys && !equal(x, y, walk)))
            return false;
    }
    return true;
}

static bool equal_lists(struct vl_cel_value a, struct vl_cel_value b, struct walk *walk)
{
    if (vl_cel_list_size(a) != vl_cel_list_size(b))
        return false;
    const struct vl_cel_identity *identity = vl_cel_list_identity(a);
    if (identity)
        return equal_unordered(identity, a, b, walk);
    struct vl_cel_iter left = vl_cel_iterate(a), right = vl_cel_iterate(b);
    struct vl_cel_value x, y;
    while (vl_cel_iter_next(&left, NULL, &x) && vl_cel_iter_next(&right, NULL, &y))
        if (!equal(x, y, walk) && vl_cel_opaque_comparable(x, y))
            return false;
    return true;
}

static bool equal_maps(struct vl_cel_value a, struct vl_cel_value b, struct walk *walk)
{
    if (vl_cel_map_size(a) != vl_cel_map_size(b))
        return false;
    struct vl_cel_iter left = vl_cel_iterate(a);
    struct vl_cel_value key, x, y;
    while (vl_cel_iter_next(&left, &key, &x))
        if (!vl_cel_map_get(b, key, &y) || (!equal(x, y, walk) && vl_cel_opaque_comparable(x, y)))
            return false;
    return true;
}

bool vl_cel_opaque_comparable(struct vl_cel_value a, struct vl_cel_value b)
{
    if (a.kind != VL_CEL_OPAQUE || b.kind == VL_CEL_NULL)
        return true;
    if (b.kind != VL_CEL_OPAQUE || a.opaque != b.opaque)
        return false;
    const struct vl_cel_opaque_ops *const *left = a.as.payload, *const *right = b.as.payload;
    if (!left || !right || *left != *right)
        return false;
    return !(*left)->comparable || (*left)->comparable(left, right);
}

static bool equal_opaque(struct vl_cel_value a, struct vl_cel_value b)
{
    if (!vl_cel_opaque_comparable(a, b))
        return false;
    const struct vl_cel_opaque_ops *const *left = a.as.payload, *const *right = b.as.payload;
    return (*left)->equal ? (*left)->equal(a.as.payload, b.as.payload) : left == right;
}

static bool equal_scalars(struct vl_cel_value a, struct vl_cel_value b)
{
    if (is_number(a) && is_number(b))
        return !is_nan(a) && !is_nan(b) && cmp_numbers(a, b) == 0;
    if (a.kind != b.kind)
        return false;
    switch (a.kind) {
    case VL_CEL_NULL:
        return true;
    case VL_CEL_BOOL:
        return a.as.boolean == b.as.boolean;
    case VL_CEL_STRING:
    case VL_CEL_BYTES:
        return a.len == b.len && (a.as.bytes == b.as.bytes || memcmp(a.as.bytes, b.as.bytes, a.len) == 0);
    case VL_CEL_TIMESTAMP:
        return a.as.i == b.as.i && a.len == b.len;
    case VL_CEL_TYPE:
        return strcmp(a.as.type->name, b.as.type->name) == 0;
    case VL_CEL_OPAQUE:
        return equal_opaque(a, b);
    default:
        return a.as.u == b.as.u;
    }
}

/* Texts count by their length, so that many long ones cannot be compared for little. */
static bool spend(struct walk *walk, struct vl_cel_value a)
{
    uint64_t work = a.kind == VL_CEL_STRING || a.kind == VL_CEL_BYTES ? 1 + a.len / 16 : 1;
    if (walk->depth > VL_CEL_VALUE_DEPTH_MAX || walk->work < work) {
        walk->work = 0;
        return false;
    }
    walk->work -= work;
    return true;
}

static bool equal(struct vl_cel_value a, struct vl_cel_value b, struct walk *walk)
{
    if (!spend(walk, a))
        return false;
    if (a.kind != b.kind)
        return equal_scalars(a, b);
    walk->depth++;
    bool same;
    switch (a.kind) {
    case VL_CEL_LIST:
        same = equal_lists(a, b, walk);
        break;
    case VL_CEL_MAP:
        same = equal_maps(a, b, walk);
        break;
    case VL_CEL_OPTIONAL:
        same = a.as.inner && b.as.inner ? equal(*a.as.inner, *b.as.inner, walk) : a.as.inner == b.as.inner;
        break;
    default:
        same = equal_scalars(a, b);
        break;
    }
    walk->depth--;
    return same;
}

bool vl_cel_equal_within(struct vl_cel_value a, struct vl_cel_value b, uint64_t *work)
{
    struct walk walk = {.work = *work};
    bool same = equal(a, b, &walk);
    *work = walk.work;
    return same;
}

bool vl_cel_equal(struct vl_cel_value a, struct vl_cel_value b)
{
    uint64_t work = VL_CEL_EQUAL_WORK_MAX;
    return vl_cel_equal_within(a, b, &work);
}

const char *vl_cel_type_name(struct vl_cel_value value)
{
    static const char *const names[] = {
        [VL_CEL_NULL] = "null_type",
        [VL_CEL_BOOL] = "bool",
        [VL_CEL_INT] = "int",
        [VL_CEL_UINT] = "uint",
        [VL_CEL_DOUBLE] = "double",
        [VL_CEL_STRING] = "string",
        [VL_CEL_BYTES] = "bytes",
        [VL_CEL_TIMESTAMP] = "google.protobuf.Timestamp",
        [VL_CEL_DURATION] = "google.protobuf.Duration",
        [VL_CEL_LIST] = "list",
        [VL_CEL_MAP] = "map",
        [VL_CEL_TYPE] = "type",
        [VL_CEL_OPTIONAL] = "optional_type",
        [VL_CEL_ERROR] = "error",
    };
    if (value.kind == VL_CEL_OPAQUE) {
        const struct vl_cel_opaque_ops *const *ops = value.as.payload;
        return ops && *ops ? (*ops)->type_name : "opaque";
    }
    return value.kind < VL_ARRAY_LEN(names) && names[value.kind] ? names[value.kind] : "unknown";
}
