/* Writes JSON: commas, quoting and indentation are the writer's business, so output is well-formed by
 * construction. */
#ifndef VL_CODEC_JSON_H
#define VL_CODEC_JSON_H

#include "base/buf.h"

#define VL_JSON_DEPTH_MAX 64

struct vl_json {
    struct vl_buf *out; /* lent */
    bool pretty;        /* two spaces a level */
    unsigned depth;
    bool misused; /* a key outside an object, an unbalanced end, too deep */
    bool after_key;
    uint32_t counts[VL_JSON_DEPTH_MAX]; /* items written at each depth */
    char kinds[VL_JSON_DEPTH_MAX];      /* '{' or '[' */
};

void vl_json_init(struct vl_json *json, struct vl_buf *out, bool pretty);

void vl_json_object(struct vl_json *json);
void vl_json_object_end(struct vl_json *json);
void vl_json_array(struct vl_json *json);
void vl_json_array_end(struct vl_json *json);
void vl_json_key_span(struct vl_json *json, struct vl_span key);
static inline void vl_json_key(struct vl_json *json, const char *key)
{
    vl_json_key_span(json, vl_span_str(key));
}

void vl_json_null(struct vl_json *json);
void vl_json_bool(struct vl_json *json, bool v);
void vl_json_int(struct vl_json *json, int64_t v);
void vl_json_uint(struct vl_json *json, uint64_t v);
void vl_json_double(
    struct vl_json *json, double v); /* shortest form that reads back the same; not finite: null */
void vl_json_fixed(struct vl_json *json, double v, int decimals);
void vl_json_span(struct vl_json *json, struct vl_span s);          /* invalid UTF-8 becomes U+FFFD */
static inline void vl_json_str(struct vl_json *json, const char *s) /* NULL writes null */
{
    if (s)
        vl_json_span(json, vl_span_str(s));
    else
        vl_json_null(json);
}

/* Key and value in one; a NULL string writes nothing at all. */
static inline void vl_json_member_str(struct vl_json *json, const char *key, const char *v)
{
    if (!v)
        return;
    vl_json_key(json, key);
    vl_json_span(json, vl_span_str(v));
}

static inline void vl_json_member_int(struct vl_json *json, const char *key, int64_t v)
{
    vl_json_key(json, key);
    vl_json_int(json, v);
}

static inline void vl_json_member_bool(struct vl_json *json, const char *key, bool v)
{
    vl_json_key(json, key);
    vl_json_bool(json, v);
}

/* "2026-11-24T08:00:00Z"; 0 writes nothing. */
void vl_json_member_time(struct vl_json *json, const char *key, int64_t ms);

/* 0, or an error when the document is not complete or the buffer overflowed. */
VL_MUST_CHECK int vl_json_check(const struct vl_json *json, const char *what, struct vl_err *err);

#endif
