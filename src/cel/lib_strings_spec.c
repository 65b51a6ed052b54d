/* Clauses of format() as cel-spec has them (cel-go's version 4 on), which Kubernetes has not.
 * Source: cel-spec doc/extensions/strings.md. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib_strings.h"
#include "lib_support.h"
#include "number_text.h"
#include "type.h"
#include "value_impl.h"

#define DEPTH_MAX 200

static bool put(struct vl_cel_run *run, struct vl_cel_value value, struct vl_buf *out, unsigned depth);

static void put_double(struct vl_buf *out, double value)
{
    char text[VL_CEL_NUMBER_TEXT_MAX];
    if (isnan(value))
        vl_buf_append_str(out, "NaN");
    else if (isinf(value))
        vl_buf_append_str(out, value < 0 ? "-Infinity" : "Infinity");
    else
        vl_buf_append_str(out, vl_cel_double_plain(value, text));
}

static bool put_list(struct vl_cel_run *run, struct vl_cel_value list, struct vl_buf *out, unsigned depth)
{
    struct vl_cel_iter iter = vl_cel_iterate(list);
    struct vl_cel_value item;
    vl_buf_append_char(out, '[');
    for (bool first = true; vl_cel_iter_next(&iter, NULL, &item); first = false) {
        if (!first)
            vl_buf_append_str(out, ", ");
        if (out->failed || !put(run, item, out, depth + 1))
            return false;
    }
    vl_buf_append_char(out, ']');
    return true;
}

struct entry {
    struct vl_span key, value;
};

static int cmp_entries(const void *a, const void *b)
{
    return vl_span_cmp(((const struct entry *)a)->key, ((const struct entry *)b)->key);
}

static bool keep(struct vl_cel_run *run, struct vl_cel_value value, unsigned depth, struct vl_span *ret)
{
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    vl_buf_init(&text, VL_CEL_TEXT_MAX);
    if (!put(run, value, &text, depth))
        return false;
    struct vl_cel_value kept = vl_cel_text_of(run, &text);
    *ret = vl_cel_span(kept);
    return kept.kind == VL_CEL_STRING;
}

/* Sorted by the texts of the keys. */
static bool put_map(struct vl_cel_run *run, struct vl_cel_value map, struct vl_buf *out, unsigned depth)
{
    struct vl_cel_iter iter = vl_cel_iterate(map);
    struct vl_cel_value key, value;
    size_t n = vl_cel_map_size(map), done = 0;
    struct entry *entries = vl_arena_array(vl_cel_run_arena(run), n ? n : 1, sizeof(*entries));
    if (!entries)
        return false;
    for (; done < n && vl_cel_iter_next(&iter, &key, &value); done++)
        if (!keep(run, key, depth + 1, &entries[done].key) ||
            !keep(run, value, depth + 1, &entries[done].value))
            return false;
    qsort(entries, done, sizeof(*entries), cmp_entries);
    vl_buf_append_char(out, '{');
    for (size_t i = 0; i < done; i++) {
        vl_buf_append_str(out, i ? ", " : "");
        vl_buf_append_span(out, entries[i].key);
        vl_buf_append_str(out, ": ");
        vl_buf_append_span(out, entries[i].value);
    }
    vl_buf_append_char(out, '}');
    return true;
}

/* Any value without quotes; false for one that has no text. */
static bool put(struct vl_cel_run *run, struct vl_cel_value value, struct vl_buf *out, unsigned depth)
{
    char text[VL_CEL_NUMBER_TEXT_MAX];
    switch (depth > DEPTH_MAX ? VL_CEL_ERROR : value.kind) {
    case VL_CEL_BOOL:
        vl_buf_append_str(out, value.as.boolean ? "true" : "false");
        return true;
    case VL_CEL_INT:
        vl_buf_printf(out, "%" PRId64, value.as.i);
        return true;
    case VL_CEL_UINT:
        vl_buf_printf(out, "%" PRIu64, value.as.u);
        return true;
    case VL_CEL_DOUBLE:
        put_double(out, value.as.d);
        return true;
    case VL_CEL_STRING:
    case VL_CEL_BYTES:
        vl_buf_append_span(out, vl_cel_span(value));
        return true;
    case VL_CEL_DURATION:
        vl_buf_append_str(out, vl_cel_duration_seconds(value.as.i, text));
        return true;
    case VL_CEL_TIMESTAMP:
        vl_buf_append_str(out, vl_cel_time_text(value.as.i, value.len, 0, text));
        return true;
    case VL_CEL_NULL:
        vl_buf_append_str(out, "null");
        return true;
    case VL_CEL_TYPE:
        vl_buf_append_str(out, value.as.type->name);
        return true;
    case VL_CEL_LIST:
        return put_list(run, value, out, depth);
    case VL_CEL_MAP:
        return put_map(run, value, out, depth);
    default:
        return false;
    }
}

static bool number_of(struct vl_cel_value value, double *ret)
{
    *ret = value.kind == VL_CEL_INT    ? (double)value.as.i
           : value.kind == VL_CEL_UINT ? (double)value.as.u
                                       : value.as.d;
    return value.kind == VL_CEL_INT || value.kind == VL_CEL_UINT || value.kind == VL_CEL_DOUBLE;
}

enum vl_cel_format_put vl_cel_format_put_spec(
    struct vl_cel_run *run, char verb, int64_t precision, struct vl_cel_value value, struct vl_buf *out)
{
    double number;
    int digits = precision < 1000 ? (int)precision : 1000;
    switch (verb) {
    case 's':
        return put(run, value, out, 0) ? VL_CEL_FORMAT_DONE : VL_CEL_FORMAT_WRONG;
    case 'd':
        if (value.kind != VL_CEL_DOUBLE)
            return VL_CEL_FORMAT_OTHER;
        put_double(out, value.as.d);
        return VL_CEL_FORMAT_DONE;
    case 'f':
    case 'e':
        if (!number_of(value, &number))
            return VL_CEL_FORMAT_WRONG;
        if (!isfinite(number))
            put_double(out, number);
        else if (verb == 'f')
            vl_buf_printf(out, "%.*f", digits, number);
        else
            vl_buf_printf(out, "%.*e", digits, number);
        return VL_CEL_FORMAT_DONE;
    default:
        return VL_CEL_FORMAT_OTHER;
    }
}
