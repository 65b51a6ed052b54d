/* CEL values: 16 bytes each, passed by value. Texts, lists and maps are lent: by the document they were read
 * from, by the program (literals) or by the arena of the evaluation that made them.
 *
 * Source: CEL language definition (github.com/google/cel-spec, doc/langdef.md); Kubernetes' libraries:
 * k8s.io/apiserver/pkg/cel/library. */
#ifndef VL_CEL_VALUE_H
#define VL_CEL_VALUE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "codec/doc.h"

enum vl_cel_kind {
    VL_CEL_NULL,
    VL_CEL_BOOL,
    VL_CEL_INT,
    VL_CEL_UINT,
    VL_CEL_DOUBLE,
    VL_CEL_STRING, /* valid UTF-8; sizes and indices count code points */
    VL_CEL_BYTES,
    VL_CEL_TIMESTAMP, /* 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z */
    VL_CEL_DURATION,  /* nanoseconds in an int64_t, as Go's time.Duration */
    VL_CEL_LIST,
    VL_CEL_MAP,
    VL_CEL_TYPE,
    VL_CEL_OPTIONAL,
    VL_CEL_OPAQUE, /* a value of a library: quantity, ip, url … */
    VL_CEL_ERROR,  /* errors are values: && and || absorb them in either order */
};

/* What every opaque value can do. The payload starts with a pointer to this (a static constant of the library
 * file that makes it), so that comparison and printing need to know no library. */
struct vl_cel_opaque_ops {
    const char *type_name;                       /* "kubernetes.Quantity", as type() gives it */
    bool (*equal)(const void *a, const void *b); /* of two payloads with these same ops */
    /* NULL: all with these same ops. False: a == b is the error "no such overload" (upstream compares some
     * values with nothing). Use vl_cel_opaque_comparable(). */
    bool (*comparable)(const void *a, const void *b);
    void (*text)(const void *payload, struct vl_buf *out); /* as string() or String() in Go prints it */
    uint64_t (*size)(const void *payload); /* for costs (ip, cidr: bytes of the address); NULL: 1 */
};

/* What an opaque value is. Its payload belongs to the library file that makes it. */
enum vl_cel_opaque_kind {
    VL_CEL_OPAQUE_NONE,
    VL_CEL_QUANTITY,
    VL_CEL_IP,
    VL_CEL_CIDR,
    VL_CEL_URL,
    VL_CEL_FORMAT,
    VL_CEL_SEMVER,
    VL_CEL_IMAGE,
    VL_CEL_AUTHORIZER, /* also its path, group, resource checks and decisions: lib_authorizer.c tells them
                          apart */
};

struct vl_cel_list; /* private to value.c */
struct vl_cel_map;
struct vl_cel_type;

/* Position of an error in its expression. */
struct vl_cel_error {
    const char *message; /* one line, as cel-go words it: policy authors search for these texts */
    uint32_t offset; /* code points from the start of the expression; UINT32_MAX where there is no place */
    bool is_cost;    /* the budget was used up: never absorbed by && and || */
};

struct vl_cel_value {
    uint8_t kind;   /* enum vl_cel_kind */
    uint8_t repr;   /* how a list or map is stored: private to value.c */
    uint8_t opaque; /* enum vl_cel_opaque_kind */
    uint8_t unused;
    uint32_t len; /* STRING, BYTES: bytes; TIMESTAMP: nanoseconds of the second, 0 to 999,999,999 */
    union {
        bool boolean;
        int64_t i; /* INT; DURATION in nanoseconds; TIMESTAMP in seconds since 1970 */
        uint64_t u;
        double d;
        const char *bytes; /* STRING, BYTES */
        const struct vl_doc_node *node;
        const struct vl_cel_list *list;
        const struct vl_cel_map *map;
        const struct vl_cel_type *type;
        const struct vl_cel_value *inner; /* OPTIONAL: NULL where there is none */
        const void *payload;              /* OPAQUE */
        const struct vl_cel_error *error;
    } as;
};

