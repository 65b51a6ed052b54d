/* OSV exports by their changes: modified_id.csv beside all.zip lists "date,id", newest first. Where few
 * records have changed since the last time, they are fetched one by one and kept beside the export in
 * PATH.changes, and take the place of their older selves when the feed is read. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/reader.h"
#include "base/time.h"
#include "update.h"

#define CHANGES_LIST_MAX (64UL * 1024 * 1024) /* modified_id.csv */
#define DOCUMENT_MAX     (16UL * 1024 * 1024)

int update_changes_load(const char *path, struct update_changes *ret, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf name;
    vl_buf_init(&name, 4096);
    vl_buf_init(&ret->bytes, UPDATE_CHANGES_BYTES_MAX);
    vl_map_init(&ret->documents, UPDATE_CHANGES_MAX * 2);
    vl_buf_printf(&name, "%s.changes", path);
    int r = vl_buf_check(&name, "a path", err);
    if (r < 0 || access(vl_buf_str(&name), R_OK) < 0)
        return r;
    r = vl_file_read(vl_buf_str(&name), UPDATE_CHANGES_BYTES_MAX, &ret->bytes, err);
    struct vl_reader in = vl_reader_new(vl_buf_span(&ret->bytes));
    while (r == 0 && vl_reader_left(&in)) {
        struct vl_map_slot *slot;
        struct vl_span id = vl_reader_lstr(&in);
        size_t at = in.pos;
        (void)vl_reader_lstr(&in);
        if (!vl_reader_ok(&in))
            return vl_err_set(err, VL_ERR_CORRUPT, "%s is damaged", vl_buf_str(&name));
        r = vl_map_put(&ret->documents, id, &slot, NULL, err);
        if (r == 0)
            slot->value.num = at;
    }
    return r;
}

void update_changes_done(struct update_changes *changes)
{
    vl_map_done(&changes->documents);
    vl_buf_done(&changes->bytes);
}

struct vl_span update_changes_at(const struct update_changes *changes, const struct vl_map_slot *slot)
{
    struct vl_span all = vl_buf_span(&changes->bytes);
    struct vl_reader in = vl_reader_new(vl_span_slice(all, (size_t)slot->value.num, all.len));
    return vl_reader_lstr(&in);
}

int update_changes_forget(const char *path, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf name;
    vl_buf_init(&name, 4096);
    vl_buf_printf(&name, "%s.changes", path);
    int r = vl_buf_check(&name, "a path", err);
    if (r == 0)
        unlink(vl_buf_str(&name));
    return r;
}

/* --- the list --- */

struct listing {
    struct vl_buf text;
    int64_t since_ms;
    bool enough; /* the rest is older */
};

static bool is_id(struct vl_span id)
{
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        if (!(vl_char_is_letter(c) || vl_char_is_digit(c) || strchr("._:-", c)))
            return false;
    }
    return id.len > 0 && id.len <= 128 && id.ptr[0] != '.';
}

/* "2024-08-15T00:05:00Z,GHSA-…", at the top of the bucket with "npm/" before the id. */
static bool read_line(struct vl_span line, int64_t *ret_ms, struct vl_span *ret_id)
{
    size_t comma = vl_span_find_char(line, ',');
    if (comma == SIZE_MAX || !vl_time_parse(vl_span_slice(line, 0, comma), ret_ms))
        return false;
    struct vl_span id = vl_span_trim(vl_span_slice(line, comma + 1, line.len));
    size_t slash = vl_span_rfind_char(id, '/');
    *ret_id = slash == SIZE_MAX ? id : vl_span_slice(id, slash + 1, id.len);
    return is_id(*ret_id);
}

/* Ends the transfer once what has come reaches back far enough. */
static int on_list(
    struct vl_span piece, const struct vl_http_response *response, void *user, struct vl_err *err)
{
    struct listing *l = user;
    (void)response;
    vl_buf_append_span(&l->text, piece);
    int r = vl_buf_check(&l->text, "modified_id.csv", err);
    if (r < 0)
        return r;
    struct vl_span all = vl_buf_span(&l->text);
    size_t end = vl_span_rfind_char(all, '\n');
    struct vl_span whole = vl_span_slice(all, 0, end == SIZE_MAX ? 0 : end);
    size_t start = vl_span_rfind_char(whole, '\n');
    struct vl_span last = vl_span_slice(whole, start == SIZE_MAX ? 0 : start + 1, whole.len);
    int64_t ms = 0;
    struct vl_span id;
    l->enough = l->since_ms ? read_line(last, &ms, &id) && ms <= l->since_ms : whole.len > 0;
    return l->enough ? vl_err_set(err, VL_ERR_LIMIT, "enough") : 0;
}

static int get_list(struct vl_http_client *client, const char *url, struct listing *l, struct vl_err *err)
{
    if (strncmp(url, "file://", 7) == 0)
        return vl_file_read(url + 7, CHANGES_LIST_MAX, &l->text, err);
    struct vl_http_request request = {.url = url, .body_fd = -1, .max_bytes = CHANGES_LIST_MAX};
    VL_CLEANUP(vl_http_response_done) struct vl_http_response response = {0};
    VL_CLEANUP(vl_buf_done) struct vl_buf said;
    vl_buf_init(&said, 4096);
    int r = vl_http_perform(client, &request, on_list, l, &said, &response, err);
    if (r < 0 && l->enough) {
        vl_err_clear(err);
        return 0;
    }
    return r < 0 || response.status < 400 ? r : vl_http_status_error(&response, vl_buf_span(&said), err);
}

