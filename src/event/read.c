#include "read.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "codec/json.h"

#define NS_PER_S  1000000000ULL
#define NS_PER_MS 1000000ULL

/* --- JSON back to text --- */

static void write_string(struct vl_buf *out, struct vl_span s)
{
    struct vl_json json;
    vl_json_init(&json, out, false);
    vl_json_span(&json, s);
}

static bool write_node(struct vl_buf *out, const struct vl_doc_node *node, unsigned depth)
{
    enum vl_doc_type type = vl_doc_type(node);
    if (depth > READ_JSON_DEPTH_MAX)
        return false;
    if (type == VL_DOC_STRING) {
        write_string(out, vl_doc_span(node));
        return true;
    }
    if (type != VL_DOC_ARRAY && type != VL_DOC_OBJECT) {
        if (type == VL_DOC_BOOL)
            vl_buf_append_str(out, vl_doc_bool(node) ? "true" : "false");
        else if (type == VL_DOC_NULL)
            vl_buf_append_str(out, "null");
        else
            vl_buf_append_span(out, vl_doc_text(node));
        return true;
    }
    vl_buf_append_char(out, type == VL_DOC_ARRAY ? '[' : '{');
    for (const struct vl_doc_node *n = vl_doc_first(node); n; n = vl_doc_next(n)) {
        if (n != vl_doc_first(node))
            vl_buf_append_char(out, ',');
        if (type == VL_DOC_OBJECT) {
            write_string(out, vl_doc_key(n));
            vl_buf_append_char(out, ':');
        }
        if (!write_node(out, n, depth + 1) || out->failed)
            return false;
    }
    vl_buf_append_char(out, type == VL_DOC_ARRAY ? ']' : '}');
    return true;
}

bool read_text(const struct vl_doc_node *node, struct vl_arena *scratch, struct vl_span *ret)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf out = {0};
    if (!node)
        return false;
    if (vl_doc_is(node, VL_DOC_STRING)) {
        *ret = vl_doc_span(node);
        return true;
    }
    vl_buf_init(&out, READ_TEXT_MAX);
    if (!write_node(&out, node, 0) || out.failed)
        return false;
    const char *copy = vl_arena_dup_span(scratch, vl_buf_span(&out));
    if (!copy)
        return false;
    *ret = (struct vl_span){copy, out.len};
    return true;
}

/* --- typed values --- */

static void read_number(const struct vl_doc_node *node, bool is_unsigned, struct vl_event_value *ret)
{
    struct vl_span text = vl_doc_text(node);
    int64_t i;
    uint64_t u;
    char *end;
    char copy[32];
    if (vl_doc_int(node, &i)) {
        *ret =
            (struct vl_event_value){.kind = is_unsigned && i >= 0 ? VL_VALUE_UINT : VL_VALUE_INT, .as.i = i};
        return;
    }
    if (vl_span_to_u64(text, &u)) {
        read_uint(u, ret);
        return;
    }
    read_missing(ret);
    if (text.len == 0 || text.len >= sizeof(copy))
        return;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    errno = 0;
    i = strtoll(copy, &end, 10);
    if (*end == '\0' && errno == 0)
        *ret = (struct vl_event_value){.kind = VL_VALUE_INT, .as.i = i};
}

static void read_boolean(const struct vl_doc_node *node, struct vl_event_value *ret)
{
    struct vl_span text = vl_doc_text(node);
    if (vl_doc_is(node, VL_DOC_BOOL))
        read_bool(vl_doc_bool(node), ret);
    else if (vl_span_eq_str(text, "true") || vl_span_eq_str(text, "1"))
        read_bool(true, ret);
    else if (vl_span_eq_str(text, "false") || vl_span_eq_str(text, "0"))
        read_bool(false, ret);
    else
        read_missing(ret);
}

static void read_array(const struct vl_doc_node *node, enum vl_field_type type, struct vl_arena *scratch,
    struct vl_event_value *ret)
{
    struct read_list list = {.scratch = scratch};
    struct vl_event_value item;
    for (const struct vl_doc_node *n = vl_doc_first(node); n; n = vl_doc_next(n)) {
        if (vl_doc_is(n, VL_DOC_ARRAY)) /* lists have no lists in them */
            continue;
        read_typed(n, type, scratch, &item);
        if (item.kind != VL_VALUE_MISSING)
            read_list_add(&list, &item);
    }
    if (type == VL_FIELD_PATH && list.n == 2 && !list.failed) { /* as written, as resolved */
        *ret = list.items[0];
        ret->other = list.items[1].as.string;
        return;
    }
    read_list_end(&list, ret);
}

void read_typed(const struct vl_doc_node *node, enum vl_field_type type, struct vl_arena *scratch,
    struct vl_event_value *ret)
{
    struct vl_span text;
    double d;
    read_missing(ret);
    if (!node || vl_doc_is(node, VL_DOC_NULL))
        return;
    if (vl_doc_is(node, VL_DOC_ARRAY)) {
        read_array(node, type, scratch, ret);
        return;
    }
    switch (type) {
    case VL_FIELD_INT:
        read_number(node, false, ret);
        break;
    case VL_FIELD_UINT:
    case VL_FIELD_TIME:
    case VL_FIELD_DURATION:
    case VL_FIELD_PORT:
        read_number(node, true, ret);
        break;
    case VL_FIELD_DOUBLE:
        if (vl_doc_number(node, &d))
            *ret = (struct vl_event_value){.kind = VL_VALUE_DOUBLE, .as.d = d};
        break;
    case VL_FIELD_BOOL:
        read_boolean(node, ret);
        break;
    default:
        if (read_text(node, scratch, &text))
            read_string(text, ret);
    }
}

