#include "event/field.h"

#include <string.h>

#include "event/event.h"
#include "field_table.h"

#define NEAR_MAX      3  /* edits that a misspelt name may be away */
#define NAME_NEAR_MAX 64 /* bytes of a name that is compared */

static const struct vl_field *find_exact(enum vl_event_source source, struct vl_span name)
{
    size_t lo = event_source_starts[source], hi = event_source_starts[source + 1];
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = vl_span_cmp(vl_span_str(event_fields[mid].name), name);
        if (c == 0)
            return &event_fields[mid];
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

const struct vl_field *vl_field_find(
    enum vl_event_source source, struct vl_span name, struct vl_span arg, struct vl_span *ret_arg)
{
    if (source >= VL_EVENT_SOURCES)
        return NULL;
    if (source == VL_EVENT_LOG) {
        *ret_arg = name;
        return name.len ? find_exact(source, VL_SPAN_LIT("record")) : NULL;
    }
    const struct vl_field *field = find_exact(source, name);
    if (field) {
        *ret_arg = arg;
        return field;
    }
    if (arg.len)
        return NULL;
    for (struct vl_span head = name; !field;) {
        size_t dot = vl_span_rfind_char(head, '.');
        if (dot == SIZE_MAX)
            return NULL;
        head = vl_span_slice(head, 0, dot);
        field = find_exact(source, head);
        if (field && (field->arg != VL_FIELD_ARG_KEY || dot + 1 >= name.len))
            return NULL;
        *ret_arg = vl_span_slice(name, dot + 1, SIZE_MAX);
    }
    return field;
}

const struct vl_field *vl_field_at(uint16_t id)
{
    return id < event_n_fields ? &event_fields[id] : NULL;
}

uint16_t vl_field_count(void)
{
    return event_n_fields;
}

/* Levenshtein's distance, or more than NEAR_MAX where the lengths alone tell. */
static unsigned distance(struct vl_span a, struct vl_span b)
{
    uint8_t row[NAME_NEAR_MAX + 1];
    size_t longer = a.len > b.len ? a.len - b.len : b.len - a.len;
    if (longer > NEAR_MAX)
        return NEAR_MAX + 1;
    for (size_t j = 0; j <= b.len; j++)
        row[j] = (uint8_t)j;
    for (size_t i = 1; i <= a.len; i++) {
        unsigned diagonal = row[0];
        row[0] = (uint8_t)i;
        for (size_t j = 1; j <= b.len; j++) {
            unsigned replaced = diagonal + (a.ptr[i - 1] != b.ptr[j - 1]);
            unsigned best = row[j] < row[j - 1] ? row[j] + 1U : row[j - 1] + 1U;
            diagonal = row[j];
            row[j] = (uint8_t)(best < replaced ? best : replaced);
        }
    }
    return row[b.len];
}

const struct vl_field *vl_field_nearest(enum vl_event_source source, struct vl_span name)
{
    const struct vl_field *best = NULL;
    unsigned least = NEAR_MAX + 1;
    if (source >= VL_EVENT_LOG || name.len > NAME_NEAR_MAX)
        return NULL;
    for (size_t i = event_source_starts[source]; i < event_source_starts[source + 1]; i++) {
        struct vl_span candidate = vl_span_str(event_fields[i].name);
        unsigned d = candidate.len <= NAME_NEAR_MAX ? distance(name, candidate) : NEAR_MAX + 1;
        if (d < least) {
            least = d;
            best = &event_fields[i];
        }
    }
    return best;
}

#define FIRST_NAMED (VL_EVENT_TYPE_OTHER + 1)

uint16_t vl_event_type_find(struct vl_span name)
{
    size_t lo = 0, hi = event_n_types;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = vl_span_cmp(vl_span_str(event_type_names[mid]), name);
        if (c == 0)
            return (uint16_t)(mid + FIRST_NAMED);
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return 0;
}

const char *vl_event_type_name(uint16_t type)
{
    return type >= FIRST_NAMED && type - FIRST_NAMED < event_n_types ? event_type_names[type - FIRST_NAMED]
                                                                     : NULL;
}
