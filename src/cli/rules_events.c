#include "rules_events.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "codec/stream.h"
#include "command.h"

#define TOLD_MAX 20 /* invalid events that are told one by one */

struct reading {
    struct vl_rules_events *events;
    const char *path;
};

static void tell_invalid(struct reading *r, const char *message)
{
    if (++r->events->invalid <= TOLD_MAX)
        vl_cli_warn("%s", message);
    else if (r->events->invalid == TOLD_MAX + 1)
        vl_cli_warn("%s: further invalid events are counted only", r->path);
}

static void tell_node(struct reading *r, const struct vl_doc_node *node, const char *text)
{
    char message[VL_ERR_MSG_MAX + 512];
    (void)snprintf(
        message, sizeof(message), "%s:%u:%u: %s", r->path, vl_doc_line(node), vl_doc_column(node), text);
    tell_invalid(r, message);
}

/* --- one document --- */

/* An event of a type that no system has is valid, and no rule by type can fire on it: mostly a slip. */
static void note_type(struct reading *r, const struct vl_event *event, const struct vl_doc_node *node)
{
    struct vl_span type = vl_doc_get_str(vl_doc_get(node, "fields"), "evt.type");
    bool missing = vl_doc_get(node, "fields") && type.len == 0;
    if (event->source != VL_EVENT_SYSCALL || event->type != VL_EVENT_TYPE_OTHER || (!type.len && !missing))
        return;
    if (r->events->odd_types++)
        return;
    if (missing)
        vl_cli_warn("%s:%u: the event has no \"evt.type\": rules for a type of event do not fire on it",
            r->path, vl_doc_line(node));
    else
        vl_cli_warn("%s:%u: the event type '%.*s' is not known: rules for a type of event do not fire on it",
            r->path, vl_doc_line(node), (int)(type.len < 64 ? type.len : 64), type.ptr);
}

static int give(struct reading *r, const struct vl_event *event, struct vl_err *err)
{
    r->events->events++;
    return r->events->each(event, r->events->user, err);
}

/* Some other JSON object would be taken for an event about which nothing is known. */
static bool is_audit(const struct vl_doc_node *node)
{
    return vl_span_eq_str(vl_doc_get_str(node, "kind"), "Event") || vl_doc_get(node, "auditID") ||
           (vl_doc_get(node, "verb") && vl_doc_get(node, "requestURI"));
}

static int give_audit(const struct vl_doc_node *node, void *user, struct vl_err *err)
{
    struct reading *r = user;
    struct vl_event event;
    struct vl_err bad = VL_ERR_INIT;
    vl_arena_reset(r->events->arena);
    int parsed = is_audit(node) ? vl_event_from_audit(node, &event, &bad)
                                : vl_err_set(&bad, VL_ERR_INVALID, "no audit.k8s.io event");
    if (parsed < 0) {
        tell_node(r, node, bad.msg);
        return 0;
    }
    return give(r, &event, err);
}

static int give_record(struct reading *r, const struct vl_doc_node *node, struct vl_err *err)
{
    struct vl_event event;
    struct vl_err bad = VL_ERR_INIT;
    vl_arena_reset(r->events->arena);
    if (vl_event_from_log(node, &event, &bad) < 0) {
        tell_node(r, node, bad.msg);
        return 0;
    }
    return give(r, &event, err);
}

static int give_recorded(struct reading *r, const struct vl_doc_node *node, struct vl_err *err)
{
    struct vl_event event;
    struct vl_err bad = VL_ERR_INIT;
    vl_arena_reset(r->events->arena);
    if (vl_event_from_recorded_node(node, &event, &bad) < 0) {
        tell_node(r, node, bad.msg);
        return 0;
    }
    note_type(r, &event, node);
    return give(r, &event, err);
}

static int give_records(struct reading *r, const struct vl_doc_node *root,
    int (*each)(struct reading *r, const struct vl_doc_node *node, struct vl_err *err), struct vl_err *err)
{
    int result = 0;
    if (!vl_doc_is(root, VL_DOC_ARRAY))
        return each(r, root, err);
    for (const struct vl_doc_node *n = vl_doc_first(root); n && result >= 0; n = vl_doc_next(n))
        result = each(r, n, err);
    return result;
}

/* < 0 only where rules failed: what is wrong with the event itself is told and passed over. */
static int give_document(struct reading *r, struct vl_doc *doc, struct vl_err *err)
{
    const struct vl_doc_node *root = vl_doc_root(doc);
    vl_arena_reset(r->events->arena);
    if (r->events->source == VL_EVENT_K8S_AUDIT)
        return vl_event_audit_each(root, give_audit, r, err);
    return give_records(r, root, r->events->source == VL_EVENT_LOG ? give_record : give_recorded, err);
}

static int each_document(struct vl_doc *doc, void *user, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *owned = doc;
    return give_document(user, owned, err);
}

/* --- a file --- */

struct lines {
    struct vl_stream *stream;
    struct vl_buf rest; /* begun, not ended */
    uint64_t number;
    bool ended;
};

static size_t line_end(const struct vl_buf *buf, size_t from)
{
    const char *at = from < buf->len ? memchr(buf->ptr + from, '\n', buf->len - from) : NULL;
    return at ? (size_t)(at - buf->ptr) : SIZE_MAX;
}

