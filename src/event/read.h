/* Documents to values: what the producers share. Private to event. */
#ifndef VL_EVENT_READ_H
#define VL_EVENT_READ_H

#include "event/event.h"

#define READ_JSON_DEPTH_MAX VL_DOC_DEPTH_MAX
#define READ_TEXT_MAX       (1024UL * 1024) /* bytes of one value written as JSON; longer is missing */

static inline void read_missing(struct vl_event_value *ret)
{
    *ret = (struct vl_event_value){.kind = VL_VALUE_MISSING};
}

static inline void read_string(struct vl_span s, struct vl_event_value *ret)
{
    *ret = (struct vl_event_value){.kind = VL_VALUE_STRING, .as.string = s};
}

static inline void read_uint(uint64_t u, struct vl_event_value *ret)
{
    *ret = (struct vl_event_value){.kind = VL_VALUE_UINT, .as.u = u};
}

static inline void read_bool(bool b, struct vl_event_value *ret)
{
    *ret = (struct vl_event_value){.kind = VL_VALUE_BOOL, .as.boolean = b};
}

/* A node as text: strings as they are, all else as JSON without blanks, in the order written. False where
 * there is no node, or no memory for it. */
bool read_text(const struct vl_doc_node *node, struct vl_arena *scratch, struct vl_span *ret);

/* A node as a value of the type: missing where it is null or does not fit. */
void read_typed(const struct vl_doc_node *node, enum vl_field_type type, struct vl_arena *scratch,
    struct vl_event_value *ret);

/* RFC 3339 with up to nine decimals. False where it is none. */
bool read_time(struct vl_span text, uint64_t *ret_ns);

/* The parts of a time in nanoseconds for the fields that both sources have ("evt.time", "evt.rawtime.s" …):
 * true where the field is one of them. */
bool read_common(const struct vl_event *event, const struct vl_field *field, struct vl_event_value *ret);

/* A JSON pointer (RFC 6901); NULL where nothing is there. */
const struct vl_doc_node *read_pointer(const struct vl_doc_node *root, struct vl_span pointer);

/* A list that grows in the scratch arena. */
struct read_list {
    struct vl_event_value *items;
    uint32_t n, cap, left_out;
    struct vl_arena *scratch;
    bool failed; /* no memory */
};
void read_list_add(struct read_list *list, const struct vl_event_value *value);
void read_list_add_text(struct read_list *list, struct vl_span text);
void read_list_end(const struct read_list *list, struct vl_event_value *ret); /* missing where empty */

#endif
