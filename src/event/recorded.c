/* Recorded events: {"fields": {"evt.type": "openat", "proc.aname[2]": "bash", "evt.arg.name": …}}. What
 * follows from other fields (all ancestors, either end, nets) need not be written. */
#include <stdio.h>
#include <string.h>

#include "derived.h"
#include "field_table.h"
#include "read.h"

#define NAME_MAX_BYTES 512 /* name and argument of a field */
#define ANCESTORS_MAX  64

/* What is written under exactly this name; NULL: nothing is. */
static const struct vl_doc_node *member(const struct vl_event *event, const char *name)
{
    const struct vl_doc_node *fields = event->data;
    return vl_doc_get_span(fields, vl_span_str(name));
}

/* "name[arg]" or "name.arg". */
static const struct vl_doc_node *member_arg(
    const struct vl_event *event, const struct vl_field *field, struct vl_span arg)
{
    const struct vl_doc_node *fields = event->data;
    char name[NAME_MAX_BYTES];
    int n = snprintf(name, sizeof(name), "%s[%.*s]", field->name, VL_SPAN_FMT(arg));
    if (n < 0 || (size_t)n >= sizeof(name))
        return NULL;
    const struct vl_doc_node *node = vl_doc_get_span(fields, (struct vl_span){name, (size_t)n});
    if (node || field->arg != VL_FIELD_ARG_KEY)
        return node;
    name[strlen(field->name)] = '.';
    return vl_doc_get_span(fields, (struct vl_span){name, (size_t)n - 1});
}

/* A field without an argument: as written, or as it follows from others. */
static void by_name(
    const struct vl_event *event, const char *name, struct vl_arena *scratch, struct vl_event_value *ret)
{
    struct vl_span arg = VL_SPAN_EMPTY;
    const struct vl_field *field = vl_field_find(VL_EVENT_SYSCALL, vl_span_str(name), VL_SPAN_EMPTY, &arg);
    const struct vl_doc_node *node = member(event, name);
    read_missing(ret);
    if (node && field)
        read_typed(node, (enum vl_field_type)field->type, scratch, ret);
    else if (field)
        derived_read(event->data, field, arg, scratch, ret);
}

/* An ancestor field with a number, of which [0] and [1] have names of their own. */
static void ancestor(const struct vl_event *event, const struct vl_field *field, struct vl_span arg,
    struct vl_arena *scratch, struct vl_event_value *ret)
{
    static const struct {
        const char *field, *self, *parent;
    } names[] = {
        {"proc.aname", "proc.name", "proc.pname"},
        {"proc.aexe", "proc.exe", "proc.pexe"},
        {"proc.aexepath", "proc.exepath", "proc.pexepath"},
        {"proc.acmdline", "proc.cmdline", "proc.pcmdline"},
        {"proc.apid", "proc.pid", "proc.ppid"},
    };
    const struct vl_doc_node *node = member_arg(event, field, arg);
    bool self = vl_span_eq_str(arg, "0"), parent = vl_span_eq_str(arg, "1");
    for (size_t i = 0; !node && (self || parent) && i < VL_ARRAY_LEN(names); i++) {
        if (strcmp(names[i].field, field->name) == 0) {
            by_name(event, self ? names[i].self : names[i].parent, scratch, ret);
            return;
        }
    }
    read_typed(node, (enum vl_field_type)field->type, scratch, ret);
}

/* The list of [1], [2] … of an ancestor field, as far as they are known. */
static void ancestors(const struct vl_event *event, const struct vl_field *field, struct vl_arena *scratch,
    struct vl_event_value *ret)
{
    struct read_list list = {.scratch = scratch};
    struct vl_event_value item;
    unsigned gaps = 0;
    for (unsigned i = 1; i < ANCESTORS_MAX && gaps < 2; i++) {
        char index[12];
        int n = snprintf(index, sizeof(index), "%u", i);
        ancestor(event, field, (struct vl_span){index, (size_t)n}, scratch, &item);
        if (item.kind == VL_VALUE_MISSING)
            gaps++;
        else
            read_list_add(&list, &item);
    }
    read_list_end(&list, ret);
}