static int fill(struct lines *l, struct vl_err *err)
{
    struct vl_span more;
    int64_t n = vl_stream_borrow(l->stream, 256UL * 1024, &more, err);
    if (n < 0)
        return (int)n;
    l->ended = n == 0;
    vl_buf_append_span(&l->rest, more);
    return vl_buf_check(&l->rest, "an event", err);
}

static bool is_blank(struct vl_span line)
{
    return vl_span_trim(line).len == 0;
}

/* Places are 32 bits wide: lines behind the last of them are told as that. */
static uint32_t place_of(uint64_t line)
{
    return line < UINT32_MAX ? (uint32_t)line : UINT32_MAX;
}

static int give_line(struct reading *r, struct vl_span line, uint64_t number, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    struct vl_err bad = VL_ERR_INIT;
    if (vl_doc_parse_json_line(line, r->path, place_of(number), &doc, &bad) < 0) {
        if (bad.code == VL_ERR_MEMORY) {
            *err = bad;
            return bad.err;
        }
        tell_invalid(r, bad.msg);
        return 0;
    }
    return give_document(r, doc, err);
}

static bool is_whole(struct vl_span line)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    struct vl_err bad = VL_ERR_INIT;
    return vl_doc_parse(line, VL_DOC_JSON, "line", &doc, &bad) >= 0;
}

static void tell_damaged(const struct vl_err *why, void *user)
{
    tell_invalid(user, why->msg);
}

/* Documents over several lines, or several on one. */
static int read_rest(struct reading *r, struct lines *l, size_t from, struct vl_err *err)
{
    int result = 0;
    while (!l->ended && result >= 0)
        result = fill(l, err);
    if (result < 0)
        return vl_err_wrap(err, "%s is not one event a line", r->path);
    const struct vl_doc_json_reader reader = {.name = r->path,
        .first_line = place_of(l->number),
        .each = each_document,
        .damaged = tell_damaged,
        .user = r};
    return vl_doc_parse_json_documents(vl_span_slice(vl_buf_span(&l->rest), from, l->rest.len), &reader, err);
}

/* Whether events stand one a line: the first line is a document, or it is damaged and the next one is an
 * object by itself (1). Else all of them together are read as documents one after the other (0). */
static int is_line_by_line(struct lines *l, size_t from, size_t end, struct vl_err *err)
{
    size_t next = end + 1, next_end;
    if (is_whole(vl_span_slice(vl_buf_span(&l->rest), from, end)))
        return 1;
    for (;;) {
        next_end = line_end(&l->rest, next);
        if (next_end == SIZE_MAX && !l->ended) {
            int r = fill(l, err);
            if (r < 0)
                return r;
        } else if (next_end != SIZE_MAX && is_blank(vl_span_slice(vl_buf_span(&l->rest), next, next_end))) {
            next = next_end + 1;
        } else {
            break;
        }
    }
    struct vl_span first = vl_span_trim(vl_span_slice(vl_buf_span(&l->rest), from, end));
    struct vl_span line = vl_span_trim(vl_span_slice(vl_buf_span(&l->rest), next, next_end));
    return vl_span_starts_with(first, "{") && vl_span_starts_with(line, "{") && is_whole(line);
}

static int read_lines(struct reading *r, struct lines *l, struct vl_err *err)
{
    size_t from = 0;
    int result = 0;
    bool first = true;
    while (result >= 0) {
        size_t end = line_end(&l->rest, from);
        if (end == SIZE_MAX && !l->ended) {
            if (from && l->rest.len > from)
                memmove(l->rest.ptr, l->rest.ptr + from, l->rest.len - from);
            vl_buf_truncate(&l->rest, l->rest.len - from);
            from = 0;
            result = fill(l, err);
            continue;
        }
        bool last = end == SIZE_MAX;
        l->number++;
        if (first && !last && !is_blank(vl_span_slice(vl_buf_span(&l->rest), from, end))) {
            result = is_line_by_line(l, from, end, err);
            if (result <= 0)
                return result < 0 ? result : read_rest(r, l, from, err);
        }
        struct vl_span line = vl_span_slice(vl_buf_span(&l->rest), from, end);
        if (!is_blank(line)) {
            first = false;
            result = give_line(r, line, l->number, err);
        }
        if (last)
            break;
        from = end + 1;
    }
    return result;
}

static int open_stream(const char *path, int *ret_fd, struct vl_stream **ret, struct vl_err *err)
{
    bool input = strcmp(path, "-") == 0;
    struct vl_stream *below = NULL;
    *ret_fd = input ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    if (*ret_fd < 0)
        return vl_err_sys(err, errno, "%s", path);
    int r = vl_stream_new_fd(*ret_fd, input ? "stdin" : path, UINT64_MAX, &below, err);
    return r < 0 ? r : vl_stream_new_auto(below, VL_RULES_EVENTS_FILE_MAX, ret, err);
}

int vl_rules_events_read(struct vl_rules_events *events, const char *path, struct vl_err *err)
{
    VL_CLEANUP(vl_file_close) int fd = -1;
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *stream = NULL;
    struct reading reading = {.events = events, .path = path};
    struct lines lines = {0};
    int r = open_stream(path, &fd, &stream, err);
    if (r < 0)
        return r;
    lines.stream = stream;
    vl_buf_init(&lines.rest, VL_RULES_EVENTS_LINE_MAX);
    r = read_lines(&reading, &lines, err);
    vl_buf_done(&lines.rest);
    return r < 0 ? r : 0;
}
