#include "control.h"

static void take_field(struct vl_span field, const char *const *wanted, struct vl_span *values, bool *ret_any)
{
    size_t colon = vl_span_find_char(field, ':');
    if (colon == SIZE_MAX || colon == 0)
        return;
    *ret_any = true;
    struct vl_span name = vl_span_trim(vl_span_slice(field, 0, colon));
    for (size_t i = 0; i < OS_CONTROL_FIELDS_MAX && wanted[i]; i++) {
        if (vl_span_eq_nocase(name, vl_span_str(wanted[i])))
            values[i] = vl_span_trim(vl_span_slice(field, colon + 1, field.len));
    }
}

bool os_control_next(struct os_control *control, const char *const *wanted, struct vl_span *ret_values)
{
    struct vl_span line, field = VL_SPAN_EMPTY;
    bool any = false;
    for (size_t i = 0; i < OS_CONTROL_FIELDS_MAX && wanted[i]; i++)
        ret_values[i] = VL_SPAN_EMPTY;
    while (vl_span_split_line(&control->rest, &line)) {
        bool blank = vl_span_trim(line).len == 0;
        if (!blank && (line.ptr[0] == ' ' || line.ptr[0] == '\t')) {
            if (field.len)
                field.len = (size_t)(line.ptr + line.len - field.ptr);
            continue;
        }
        take_field(field, wanted, ret_values, &any);
        field = blank ? VL_SPAN_EMPTY : line;
        if (blank && any)
            return true;
    }
    take_field(field, wanted, ret_values, &any);
    return any;
}
