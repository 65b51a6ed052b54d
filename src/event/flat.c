/* Recorded events as a table of values: reading a field is one look-up by its number. */
#include <string.h>

#include "field_table.h"
#include "read.h"

#define NEAR_ANCESTORS_MAX 32   /* two of each ancestor field */
#define ARGUMENTS_MAX      1024 /* fields with arguments of one event */

struct flat_argument {
    uint16_t field;
    struct vl_span arg;
    struct vl_event_value value;
};

struct flat {
    uint16_t *index; /* by field id: 1 + place in `values`, 0 missing */
    struct vl_event_value *values;
    struct flat_argument *arguments; /* those of one field beside each other */
    uint16_t *first;                 /* by field id: 1 + place of its first argument, 0 none */
    uint32_t n_arguments;
};

static void get_flat(const struct vl_event *event, const struct vl_field *field, struct vl_span arg,
    struct vl_arena *scratch, struct vl_event_value *ret)
{
    const struct flat *flat = event->data;
    (void)scratch;
    if (arg.len == 0) {
        uint16_t at = flat->index[field->id];
        if (at) {
            *ret = flat->values[at - 1];
            return;
        }
    } else if (flat->first[field->id]) {
        for (uint32_t i = flat->first[field->id] - 1U;
            i < flat->n_arguments && flat->arguments[i].field == field->id; i++) {
            const struct flat_argument *a = &flat->arguments[i];
            if (a->arg.len == arg.len && memcmp(a->arg.ptr, arg.ptr, arg.len) == 0) {
                *ret = a->value;
                return;
            }
        }
    }
    read_missing(ret);
}

static const struct vl_event_value *look_flat(const struct vl_event *event, const struct vl_field *field)
{
    const struct flat *flat = event->data;
    uint16_t at = flat->index[field->id];
    return at ? &flat->values[at - 1] : NULL;
}

static const struct vl_event_ops flat_ops = {.get = get_flat, .look = look_flat};

/* "name[arg]" or "name.arg" as it stands in a record. */
static const struct vl_field *field_of_key(struct vl_span key, struct vl_span *ret_arg)
{
    size_t bracket = vl_span_find_char(key, '[');
    struct vl_span arg = VL_SPAN_EMPTY, name = vl_span_slice(key, 0, bracket);
    if (bracket != SIZE_MAX && key.ptr[key.len - 1] == ']')
        arg = vl_span_slice(key, bracket + 1, key.len - 1);
    return vl_field_find(VL_EVENT_SYSCALL, name, arg, ret_arg);
}

static int add_argument(struct flat *flat, const struct vl_field *field, struct vl_span arg,
    const struct vl_event *event, struct vl_arena *arena, struct vl_err *err)
{
    if (flat->n_arguments == ARGUMENTS_MAX)
        return vl_err_set(
            err, VL_ERR_LIMIT, "more than %d fields with arguments in one event", ARGUMENTS_MAX);
    struct flat_argument *a = &flat->arguments[flat->n_arguments++];
    *a = (struct flat_argument){.field = field->id, .arg = arg};
    event->ops->get(event, field, arg, arena, &a->value);
    if (!flat->first[field->id])
        flat->first[field->id] = (uint16_t)flat->n_arguments;
    return 0;
}

/* [0] and [1] stand under other names. */
static int add_near_ancestors(struct flat *flat, const struct vl_field *field, const struct vl_event *event,
    struct vl_arena *arena, struct vl_err *err)
{
    int r = add_argument(flat, field, VL_SPAN_LIT("0"), event, arena, err);
    return r < 0 ? r : add_argument(flat, field, VL_SPAN_LIT("1"), event, arena, err);
}

static int add_arguments(struct flat *flat, const struct vl_doc_node *fields, const struct vl_event *event,
    struct vl_arena *arena, struct vl_err *err)
{
    for (uint16_t id = 0; id < event_n_fields; id++) {
        const struct vl_field *field = &event_fields[id];
        if (field->source != VL_EVENT_SYSCALL || field->arg == VL_FIELD_ARG_NONE)
            continue;
        if (field->any_ancestor) {
            int r = add_near_ancestors(flat, field, event, arena, err);
            if (r < 0)
                return r;
        }
        size_t len = strlen(field->name);
        for (const struct vl_doc_node *n = vl_doc_first(fields); n; n = vl_doc_next(n)) {
            struct vl_span arg = VL_SPAN_EMPTY, key = vl_doc_key(n);
            if (key.len <= len || memcmp(key.ptr, field->name, len) != 0 ||
                field_of_key(key, &arg) != field || arg.len == 0)
                continue;
            int r = add_argument(flat, field, arg, event, arena, err);
            if (r < 0)
                return r;
        }
    }
    return 0;
}

int vl_event_from_recorded_flat(
    const struct vl_doc *doc, struct vl_arena *arena, struct vl_event *ret, struct vl_err *err)
{
    struct vl_event event;
    struct vl_event_value value;
    int r = vl_event_from_recorded(doc, &event, err);
    if (r < 0)
        return r;
    struct flat *flat = vl_arena_alloc(arena, sizeof(*flat));
    struct vl_event_value *values = vl_arena_array(arena, event_n_fields, sizeof(*values));
    if (!flat || !values)
        return vl_arena_check(arena, "event", err);
    const struct vl_doc_node *fields = event.data;
    size_t n = vl_doc_size(fields);
    flat->values = values;
    flat->index = vl_arena_array(arena, event_n_fields, sizeof(*flat->index));
    flat->first = vl_arena_array(arena, event_n_fields, sizeof(*flat->first));
    n += NEAR_ANCESTORS_MAX;
    flat->arguments = vl_arena_array(arena, n < ARGUMENTS_MAX ? n : ARGUMENTS_MAX, sizeof(*flat->arguments));
    if (!flat->index || !flat->first || !flat->arguments)
        return vl_arena_check(arena, "event", err);
    uint16_t n_values = 0;
    for (uint16_t id = 0; id < event_n_fields; id++) {
        if (event_fields[id].source != VL_EVENT_SYSCALL)
            continue;
        event.ops->get(&event, &event_fields[id], VL_SPAN_EMPTY, arena, &value);
        if (value.kind == VL_VALUE_MISSING)
            continue;
        flat->values[n_values++] = value;
        flat->index[id] = n_values;
    }
    r = add_arguments(flat, fields, &event, arena, err);
    if (r >= 0)
        r = vl_arena_check(arena, "event", err);
    if (r < 0)
        return r;
    *ret = event;
    ret->ops = &flat_ops;
    ret->data = flat;
    return 0;
}
