/* Any JSON object as a log record: a field is found by its name as it stands, else by its parts between dots;
 * an array on the way gives the values of all its items. The field "*" is all of the record. Where no
 * name fits exactly, one of another case does. */
#include "read.h"

#define LOG_DEPTH_MAX 16                   /* parts of a name that are followed */
#define LOG_TEXT_MAX  (16UL * 1024 * 1024) /* of a whole record; longer is missing */

/* How names are compared: Azure writes one field as resultType here and ResultType there. */
enum log_case {
    LOG_EXACT,
    LOG_ANY_CASE,
};

static const struct vl_doc_node *member(
    const struct vl_doc_node *object, struct vl_span name, enum log_case how)
{
    if (how == LOG_EXACT)
        return vl_doc_get_span(object, name);
    if (!vl_doc_is(object, VL_DOC_OBJECT))
        return NULL;
    for (const struct vl_doc_node *n = vl_doc_first(object); n; n = vl_doc_next(n))
        if (vl_span_eq_nocase(vl_doc_key(n), name))
            return n;
    return NULL;
}

/* A number with a fraction is the text that was written, so that rules find what they say (12.34); a whole
 * one, like 42.0 and 1e3, is what it is in other languages. */
static void read_float(const struct vl_doc_node *node, struct vl_arena *scratch, struct vl_event_value *ret)
{
    int64_t whole;
    if (vl_doc_whole(node, &whole))
        *ret = (struct vl_event_value){.kind = VL_VALUE_INT, .as.i = whole};
    else
        read_typed(node, VL_FIELD_STRING, scratch, ret);
}

static void gather_as(const struct vl_doc_node *node, struct vl_span name, unsigned depth, enum log_case how,
    struct read_list *list)
{
    struct vl_event_value value;
    if (!node || vl_doc_is(node, VL_DOC_NULL) || depth > LOG_DEPTH_MAX)
        return;
    if (vl_doc_is(node, VL_DOC_ARRAY)) {
        for (const struct vl_doc_node *n = vl_doc_first(node); n; n = vl_doc_next(n))
            gather_as(n, name, depth + 1, how, list);
        return;
    }
    if (name.len == 0) {
        /* an XML element with attributes, made JSON: its text */
        const struct vl_doc_node *text = vl_doc_get(node, "#text");
        if (text)
            node = text;
        if (vl_doc_is(node, VL_DOC_BOOL))
            read_bool(vl_doc_bool(node), &value);
        else if (vl_doc_is(node, VL_DOC_FLOAT))
            read_float(node, list->scratch, &value);
        else if (vl_doc_is(node, VL_DOC_INT) || vl_doc_is(node, VL_DOC_UINT))
            read_typed(node, VL_FIELD_INT, list->scratch, &value);
        else
            read_typed(node, VL_FIELD_STRING, list->scratch, &value);
        read_list_add(list, &value);
        return;
    }
    /* The longest name first: keys may have dots in them. */
    const struct vl_doc_node *whole = member(node, name, how);
    if (whole) {
        gather_as(whole, VL_SPAN_EMPTY, depth + 1, how, list);
        return;
    }
    for (size_t dot = vl_span_rfind_char(name, '.'); dot != SIZE_MAX;
        dot = vl_span_rfind_char(vl_span_slice(name, 0, dot), '.')) {
        const struct vl_doc_node *head = member(node, vl_span_slice(name, 0, dot), how);
        if (head) {
            gather_as(head, vl_span_slice(name, dot + 1, SIZE_MAX), depth + 1, how, list);
            return;
        }
    }
}

static void gather(
    const struct vl_doc_node *node, struct vl_span name, unsigned depth, struct read_list *list)
{
    gather_as(node, name, depth, LOG_EXACT, list);
}

/* --- Windows events --- */

/* <Data Name="X">value</Data> as it was in XML: a list of elements. */
static void gather_data(const struct vl_doc_node *list_node, struct vl_span name, struct read_list *list)
{
    if (!vl_doc_is(list_node, VL_DOC_ARRAY))
        return;
    for (const struct vl_doc_node *n = vl_doc_first(list_node); n; n = vl_doc_next(n)) {
        struct vl_span own = vl_doc_get_str(vl_doc_get(n, "#attributes"), "Name");
        if (own.len == 0)
            own = vl_doc_get_str(n, "@Name");
        if (own.len && vl_span_eq(own, name))
            gather(vl_doc_get(n, "#text"), VL_SPAN_EMPTY, 0, list);
    }
}

/* "Provider_Name": the attribute Name of the element Provider. */
static void gather_attribute(const struct vl_doc_node *system, struct vl_span name, struct read_list *list)
{
    size_t line = vl_span_find_char(name, '_');
    if (line == SIZE_MAX)
        return;
    const struct vl_doc_node *element = vl_doc_get_span(system, vl_span_slice(name, 0, line));
    gather(vl_doc_get_span(vl_doc_get(element, "#attributes"), vl_span_slice(name, line + 1, SIZE_MAX)),
        VL_SPAN_EMPTY, 0, list);
}

/* Sigma names fields of Windows events alone; as JSON they stand below Event: EventData, UserData, System
 * (evtx_dump), or below winlog (Winlogbeat). */
