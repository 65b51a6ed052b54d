#include <time.h>

#include "event/event.h"

#define NS_PER_S 1000000000ULL

static void write_time(struct vl_buf *out, uint64_t ns, enum vl_field_form form)
{
    time_t seconds = (time_t)(ns / NS_PER_S);
    struct tm tm = {0};
    char text[64] = "";
    size_t n;
    if (!gmtime_r(&seconds, &tm))
        return;
    if (form == VL_FIELD_FORM_TIME || form == VL_FIELD_FORM_TIME_S)
        n = strftime(text, sizeof(text), "%H:%M:%S", &tm);
    else if (form == VL_FIELD_FORM_ISO8601)
        n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    else
        n = strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
    vl_buf_append(out, text, n);
    if (form != VL_FIELD_FORM_TIME_S && form != VL_FIELD_FORM_DATETIME_S)
        vl_buf_printf(out, ".%09llu", (unsigned long long)(ns % NS_PER_S));
    if (form == VL_FIELD_FORM_ISO8601)
        vl_buf_append_str(out, "+0000");
}

static void write_one(struct vl_buf *out, const struct vl_event_value *value, const struct vl_field *field)
{
    switch ((enum vl_value_kind)value->kind) {
    case VL_VALUE_STRING:
        vl_buf_append_span(out, value->as.string);
        return;
    case VL_VALUE_INT:
        vl_buf_printf(out, "%lld", (long long)value->as.i);
        return;
    case VL_VALUE_UINT:
        if (field && field->form)
            write_time(out, value->as.u, (enum vl_field_form)field->form);
        else
            vl_buf_printf(out, "%llu", (unsigned long long)value->as.u);
        return;
    case VL_VALUE_DOUBLE:
        vl_buf_printf(out, "%.1f", value->as.d);
        return;
    case VL_VALUE_BOOL:
        vl_buf_append_str(out, value->as.boolean ? "true" : "false");
        return;
    case VL_VALUE_MISSING:
    case VL_VALUE_LIST:
        break;
    }
    vl_buf_append_str(out, "<NA>");
}

int vl_event_value_text(
    const struct vl_event_value *value, const struct vl_field *field, struct vl_buf *out, struct vl_err *err)
{
    if (value->kind != VL_VALUE_LIST)
        write_one(out, value, field);
    else if (field && field->any_ancestor) {
        for (uint32_t i = 0; i < value->n; i++) {
            vl_buf_append_str(out, i ? " " : "");
            write_one(out, &value->as.items[i], field);
        }
    } else {
        vl_buf_append_char(out, '(');
        for (uint32_t i = 0; i < value->n; i++) {
            vl_buf_append_str(out, i ? "," : "");
            write_one(out, &value->as.items[i], field);
        }
        vl_buf_append_char(out, ')');
    }
    return vl_buf_check(out, "a value's text", err);
}