/* fd.ip and the like from the fields of the two ends. */
static void either_end(const struct vl_event *event, const struct vl_field *field, struct vl_arena *scratch,
    struct vl_event_value *ret)
{
    static const struct {
        const char *field, *ends[4];
    } names[] = {
        {"fd.ip", {"fd.cip", "fd.sip", "fd.lip", "fd.rip"}},
        {"fd.net", {"fd.cip", "fd.sip", "fd.lip", "fd.rip"}},
        {"fd.port", {"fd.cport", "fd.sport", "fd.lport", "fd.rport"}},
        {"fd.proto", {"fd.cproto", "fd.sproto", "fd.lproto", "fd.rproto"}},
    };
    struct read_list list = {.scratch = scratch};
    struct vl_event_value item;
    for (size_t i = 0; i < VL_ARRAY_LEN(names); i++) {
        for (size_t j = 0; j < 4 && strcmp(names[i].field, field->name) == 0; j++) {
            if (j == 2 && list.n) /* client and server are the two ends already */
                break;
            by_name(event, names[i].ends[j], scratch, &item);
            if (item.kind != VL_VALUE_MISSING && item.kind != VL_VALUE_LIST)
                read_list_add(&list, &item);
        }
    }
    read_list_end(&list, ret);
}

static void argument(const struct vl_event *event, const struct vl_field *field, struct vl_span arg,
    struct vl_arena *scratch, struct vl_event_value *ret)
{
    const struct vl_doc_node *node = member_arg(event, field, arg);
    if (node)
        read_typed(node, (enum vl_field_type)field->type, scratch, ret);
    else
        derived_read(event->data, field, arg, scratch, ret);
}

static void get(const struct vl_event *event, const struct vl_field *field, struct vl_span arg,
    struct vl_arena *scratch, struct vl_event_value *ret)
{
    read_missing(ret);
    if (field->source != VL_EVENT_SYSCALL)
        return;
    if (arg.len) {
        if (field->any_ancestor)
            ancestor(event, field, arg, scratch, ret);
        else if (strcmp(field->name, "evt.type.is") == 0)
            read_uint(vl_span_eq(vl_doc_span(member(event, "evt.type")), arg), ret);
        else
            argument(event, field, arg, scratch, ret);
        return;
    }
    const struct vl_doc_node *node = member(event, field->name);
    if (node)
        read_typed(node, (enum vl_field_type)field->type, scratch, ret);
    else if (field->any_ancestor)
        ancestors(event, field, scratch, ret);
    else if (field->either)
        either_end(event, field, scratch, ret);
    else if (!read_common(event, field, ret))
        derived_read(event->data, field, arg, scratch, ret);
}

static const struct vl_event_ops recorded_ops = {.get = get};

static uint64_t number(const struct vl_doc_node *fields, const char *name)
{
    int64_t i;
    uint64_t ns = 0;
    const struct vl_doc_node *node = vl_doc_get(fields, name);
    if (vl_doc_int(node, &i))
        return i > 0 ? (uint64_t)i : 0;
    return read_time(vl_doc_span(node), &ns) ? ns : 0;
}

int vl_event_from_recorded(const struct vl_doc *doc, struct vl_event *ret, struct vl_err *err)
{
    return vl_event_from_recorded_node(vl_doc_root(doc), ret, err);
}

int vl_event_from_recorded_node(const struct vl_doc_node *record, struct vl_event *ret, struct vl_err *err)
{
    const struct vl_doc_node *fields = vl_doc_get(record, "fields");
    if (!fields) /* an alert that Falco wrote as JSON */
        fields = vl_doc_get(record, "output_fields");
    if (!vl_doc_is(fields, VL_DOC_OBJECT))
        return vl_err_set(
            err, VL_ERR_INVALID, "a recorded event needs an object \"fields\" (or \"output_fields\")");
    const struct vl_doc_node *type = vl_doc_get(fields, "evt.type");
    if (type && !vl_doc_is(type, VL_DOC_STRING) && !vl_doc_is(type, VL_DOC_NULL))
        return vl_err_set(err, VL_ERR_INVALID, "\"evt.type\" is no text");
    uint64_t time = number(fields, "evt.rawtime");
    uint16_t number_of_type = vl_event_type_find(vl_doc_span(type));
    *ret = (struct vl_event){
        .ops = &recorded_ops,
        .data = fields,
        .source = VL_EVENT_SYSCALL,
        .type = number_of_type ? number_of_type : VL_EVENT_TYPE_OTHER,
        .time = time ? time : number(fields, "evt.time"),
        .sequence = number(fields, "evt.num"),
    };
    return 0;
}