static void gather_windows(const struct vl_doc_node *record, struct vl_span name, struct read_list *list)
{
    static const struct {
        const char *sigma, *beat;
    } names[] = {{"EventID", "event_id"}, {"Channel", "channel"}, {"Computer", "computer_name"},
        {"Provider_Name", "provider_name"}};
    const struct vl_doc_node *event = vl_doc_get(record, "Event"), *beat = vl_doc_get(record, "winlog");
    const struct vl_doc_node *data = vl_doc_get(event, "EventData"), *system = vl_doc_get(event, "System");
    gather(data, name, 0, list);
    if (!list->n)
        gather_data(vl_doc_get(data, "Data"), name, list);
    for (const struct vl_doc_node *u = vl_doc_first(vl_doc_get(event, "UserData")); u && !list->n;
        u = vl_doc_next(u))
        gather(u, name, 0, list);
    if (!list->n)
        gather(system, name, 0, list);
    if (!list->n)
        gather_attribute(system, name, list);
    if (!list->n)
        gather(vl_doc_get(beat, "event_data"), name, 0, list);
    for (size_t i = 0; i < VL_ARRAY_LEN(names) && beat && !list->n; i++)
        if (vl_span_eq_str(name, names[i].sigma))
            gather(vl_doc_get(beat, names[i].beat), VL_SPAN_EMPTY, 0, list);
}

/* All texts, numbers and words of a record, one a line: where keywords are looked for. */
static void join(const struct vl_doc_node *root, struct vl_arena *scratch, struct vl_event_value *ret)
{
    const struct vl_doc_node *way[VL_DOC_DEPTH_MAX];
    unsigned depth = 0;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, LOG_TEXT_MAX);
    for (const struct vl_doc_node *node = root; node;) {
        const struct vl_doc_node *below = vl_doc_first(node);
        if (below && depth < VL_DOC_DEPTH_MAX) {
            way[depth++] = node;
            node = below;
            continue;
        }
        struct vl_span leaf = vl_doc_text(node);
        if (leaf.len && !vl_doc_is(node, VL_DOC_NULL)) {
            vl_buf_append_span(&text, leaf);
            vl_buf_append_char(&text, '\n');
        }
        node = vl_doc_next(node);
        while (!node && depth > 1)
            node = vl_doc_next(way[--depth]);
    }
    char *kept = text.failed ? NULL : vl_arena_dup_span(scratch, vl_buf_span(&text));
    if (kept)
        read_string((struct vl_span){kept, text.len}, ret);
}

static void get(const struct vl_event *event, const struct vl_field *field, struct vl_span arg,
    struct vl_arena *scratch, struct vl_event_value *ret)
{
    struct read_list list = {.scratch = scratch};
    read_missing(ret);
    if (field->source != VL_EVENT_LOG || arg.len == 0)
        return;
    if (vl_span_eq_str(arg, "*")) {
        join(event->data, scratch, ret);
        return;
    }
    gather(event->data, arg, 0, &list);
    if (!list.n && !list.failed)
        gather_windows(event->data, arg, &list);
    if (!list.n && !list.failed)
        gather_as(event->data, arg, 0, LOG_ANY_CASE, &list);
    if (list.n == 1 && !list.failed)
        *ret = list.items[0];
    else
        read_list_end(&list, ret);
}

static const struct vl_event_ops log_ops = {.get = get};

/* A text of RFC 3339, or what has passed since 1970 in seconds, milli-, micro- or nanoseconds, which of them
 * the size tells: a number, or a text of digits. */
static bool log_time(const struct vl_doc_node *node, uint64_t *ret)
{
    static const struct {
        double below;
        uint64_t ns;
    } units[] = {{1e11, 1000000000}, {1e14, 1000000}, {1e17, 1000}, {1e19, 1}};
    uint64_t whole = 0;
    double d = 0;
    if (vl_doc_is(node, VL_DOC_STRING) && read_time(vl_doc_span(node), ret))
        return true;
    if (vl_span_to_u64(vl_doc_text(node), &whole))
        d = (double)whole;
    else if (!vl_doc_number(node, &d))
        return false;
    for (size_t i = 0; d > 0 && i < VL_ARRAY_LEN(units); i++) {
        if (d >= units[i].below)
            continue;
        *ret = whole > 0 ? whole * units[i].ns : (uint64_t)(d * (double)units[i].ns);
        return true;
    }
    return false;
}

/* Where Windows events say it: a text, or an element with an attribute. */
static bool windows_time(const struct vl_doc_node *record, uint64_t *ret)
{
    const struct vl_doc_node *event = vl_doc_get(record, "Event");
    const struct vl_doc_node *created = vl_doc_get(vl_doc_get(event, "System"), "TimeCreated");
    return log_time(created, ret) || log_time(vl_doc_get(created, "SystemTime"), ret) ||
           log_time(vl_doc_get(created, "@SystemTime"), ret) ||
           log_time(vl_doc_get(vl_doc_get(created, "#attributes"), "SystemTime"), ret) ||
           log_time(vl_doc_get(vl_doc_get(event, "EventData"), "UtcTime"), ret);
}

int vl_event_from_log(const struct vl_doc_node *record, struct vl_event *ret, struct vl_err *err)
{
    static const char *const times[] = {"time", "timestamp", "@timestamp", "eventTime", "eventTimestamp",
        "requestReceivedTimestamp", "stageTimestamp", "TimeGenerated", "createdDateTime", "ts", "Timestamp",
        "TimeCreated", "UtcTime", "EventTime", "event_time", "_time", "datetime"};
    uint64_t time = 0;
    if (!vl_doc_is(record, VL_DOC_OBJECT))
        return vl_err_set(
            err, VL_ERR_INVALID, "a log record is an object, not %s", vl_doc_type_name(vl_doc_type(record)));
    for (size_t i = 0; i < VL_ARRAY_LEN(times) && !time; i++) {
        const struct vl_doc_node *node = vl_doc_get(record, times[i]);
        if (node && !log_time(node, &time))
            time = 0;
    }
    if (!time && !windows_time(record, &time))
        time = 0;
    *ret = (struct vl_event){.ops = &log_ops, .data = record, .source = VL_EVENT_LOG, .time = time};
    return 0;
}
