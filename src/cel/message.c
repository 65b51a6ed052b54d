/* Source: google/protobuf/{any,duration,empty,struct,timestamp,wrappers}.proto. */
#include "message.h"

static const struct vl_cel_type empty = {.kind = VL_CEL_T_OBJECT, .name = "google.protobuf.Empty"};

struct field {
    const char *name;
    const struct vl_cel_type *type;
};

#define FIELDS_MAX 6

static const struct {
    const char *name;
    const struct vl_cel_type *type;
    struct field fields[FIELDS_MAX];
} messages[] = {
    {"google.protobuf.Any", &vl_cel_t_any, {{"type_url", &vl_cel_t_string}, {"value", &vl_cel_t_bytes}}},
    {"google.protobuf.BoolValue", &vl_cel_t_wrapper_bool, {{"value", &vl_cel_t_bool}}},
    {"google.protobuf.BytesValue", &vl_cel_t_wrapper_bytes, {{"value", &vl_cel_t_bytes}}},
    {"google.protobuf.DoubleValue", &vl_cel_t_wrapper_double, {{"value", &vl_cel_t_double}}},
    {"google.protobuf.Duration", &vl_cel_t_duration, {{"seconds", &vl_cel_t_int}, {"nanos", &vl_cel_t_int}}},
    {"google.protobuf.Empty", &empty, {{NULL, NULL}}},
    {"google.protobuf.FloatValue", &vl_cel_t_wrapper_double, {{"value", &vl_cel_t_double}}},
    {"google.protobuf.Int32Value", &vl_cel_t_wrapper_int, {{"value", &vl_cel_t_int}}},
    {"google.protobuf.Int64Value", &vl_cel_t_wrapper_int, {{"value", &vl_cel_t_int}}},
    {"google.protobuf.ListValue", &vl_cel_t_list_dyn, {{"values", &vl_cel_t_list_dyn}}},
    {"google.protobuf.StringValue", &vl_cel_t_wrapper_string, {{"value", &vl_cel_t_string}}},
    {"google.protobuf.Struct", &vl_cel_t_map_string_dyn, {{"fields", &vl_cel_t_map_string_dyn}}},
    {"google.protobuf.Timestamp", &vl_cel_t_timestamp,
        {{"seconds", &vl_cel_t_int}, {"nanos", &vl_cel_t_int}}},
    {"google.protobuf.UInt32Value", &vl_cel_t_wrapper_uint, {{"value", &vl_cel_t_uint}}},
    {"google.protobuf.UInt64Value", &vl_cel_t_wrapper_uint, {{"value", &vl_cel_t_uint}}},
    {"google.protobuf.Value", &vl_cel_t_dyn,
        {{"null_value", &vl_cel_t_int}, {"number_value", &vl_cel_t_double},
            {"string_value", &vl_cel_t_string}, {"bool_value", &vl_cel_t_bool},
            {"struct_value", &vl_cel_t_map_string_dyn}, {"list_value", &vl_cel_t_list_dyn}}},
};

const struct vl_cel_type *vl_cel_message_type(struct vl_span name)
{
    if (!vl_span_starts_with(name, "google."))
        return NULL;
    for (size_t i = 0; i < VL_ARRAY_LEN(messages); i++) {
        if (vl_span_eq_str(name, messages[i].name))
            return messages[i].type;
    }
    return NULL;
}

const struct vl_cel_type *vl_cel_message_field(struct vl_span message, struct vl_span field)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(messages); i++) {
        if (!vl_span_eq_str(message, messages[i].name))
            continue;
        for (size_t j = 0; j < FIELDS_MAX && messages[i].fields[j].name; j++) {
            if (vl_span_eq_str(field, messages[i].fields[j].name))
                return messages[i].fields[j].type;
        }
    }
    return NULL;
}