/* Scalars. */
struct vl_cel_value vl_cel_null(void);
struct vl_cel_value vl_cel_bool(bool value);
struct vl_cel_value vl_cel_int(int64_t value);
struct vl_cel_value vl_cel_uint(uint64_t value);
struct vl_cel_value vl_cel_double(double value);
struct vl_cel_value vl_cel_string(struct vl_span lent); /* at most UINT32_MAX bytes */
struct vl_cel_value vl_cel_bytes(struct vl_span lent);
struct vl_cel_value vl_cel_timestamp(int64_t seconds, uint32_t nanos);
struct vl_cel_value vl_cel_duration(int64_t nanoseconds);
struct vl_cel_value vl_cel_type_value(const struct vl_cel_type *type);
struct vl_cel_value vl_cel_opaque(
    enum vl_cel_opaque_kind kind, const void *payload); /* payload: struct vl_cel_opaque_ops * first */
struct vl_span vl_cel_span(struct vl_cel_value value);  /* STRING, BYTES; else empty */

/* Any document node as a value, without a copy: objects are maps with string keys, arrays lists, INT, UINT
 * and FLOAT as Kubernetes' JSON decoder has them (whole numbers are int, over INT64_MAX double). */
struct vl_cel_value vl_cel_from_doc(const struct vl_doc_node *node);

/* Lists. Building needs an arena; a NULL arena result turns up as a memory error at the end of the evaluation
 * (vl_arena_check). */
struct vl_cel_value vl_cel_list_new(struct vl_arena *arena, const struct vl_cel_value *items_lent, size_t n);
size_t vl_cel_list_size(struct vl_cel_value list);
struct vl_cel_value vl_cel_list_at(
    struct vl_cel_value list, size_t index); /* null outside; linear in a document */

/* Walks lists (values) and maps (keys and values) in order without a copy. */
struct vl_cel_iter {
    struct vl_cel_value over;
    const struct vl_doc_node *node;
    size_t index;
};
struct vl_cel_iter vl_cel_iterate(struct vl_cel_value list_or_map);
/* False at the end. `ret_key` is the index (int) for a list; either may be NULL. */
bool vl_cel_iter_next(struct vl_cel_iter *iter, struct vl_cel_value *ret_key, struct vl_cel_value *ret_value);

/* Maps keep their order of insertion. Keys: bool, int, uint, string; int, uint and double keys compare by
 * number. */
struct vl_cel_value vl_cel_map_new(struct vl_arena *arena, const struct vl_cel_value *keys_lent,
    const struct vl_cel_value *values_lent, size_t n);
size_t vl_cel_map_size(struct vl_cel_value map);
bool vl_cel_map_get(struct vl_cel_value map, struct vl_cel_value key, struct vl_cel_value *ret);
bool vl_cel_map_get_str(struct vl_cel_value map, struct vl_span key, struct vl_cel_value *ret);

struct vl_cel_value vl_cel_optional(struct vl_arena *arena, struct vl_cel_value inner);
struct vl_cel_value vl_cel_optional_none(void);

/* CEL's == : false across types, numbers by value across int, uint and double, NaN unequal to itself. Depth
 * is limited by the depth of documents (VL_DOC_DEPTH_MAX) and of expressions. */
bool vl_cel_equal(struct vl_cel_value a, struct vl_cel_value b);

/* False where a == b is the error "no such overload": a is opaque, b neither null nor one it knows. Inside
 * lists and maps such a pair does not make them unequal. */
bool vl_cel_opaque_comparable(struct vl_cel_value a, struct vl_cel_value b);

/* < 0, 0, > 0; `*ret_ordered` false where the kinds have no order or one is NaN. */
int vl_cel_compare(struct vl_cel_value a, struct vl_cel_value b, bool *ret_ordered);

/* "int", "string", "google.protobuf.Timestamp", "kubernetes.Quantity" …: the name of the value's run-time
 * type. */
const char *vl_cel_type_name(struct vl_cel_value value);

/* Appends the value as plain JSON (bytes as base64, timestamps and durations as their texts, maps with their
 * keys as text), or in the tagged form {"int":"1"} of the conformance suites. */
VL_MUST_CHECK int vl_cel_value_json(
    struct vl_cel_value value, bool tagged, struct vl_buf *out, struct vl_err *err);

/* Reads the tagged form; texts stay lent by the document. Durations as {"seconds","nanos"} or "1h30m". */
VL_MUST_CHECK int vl_cel_value_tagged(
    struct vl_arena *arena, const struct vl_doc_node *node, struct vl_cel_value *ret, struct vl_err *err);

/* Whether a node has that form, all the way down. */
bool vl_cel_is_tagged(const struct vl_doc_node *node);

#endif
