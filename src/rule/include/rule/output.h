/* Output texts: `%field`, `%field[arg]`, `%transformer(field)`, `%NNfield`; Falco's format.
 * Source: falcosecurity/libs userspace/libsinsp/eventformatter.cpp (behaviour). */
#ifndef VL_RULE_OUTPUT_H
#define VL_RULE_OUTPUT_H

#include "base/buf.h"
#include "event/event.h"
#include "rule/condition.h"

#define VL_OUTPUT_FIELDS_MAX 256
#define VL_OUTPUT_TEXT_MAX   (64UL * 1024) /* bytes of one rendered output */

struct vl_output;

/* Parsed once; lives in the arena. An unknown field or a lone % is -EINVAL with the column. */
VL_MUST_CHECK int vl_output_parse(enum vl_event_source source, const char *text, struct vl_arena *arena,
    struct vl_output **ret, struct vl_err *err);

VL_MUST_CHECK int vl_output_text(const struct vl_output *output, const struct vl_event *event,
    struct vl_arena *scratch, struct vl_buf *out, struct vl_err *err);

/* Its fields as the members of a JSON object (without the braces), null where missing. */
VL_MUST_CHECK int vl_output_fields(const struct vl_output *output, const struct vl_event *event,
    struct vl_arena *scratch, struct vl_buf *out, struct vl_err *err);

#endif
