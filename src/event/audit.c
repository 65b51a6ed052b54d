/* Kubernetes audit events (audit.k8s.io/v1, v1beta1) under the field names of Falco's plugin k8saudit.
 * Source of what each field is: falcosecurity/plugins plugins/k8saudit (behaviour). */
#include "audit.h"

#include <string.h>

#include "read.h"

/* Follows keys up to the end or a "*"; *ret_rest: the keys behind it, NULL where there is none. */
static const struct vl_doc_node *follow(
    const struct vl_doc_node *node, const char *const *keys, const char *const **ret_rest)
{
    *ret_rest = NULL;
    for (; node && *keys; keys++) {
        if (strcmp(*keys, "*") == 0) {
            *ret_rest = keys + 1;
            return node;
        }
        node = vl_doc_get(node, *keys);
    }
    return node;
}

static const struct vl_doc_node *at(const struct vl_doc_node *node, const char *const *keys)
{
    const char *const *rest;
    return follow(node, keys, &rest);
}

static bool is_null(const struct vl_doc_node *node)
{
    return !node || vl_doc_is(node, VL_DOC_NULL);
}

static struct vl_span repository(struct vl_span image)
{
    /* As the plugin does: up to the first ":" or "@". */
    image = vl_span_slice(image, 0, vl_span_find_char(image, ':'));
    return vl_span_slice(image, 0, vl_span_find_char(image, '@'));
}

static void get_value(const struct vl_doc_node *node, struct vl_arena *scratch, struct vl_event_value *ret)
{
    struct vl_span text;
    if (!is_null(node) && read_text(node, scratch, &text))
        read_string(text, ret);
}

struct each {
    const struct event_path *path;
    const char *const *rest; /* keys behind the "*" */
    const struct vl_doc_node *event;
    struct vl_arena *scratch;
    struct read_list list;
    bool stop; /* the field is missing as a whole */
};

static void add_items(struct each *each, const struct vl_doc_node *array)
{
    struct vl_span text;
    for (const struct vl_doc_node *n = vl_doc_first(array); n && vl_doc_is(array, VL_DOC_ARRAY);
        n = vl_doc_next(n)) {
        if (!is_null(n) && read_text(n, each->scratch, &text))
            read_list_add_text(&each->list, text);
    }
}

static void add_ports(struct each *each, const struct vl_doc_node *ports)
{
    struct vl_span text;
    for (const struct vl_doc_node *n = vl_doc_first(ports); n; n = vl_doc_next(n)) {
        const struct vl_doc_node *port = vl_doc_get(n, "hostPort");
        if (!port)
            port = vl_doc_get(n, "containerPort");
        if (!is_null(port) && read_text(port, each->scratch, &text))
            read_list_add_text(&each->list, text);
    }
}

static void add_effective(struct each *each, const struct vl_doc_node *own)
{
    const char *const pod[] = {"requestObject", "spec", "securityContext", each->rest[1], NULL};
    struct vl_span text;
    if (is_null(own))
        own = at(each->event, pod);
    if (is_null(own) || !read_text(own, each->scratch, &text))
        text = VL_SPAN_LIT("0");
    read_list_add_text(&each->list, text);
}

static void add_members(struct each *each, const struct vl_doc_node *item)
{
    for (const struct vl_doc_node *n = vl_doc_first(item); n && vl_doc_is(item, VL_DOC_OBJECT);
        n = vl_doc_next(n)) {
        if (!vl_span_eq_str(vl_doc_key(n), "name"))
            read_list_add_text(&each->list, vl_doc_key(n));
    }
}

static void add_one(struct each *each, const struct vl_doc_node *item)
{
    const struct vl_doc_node *node = at(item, each->rest);
    struct vl_span text;
    switch ((enum event_path_kind)each->path->kind) {
    case EVENT_PATH_FLAT:
        add_items(each, node);
        return;
    case EVENT_PATH_PORTS:
        add_ports(each, node);
        return;
    case EVENT_PATH_EFFECTIVE:
        add_effective(each, node);
        return;
    case EVENT_PATH_MEMBERS:
        add_members(each, item);
        return;
    default:
        break;
    }
    if (is_null(node) || !read_text(node, each->scratch, &text)) {
        each->stop |= each->path->kind == EVENT_PATH_ALL || each->path->kind == EVENT_PATH_REPOSITORY;
        return;
    }
    if (each->path->kind == EVENT_PATH_REPOSITORY || each->path->kind == EVENT_PATH_FIRSTREPOSITORY)
        text = repository(text);
    read_list_add_text(&each->list, text);
}

/* True where the prefix before a "*" at its end, or the whole, is `text`. */
static bool host_path_is(struct vl_span text, struct vl_span want)
{
    if (want.len && want.ptr[want.len - 1] == '*')
        return text.len >= want.len - 1 && memcmp(text.ptr, want.ptr, want.len - 1) == 0;
    return vl_span_eq(text, want);
}

