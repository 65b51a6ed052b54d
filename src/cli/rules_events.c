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
    struct vl_doc *doc; /* of the event in hand */
};

static void tell_invalid(struct reading *r, const char *message)
{
    if (++r->events->invalid <= TOLD_MAX)
        vl_cli_warn("%s", message);
    else if (r->events->invalid == TOLD_MAX + 1)
        vl_cli_warn("%s: further invalid events are counted only", r->path);
}

/* --- one document --- */

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
        char message[VL_ERR_MSG_MAX + 512];
        (void)snprintf(message, sizeof(message), "%s:%u: %s", r->path, vl_doc_line(node), bad.msg);
        tell_invalid(r, message);
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
        char message[VL_ERR_MSG_MAX + 512];
        (void)snprintf(message, sizeof(message), "%s:%u: %s", r->path, vl_doc_line(node), bad.msg);
        tell_invalid(r, message);
        return 0;
    }
    return give(r, &event, err);
}

static int give_records(struct reading *r, const struct vl_doc_node *root, struct vl_err *err)
{
    int result = 0;
    if (!vl_doc_is(root, VL_DOC_ARRAY))
        return give_record(r, root, err);
    for (const struct vl_doc_node *n = vl_doc_first(root); n && result >= 0; n = vl_doc_next(n))
        result = give_record(r, n, err);
    return result;
}

/* < 0 only where rules failed: what is wrong with the event itself is told and passed over. */
static int give_document(struct reading *r, struct vl_doc *doc, struct vl_err *err)
{
    struct vl_event event;
    struct vl_err bad = VL_ERR_INIT;
    const struct vl_doc_node *root = vl_doc_root(doc);
    vl_arena_reset(r->events->arena);
    if (r->events->source == VL_EVENT_K8S_AUDIT)
        return vl_event_audit_each(root, give_audit, r, err);
    if (r->events->source == VL_EVENT_LOG)
        return give_records(r, root, err);
    if (vl_event_from_recorded(doc, &event, &bad) >= 0)
        return give(r, &event, err);
    char message[VL_ERR_MSG_MAX + 512];
    (void)snprintf(message, sizeof(message), "%s: %s", r->path, bad.msg);
    tell_invalid(r, message);
    return 0;
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

/* A line that is no document by itself: told with its number. */
static void tell_line(struct reading *r, uint64_t number, const struct vl_err *bad)
{
    char message[VL_ERR_MSG_MAX + 512];
    const char *text = bad->msg;
    const char *colon = strncmp(text, "line:1:", 7) == 0 ? text + 7 : text;
    (void)snprintf(message, sizeof(message), "%s:%llu:%s", r->path, (unsigned long long)number, colon);
    tell_invalid(r, message);
}

static int give_line(struct reading *r, struct vl_span line, uint64_t number, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    struct vl_err bad = VL_ERR_INIT;
    if (vl_doc_parse(line, VL_DOC_JSON, "line", &doc, &bad) < 0) {
        if (bad.code == VL_ERR_MEMORY) {
            *err = bad;
            return bad.err;
        }
        tell_line(r, number, &bad);
        return 0;
    }
    return give_document(r, doc, err);
}

/* Whether the first line is a document: else all of them together are read as a stream of documents. */
static bool is_whole(struct vl_span line)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    struct vl_err bad = VL_ERR_INIT;
    return vl_doc_parse(line, VL_DOC_JSON, "line", &doc, &bad) >= 0;
}

static int read_rest(struct reading *r, struct lines *l, size_t from, struct vl_err *err)
{
    struct vl_err bad = VL_ERR_INIT;
    int result = 0;
    while (!l->ended && result >= 0)
        result = fill(l, err);
    if (result < 0)
        return vl_err_wrap(err, "%s is not one event a line", r->path);
    result = vl_doc_parse_stream(vl_span_slice(vl_buf_span(&l->rest), from, l->rest.len), VL_DOC_JSON,
        r->path, each_document, r, &bad);
    if (result >= 0)
        return 0;
    if (bad.code == VL_ERR_INVALID) {
        tell_invalid(r, bad.msg);
        return 0;
    }
    *err = bad;
    return result;
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
        struct vl_span line = vl_span_slice(vl_buf_span(&l->rest), from, end);
        bool last = end == SIZE_MAX;
        l->number++;
        if (first && !is_blank(line) && !last && !is_whole(line))
            return read_rest(r, l, from, err);
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