/* --- time --- */

bool read_time(struct vl_span text, uint64_t *ret_ns)
{
    int64_t ms;
    uint64_t fraction = 0, unit = NS_PER_S;
    if (!vl_time_parse(text, &ms) || ms < 0)
        return false;
    size_t dot = vl_span_find_char(text, '.');
    for (size_t i = dot == SIZE_MAX ? text.len : dot + 1; i < text.len && unit > 1; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            break;
        unit /= 10;
        fraction += (uint64_t)(text.ptr[i] - '0') * unit;
    }
    *ret_ns = (uint64_t)ms / 1000 * NS_PER_S + fraction;
    return true;
}

bool read_common(const struct vl_event *event, const struct vl_field *field, struct vl_event_value *ret)
{
    static const char *const sources[] = {"syscall", "k8s_audit", "log"};
    struct vl_span rest = vl_span_str(field->name);
    if (!vl_span_starts_with(rest, "evt."))
        return false;
    rest = vl_span_slice(rest, 4, SIZE_MAX);
    read_missing(ret);
    if (field->form || vl_span_eq_str(rest, "rawtime")) {
        if (event->time)
            read_uint(event->time, ret);
    } else if (vl_span_eq_str(rest, "rawtime.s")) {
        if (event->time)
            read_uint(event->time / NS_PER_S, ret);
    } else if (vl_span_eq_str(rest, "rawtime.ns")) {
        if (event->time)
            read_uint(event->time % NS_PER_S, ret);
    } else if (vl_span_eq_str(rest, "num")) {
        if (event->sequence)
            read_uint(event->sequence, ret);
    } else if (vl_span_eq_str(rest, "source"))
        read_string(vl_span_str(sources[event->source]), ret);
    else if (vl_span_eq_str(rest, "is_async"))
        read_bool(false, ret);
    else
        return false;
    return true;
}

/* --- pointers --- */

/* One step's text with ~1 and ~0 undone; false where it is longer than the room. */
static bool unescape_step(struct vl_span step, char *room, size_t size, struct vl_span *ret)
{
    size_t n = 0;
    if (vl_span_find_char(step, '~') == SIZE_MAX) {
        *ret = step;
        return true;
    }
    if (step.len > size)
        return false;
    for (size_t i = 0; i < step.len; i++) {
        char c = step.ptr[i];
        if (c == '~' && i + 1 < step.len && (step.ptr[i + 1] == '0' || step.ptr[i + 1] == '1'))
            c = step.ptr[++i] == '0' ? '~' : '/';
        room[n++] = c;
    }
    *ret = (struct vl_span){room, n};
    return true;
}

const struct vl_doc_node *read_pointer(const struct vl_doc_node *root, struct vl_span pointer)
{
    const struct vl_doc_node *node = root;
    char room[256];
    struct vl_span step;
    if (pointer.len == 0)
        return root;
    if (pointer.ptr[0] != '/')
        return NULL;
    bool more = true;
    pointer = vl_span_slice(pointer, 1, SIZE_MAX);
    while (node && more) {
        size_t slash = vl_span_find_char(pointer, '/');
        more = slash != SIZE_MAX;
        if (!unescape_step(vl_span_slice(pointer, 0, slash), room, sizeof(room), &step))
            return NULL;
        uint64_t index;
        if (vl_doc_is(node, VL_DOC_ARRAY))
            node =
                vl_span_to_u64(step, &index) && index < VL_EVENT_VALUES_MAX ? vl_doc_at(node, index) : NULL;
        else
            node = vl_doc_get_span(node, step);
        pointer = vl_span_slice(pointer, more ? slash + 1 : pointer.len, SIZE_MAX);
    }
    return node;
}

/* --- lists --- */

void read_list_add(struct read_list *list, const struct vl_event_value *value)
{
    if (list->n == VL_EVENT_VALUES_MAX) {
        list->left_out++;
        return;
    }
    if (list->n == list->cap) {
        uint32_t cap = list->cap ? list->cap * 2 : 8;
        struct vl_event_value *items = vl_arena_array(list->scratch, cap, sizeof(*items));
        if (!items) {
            list->failed = true;
            return;
        }
        if (list->n)
            memcpy(items, list->items, list->n * sizeof(*items));
        list->items = items;
        list->cap = cap;
    }
    list->items[list->n++] = *value;
}

void read_list_add_text(struct read_list *list, struct vl_span text)
{
    struct vl_event_value value;
    read_string(text, &value);
    read_list_add(list, &value);
}

void read_list_end(const struct read_list *list, struct vl_event_value *ret)
{
    read_missing(ret);
    if (list->n && !list->failed)
        *ret = (struct vl_event_value){
            .kind = VL_VALUE_LIST, .n = list->n, .left_out = list->left_out, .as.items = list->items};
}