/* What is made of the list that was gathered. */
static void finish(const struct each *each, struct vl_span arg, struct vl_event_value *ret)
{
    bool found = false;
    uint32_t i;
    switch ((enum event_path_kind)each->path->kind) {
    case EVENT_PATH_ANY:
        for (i = 0; i < each->list.n; i++)
            found |= vl_span_eq_str(each->list.items[i].as.string, "true");
        break;
    case EVENT_PATH_HOSTPATH:
        for (i = 0; i < each->list.n; i++)
            found |= host_path_is(each->list.items[i].as.string, arg);
        break;
    case EVENT_PATH_FIRST:
    case EVENT_PATH_FIRSTREPOSITORY:
        if (each->list.n)
            *ret = each->list.items[0];
        return;
    default:
        read_list_end(&each->list, ret);
        return;
    }
    read_string(found ? VL_SPAN_LIT("true") : VL_SPAN_LIT("false"), ret);
}

/* Fields of every item of an array. A number as the argument chooses one item. */
static void get_each(const struct event_path *path, const struct vl_doc_node *event, struct vl_span arg,
    struct vl_arena *scratch, struct vl_event_value *ret)
{
    struct each each = {.path = path, .event = event, .scratch = scratch, .list = {.scratch = scratch}};
    uint64_t only = UINT64_MAX, i = 0;
    const struct vl_doc_node *array = follow(event, path->keys, &each.rest);
    if (!vl_doc_is(array, VL_DOC_ARRAY) || !each.rest)
        return;
    if (arg.len && path->kind != EVENT_PATH_HOSTPATH && !vl_span_to_u64(arg, &only))
        return;
    if (path->kind == EVENT_PATH_FIRST || path->kind == EVENT_PATH_FIRSTREPOSITORY)
        only = 0;
    for (const struct vl_doc_node *n = vl_doc_first(array); n && !each.stop; n = vl_doc_next(n), i++) {
        if (only == UINT64_MAX || only == i)
            add_one(&each, n);
    }
    if (!each.stop && !each.list.failed)
        finish(&each, arg, ret);
}

static void get_list(
    const struct vl_doc_node *array, struct vl_span arg, struct vl_arena *scratch, struct vl_event_value *ret)
{
    struct read_list list = {.scratch = scratch};
    uint64_t only = UINT64_MAX, i = 0;
    struct vl_span text;
    if (!vl_doc_is(array, VL_DOC_ARRAY) || (arg.len && !vl_span_to_u64(arg, &only)))
        return;
    for (const struct vl_doc_node *n = vl_doc_first(array); n; n = vl_doc_next(n), i++) {
        if ((only == UINT64_MAX || only == i) && !is_null(n) && read_text(n, scratch, &text))
            read_list_add_text(&list, text);
    }
    read_list_end(&list, ret);
}

/* Names of the subjects of one kind; "ServiceAccount:" asks for namespace:name. */
static void get_subjects(
    const struct vl_doc_node *event, const char *wanted, struct vl_arena *scratch, struct vl_event_value *ret)
{
    struct read_list list = {.scratch = scratch};
    struct vl_span kind = vl_span_str(wanted);
    bool with_namespace = kind.ptr[kind.len - 1] == ':';
    const struct vl_doc_node *subjects = vl_doc_get(vl_doc_get(event, "requestObject"), "subjects");
    kind.len -= with_namespace;
    for (const struct vl_doc_node *n = vl_doc_first(subjects); n; n = vl_doc_next(n)) {
        struct vl_span name = vl_doc_get_str(n, "name");
        if (!vl_span_eq(vl_doc_get_str(n, "kind"), kind) || name.len == 0)
            continue;
        if (with_namespace) {
            name = vl_span_str(vl_arena_printf(
                scratch, "%.*s:%.*s", VL_SPAN_FMT(vl_doc_get_str(n, "namespace")), VL_SPAN_FMT(name)));
            if (name.len == 0)
                return;
        }
        read_list_add_text(&list, name);
    }
    read_list_end(&list, ret);
}