static int get_document(
    struct vl_http_client *client, const char *url, struct vl_buf *out, struct vl_err *err)
{
    vl_buf_clear(out);
    return strncmp(url, "file://", 7) == 0 ? vl_file_read(url + 7, DOCUMENT_MAX, out, err)
                                           : vl_http_get(client, url, out, err);
}

/* Ids newer than what is known, newest first; more than UPDATE_CHANGES_FEW end the reading. */
static size_t read_list(
    struct vl_span text, int64_t since_ms, int64_t *ret_newest_ms, struct vl_span ids[UPDATE_CHANGES_FEW + 1])
{
    struct vl_span line;
    size_t n = 0;
    *ret_newest_ms = 0;
    while (n <= UPDATE_CHANGES_FEW && vl_span_split_line(&text, &line)) {
        int64_t ms;
        struct vl_span id;
        if (!read_line(line, &ms, &id))
            continue;
        if (ms > *ret_newest_ms)
            *ret_newest_ms = ms;
        if (ms <= since_ms)
            break;
        ids[n++] = id;
    }
    return n;
}

static int append_document(struct vl_http_client *client, struct vl_span base, struct vl_span id,
    struct vl_buf *out, uint64_t *bytes, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf url;
    VL_CLEANUP(vl_buf_done) struct vl_buf document;
    vl_buf_init(&url, 4096);
    vl_buf_init(&document, DOCUMENT_MAX);
    vl_buf_printf(&url, "%.*s%.*s.json", VL_SPAN_FMT(base), VL_SPAN_FMT(id));
    int r = vl_buf_check(&url, "an address", err);
    if (r == 0)
        r = get_document(client, vl_buf_str(&url), &document, err);
    if (r < 0)
        return r;
    *bytes += document.len;
    vl_buf_append_lstr(out, id);
    vl_buf_append_lstr(out, vl_buf_span(&document));
    return vl_buf_check(out, "the changes of a feed", err);
}

/* The new documents, then those of before that are not among them. */
static int write_changes(const char *path, struct vl_buf *fresh, struct vl_err *err)
{
    struct update_changes old = {0};
    struct vl_map now;
    VL_CLEANUP(vl_buf_done) struct vl_buf name;
    vl_buf_init(&name, 4096);
    vl_buf_printf(&name, "%s.changes", path);
    vl_map_init(&now, UPDATE_CHANGES_MAX * 2);
    int r = update_changes_load(path, &old, err);
    struct vl_reader in = vl_reader_new(vl_buf_span(fresh));
    while (r == 0 && vl_reader_left(&in)) {
        struct vl_map_slot *slot;
        struct vl_span id = vl_reader_lstr(&in);
        (void)vl_reader_lstr(&in);
        r = vl_map_put(&now, id, &slot, NULL, err);
    }
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&out, UPDATE_CHANGES_BYTES_MAX);
    vl_buf_append_span(&out, vl_buf_span(fresh));
    size_t pos = 0;
    for (const struct vl_map_slot *s = vl_map_next(&old.documents, &pos); r == 0 && s;
        s = vl_map_next(&old.documents, &pos)) {
        if (vl_map_get(&now, s->key))
            continue;
        vl_buf_append_lstr(&out, s->key);
        vl_buf_append_lstr(&out, update_changes_at(&old, s));
    }
    if (r == 0)
        r = vl_buf_check(&out, "the changes of a feed", err);
    if (r == 0)
        r = vl_file_replace(vl_buf_str(&name), 0644, vl_buf_span(&out), err);
    vl_map_done(&now);
    update_changes_done(&old);
    return r;
}

static size_t known_changes(const char *path)
{
    struct update_changes known = {0};
    struct vl_err ignored = VL_ERR_INIT;
    size_t n = update_changes_load(path, &known, &ignored) < 0 ? UPDATE_CHANGES_MAX : known.documents.len;
    update_changes_done(&known);
    return n;
}

int update_changes_fetch(struct vl_http_client *client, const char *url, const char *path, int64_t since_ms,
    int64_t *ret_newest_ms, uint64_t *ret_bytes, struct vl_err *err)
{
    struct vl_span ids[UPDATE_CHANGES_FEW + 1];
    size_t slash = vl_span_rfind_char(vl_span_str(url), '/');
    struct vl_span base = vl_span_slice(vl_span_str(url), 0, slash == SIZE_MAX ? 0 : slash + 1);
    struct listing list = {.since_ms = since_ms};
    VL_CLEANUP(vl_buf_done) struct vl_buf name;
    VL_CLEANUP(vl_buf_done) struct vl_buf fresh;
    vl_buf_init(&list.text, CHANGES_LIST_MAX);
    vl_buf_init(&name, 4096);
    vl_buf_init(&fresh, UPDATE_CHANGES_BYTES_MAX);
    vl_buf_printf(&name, "%.*smodified_id.csv", VL_SPAN_FMT(base));
    *ret_bytes = 0;
    *ret_newest_ms = 0;
    int r = vl_buf_check(&name, "an address", err);
    if (r == 0)
        r = get_list(client, vl_buf_str(&name), &list, err);
    size_t n = r < 0 ? 0 : read_list(vl_buf_span(&list.text), since_ms, ret_newest_ms, ids);
    bool whole = since_ms == 0 || *ret_newest_ms == 0 || n > UPDATE_CHANGES_FEW ||
                 known_changes(path) + n > UPDATE_CHANGES_MAX;
    for (size_t i = 0; r == 0 && !whole && i < n; i++)
        r = append_document(client, base, ids[i], &fresh, ret_bytes, err);
    if (r == 0 && !whole && n)
        r = write_changes(path, &fresh, err);
    vl_buf_done(&list.text);
    return r < 0 ? r : whole ? UPDATE_CHANGES_WHOLE : n > 0;
}