/* The pod that is made, else the object's name where it is a pod. */
static void get_pod_name(
    const struct vl_doc_node *event, struct vl_arena *scratch, struct vl_event_value *ret)
{
    const struct vl_doc_node *target = vl_doc_get(event, "objectRef");
    if (!vl_span_eq_str(vl_doc_get_str(target, "resource"), "pods"))
        return;
    const struct vl_doc_node *name =
        vl_doc_get(vl_doc_get(vl_doc_get(event, "responseObject"), "metadata"), "name");
    if (is_null(name))
        name = vl_doc_get(target, "name");
    if (is_null(name))
        name = vl_doc_get(vl_doc_get(vl_doc_get(event, "requestObject"), "metadata"), "name");
    get_value(name, scratch, ret);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "%2F" and "+" undone. */
static struct vl_span unescape_query(struct vl_span s, struct vl_arena *scratch)
{
    char *text = vl_arena_alloc(scratch, s.len + 1);
    size_t n = 0;
    for (size_t i = 0; text && i < s.len; i++) {
        char c = s.ptr[i] == '+' ? ' ' : s.ptr[i];
        if (c == '%' && i + 2 < s.len && hex_digit(s.ptr[i + 1]) >= 0 && hex_digit(s.ptr[i + 2]) >= 0) {
            c = (char)(hex_digit(s.ptr[i + 1]) * 16 + hex_digit(s.ptr[i + 2]));
            i += 2;
        }
        text[n++] = c;
    }
    return text ? (struct vl_span){text, n} : VL_SPAN_EMPTY;
}

static void get_query(
    const struct vl_doc_node *event, struct vl_span arg, struct vl_arena *scratch, struct vl_event_value *ret)
{
    struct vl_span uri = vl_doc_get_str(event, "requestURI"), part;
    size_t question = vl_span_find_char(uri, '?');
    uri = vl_span_slice(uri, question == SIZE_MAX ? uri.len : question + 1, SIZE_MAX);
    uri = vl_span_slice(uri, 0, vl_span_find_char(uri, '#'));
    while (vl_span_split(&uri, '&', &part)) {
        size_t equals = vl_span_find_char(part, '=');
        if (!vl_span_eq(unescape_query(vl_span_slice(part, 0, equals), scratch), arg))
            continue;
        read_string(unescape_query(
                        vl_span_slice(part, equals == SIZE_MAX ? part.len : equals + 1, SIZE_MAX), scratch),
            ret);
        return;
    }
}

static void get(const struct vl_event *event, const struct vl_field *field, struct vl_span arg,
    struct vl_arena *scratch, struct vl_event_value *ret)
{
    const struct event_path *path = &event_paths[field->id];
    const struct vl_doc_node *root = event->data;
    read_missing(ret);
    if (field->source != VL_EVENT_K8S_AUDIT || read_common(event, field, ret))
        return;
    switch ((enum event_path_kind)path->kind) {
    case EVENT_PATH_NONE:
        return;
    case EVENT_PATH_VALUE:
        get_value(at(root, path->keys), scratch, ret);
        return;
    case EVENT_PATH_LIST:
        get_list(at(root, path->keys), arg, scratch, ret);
        return;
    case EVENT_PATH_SUBJECTS:
        get_subjects(root, path->keys[0], scratch, ret);
        return;
    case EVENT_PATH_PODNAME:
        get_pod_name(root, scratch, ret);
        return;
    case EVENT_PATH_QUERY:
        get_query(root, arg, scratch, ret);
        return;
    case EVENT_PATH_NA:
        read_string(VL_SPAN_LIT("N/A"), ret);
        return;
    case EVENT_PATH_POINTER:
        get_value(read_pointer(root, arg), scratch, ret);
        return;
    case EVENT_PATH_WHOLE:
        get_value(root, scratch, ret);
        return;
    case EVENT_PATH_RAWTIME:
        if (event->time)
            read_uint(event->time, ret);
        return;
    default:
        get_each(path, root, arg, scratch, ret);
    }
}

static const struct vl_event_ops audit_ops = {.get = get};

int vl_event_from_audit(const struct vl_doc_node *audit_event, struct vl_event *ret, struct vl_err *err)
{
    static const char *const times[] = {"stageTimestamp", "requestReceivedTimestamp", "timestamp"};
    uint64_t time = 0;
    struct vl_span kind = vl_doc_get_str(audit_event, "kind");
    if (!vl_doc_is(audit_event, VL_DOC_OBJECT))
        return vl_err_set(err, VL_ERR_INVALID, "an audit event is an object, not %s",
            vl_doc_type_name(vl_doc_type(audit_event)));
    if (kind.len && !vl_span_eq_str(kind, "Event"))
        return vl_err_set(err, VL_ERR_INVALID, "an audit event has kind Event, not \"%.*s\"",
            VL_SPAN_FMT(vl_span_slice(kind, 0, 64)));
    for (size_t i = 0; i < VL_ARRAY_LEN(times) && !time; i++) {
        if (!read_time(vl_doc_get_str(audit_event, times[i]), &time))
            time = 0;
    }
    *ret =
        (struct vl_event){.ops = &audit_ops, .data = audit_event, .source = VL_EVENT_K8S_AUDIT, .time = time};
    return 0;
}

int vl_event_audit_each(const struct vl_doc_node *root,
    int (*each)(const struct vl_doc_node *audit_event, void *user, struct vl_err *err), void *user,
    struct vl_err *err)
{
    const struct vl_doc_node *items = root;
    if (vl_doc_is(root, VL_DOC_OBJECT)) {
        items = vl_doc_get(root, "items");
        bool is_list = vl_span_eq_str(vl_doc_get_str(root, "kind"), "EventList");
        if (!is_list)
            return each(root, user, err);
    }
    if (!vl_doc_is(items, VL_DOC_ARRAY))
        return vl_err_set(err, VL_ERR_INVALID, "neither an audit event nor a list of them: %s",
            vl_doc_type_name(vl_doc_type(items)));
    int r = 0;
    for (const struct vl_doc_node *n = vl_doc_first(items); n && r >= 0; n = vl_doc_next(n))
        r = each(n, user, err);
    return r;
}
