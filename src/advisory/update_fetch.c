/* One file from upstream: conditional, resumed, retried. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "update.h"

#define PATH_ROOM    4096
#define META_MAX     16384U
#define BACK_OFF_MAX 60U

static void copy_text(char *to, size_t room, struct vl_span from)
{
    /* Too long to be sent back, or with what a line of a header cannot have: as if absent. */
    size_t len = from.len < room && !vl_span_has_control(from) ? from.len : 0;
    if (len)
        memcpy(to, from.ptr, len);
    to[len] = 0;
}

int64_t update_http_date(const char *text)
{
    struct vl_span rest = vl_span_str(text);
    struct vl_span part[6] = {0};
    for (size_t i = 0; i < VL_ARRAY_LEN(part) && vl_span_split(&rest, ' ', &part[i]); i++)
        ;
    size_t month = vl_span_find(VL_SPAN_LIT("JanFebMarAprMayJunJulAugSepOctNovDec"), part[2]);
    if (part[2].len != 3 || month == SIZE_MAX || month % 3 || !vl_span_eq_str(part[5], "GMT"))
        return 0;
    struct vl_buf iso;
    int64_t ms;
    vl_buf_init(&iso, 64);
    vl_buf_printf(&iso, "%.*s-%02u-%.*sT%.*sZ", VL_SPAN_FMT(part[3]), (unsigned)(month / 3 + 1),
        VL_SPAN_FMT(part[1]), VL_SPAN_FMT(part[4]));
    bool ok = !iso.failed && vl_time_parse(vl_buf_span(&iso), &ms);
    vl_buf_done(&iso);
    return ok ? ms : 0;
}

void update_meta_read(const char *path, struct update_meta *ret)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    VL_CLEANUP(vl_buf_done) struct vl_buf name;
    struct vl_err err = VL_ERR_INIT;
    vl_buf_init(&text, META_MAX);
    vl_buf_init(&name, PATH_ROOM);
    *ret = (struct update_meta){0};
    vl_buf_printf(&name, "%s.meta", path);
    if (name.failed || vl_file_read(vl_buf_str(&name), META_MAX, &text, &err) < 0)
        return;
    struct vl_span rest = vl_buf_span(&text);
    struct vl_span line;
    while (vl_span_split_line(&rest, &line)) {
        size_t tab = vl_span_find_char(line, '\t');
        if (tab == SIZE_MAX)
            continue;
        struct vl_span key = vl_span_slice(line, 0, tab);
        struct vl_span value = vl_span_slice(line, tab + 1, line.len);
        uint64_t number;
        if (vl_span_eq_str(key, "url"))
            copy_text(ret->url, sizeof(ret->url), value);
        else if (vl_span_eq_str(key, "etag"))
            copy_text(ret->etag, sizeof(ret->etag), value);
        else if (vl_span_eq_str(key, "modified"))
            copy_text(ret->modified, sizeof(ret->modified), value);
        else if (vl_span_eq_str(key, "fetched") && vl_span_to_u64(value, &number))
            ret->fetched_ms = (int64_t)number;
        else if (vl_span_eq_str(key, "changes") && vl_span_to_u64(value, &number))
            ret->changes_ms = (int64_t)number;
    }
}

int update_meta_write(const char *path, const struct update_meta *meta, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    VL_CLEANUP(vl_buf_done) struct vl_buf name;
    vl_buf_init(&text, META_MAX);
    vl_buf_init(&name, PATH_ROOM);
    vl_buf_printf(&name, "%s.meta", path);
    vl_buf_printf(&text, "url\t%s\netag\t%s\nmodified\t%s\nfetched\t%lld\nchanges\t%lld\n", meta->url,
        meta->etag, meta->modified, (long long)meta->fetched_ms, (long long)meta->changes_ms);
    int r = vl_buf_check(&text, "what is known of a feed", err);
    if (r == 0)
        r = vl_buf_check(&name, "a path", err);
    return r < 0 ? r : vl_file_replace(vl_buf_str(&name), 0644, vl_buf_span(&text), err);
}

struct transfer {
    const struct update_fetch *fetch;
    int fd;
    const char *part;
    uint64_t resumed; /* bytes that were there before */
    uint64_t total;
    bool started;
};

static int on_body(
    struct vl_span piece, const struct vl_http_response *response, void *user, struct vl_err *err)
{
    struct transfer *t = user;
    if (!t->started) {
        t->started = true;
        uint64_t length = 0;
        const char *text = vl_http_response_header(response, "content-length");
        if (text && !vl_span_to_u64(vl_span_str(text), &length))
            length = 0;
        if (response->status != 206)
            t->resumed = 0; /* the server sends all of it */
        if (ftruncate(t->fd, (off_t)t->resumed) < 0 || lseek(t->fd, (off_t)t->resumed, SEEK_SET) < 0)
            return vl_err_sys(err, errno, "cannot write %s", t->part);
        t->total = length ? length + t->resumed : 0;
    }
    if (piece.len == 0)
        return 0;
    int r = vl_file_write_fd(t->fd, t->part, piece, err);
    if (r == 0 && t->fetch->progress) {
        struct vl_advisory_progress p = {t->fetch->feed, t->resumed + response->bytes, t->total};
        t->fetch->progress(&p, t->fetch->user);
    }
    return r;
}

static void take_validators(
    const struct vl_http_response *response, const char *url, struct update_meta *meta)
{
    copy_text(meta->url, sizeof(meta->url), vl_span_str(url));
    copy_text(meta->etag, sizeof(meta->etag), vl_span_str(vl_http_response_header(response, "etag")));
    copy_text(meta->modified, sizeof(meta->modified),
        vl_span_str(vl_http_response_header(response, "last-modified")));
}

/* What fails for good: asking again gives the same. */
static bool is_final(const struct vl_err *err, long status)
{
    return (status >= 400 && status < 500 && status != 408 && status != 429) || err->code == VL_ERR_LIMIT ||
           err->code == VL_ERR_SYSTEM || err->code == VL_ERR_AUTH || err->code == VL_ERR_USAGE;
}

/* Headers that ask for nothing where upstream still has what is known. */
static void ask_if_changed(
    const char *url, const struct update_meta *known, struct vl_http_header *headers, size_t *n)
{
    if (strcmp(known->url, url) != 0)
        return;
    if (known->etag[0])
        headers[(*n)++] = (struct vl_http_header){"If-None-Match", known->etag};
    else if (known->modified[0])
        headers[(*n)++] = (struct vl_http_header){"If-Modified-Since", known->modified};
}

/* One request. 1 fetched, 0 unchanged. */
static int try_once(const struct update_fetch *f, const char *part, const struct update_meta *known,
    struct update_meta *part_meta, uint64_t *ret_bytes, long *ret_status, struct vl_err *err)
{
    struct transfer t = {.fetch = f, .part = part};
    struct vl_http_header headers[3];
    struct vl_http_request request = {
        .url = f->url, .headers = headers, .body_fd = -1, .max_bytes = f->max_bytes};
    struct stat st;
    VL_CLEANUP(vl_file_close) int fd = open(part, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
        return vl_err_sys(err, errno, "cannot write %s", part);
    t.fd = fd;
    update_meta_read(part, part_meta);
    /* A part is continued only where the server can tell that it is of the same version. */
    const char *validator = part_meta->etag[0] ? part_meta->etag : part_meta->modified;
    if (fstat(fd, &st) == 0 && st.st_size > 0 && strcmp(part_meta->url, f->url) == 0 && validator[0] &&
        strncmp(validator, "W/", 2) != 0) {
        t.resumed = request.resume_from = (uint64_t)st.st_size;
        headers[request.n_headers++] = (struct vl_http_header){"If-Range", validator};
    }
    ask_if_changed(f->url, known, headers, &request.n_headers);
    VL_CLEANUP(vl_http_response_done) struct vl_http_response response = {0};
    int r = vl_http_perform(f->client, &request, on_body, &t, NULL, &response, err);
    *ret_status = response.status;
    if (t.started && response.arena) {
        struct vl_err ignored = VL_ERR_INIT;
        take_validators(&response, f->url, part_meta);
        if (update_meta_write(part, part_meta, &ignored) < 0 && r == 0)
            r = vl_err_set(err, VL_ERR_SYSTEM, "%s", ignored.msg);
    }
    if (r < 0)
        return r;
    if (response.status == 304)
        return 0;
    if (response.status == 416) {
        (void)!ftruncate(fd, 0);
        return vl_err_set(err, VL_ERR_UNREACHABLE, "%s: cannot be continued, fetched anew", f->url);
    }
    if (response.status >= 400)
        return vl_err_set(err, response.status == 404 ? VL_ERR_NOT_FOUND : VL_ERR_UNREACHABLE,
            "%s: HTTP status %ld", f->url, response.status);
    *ret_bytes = response.bytes;
    return fsync(fd) < 0 ? vl_err_sys(err, errno, "cannot write %s", part) : 1;
}

static int fetch_http(const struct update_fetch *f, const char *part, struct update_meta *meta,
    uint64_t *ret_bytes, struct vl_err *err)
{
    struct update_meta part_meta = {0};
    unsigned pause = 1;
    for (unsigned i = 0;; i++) {
        long status = 0;
        int r = try_once(f, part, meta, &part_meta, ret_bytes, &status, err);
        if (r > 0) {
            memcpy(meta->url, part_meta.url, sizeof(meta->url));
            memcpy(meta->etag, part_meta.etag, sizeof(meta->etag));
            memcpy(meta->modified, part_meta.modified, sizeof(meta->modified));
        }
        if (r >= 0 || i + 1 >= f->tries || is_final(err, status))
            return r;
        vl_err_clear(err);
        struct timespec wait = {.tv_sec = (time_t)pause};
        nanosleep(&wait, NULL);
        pause = pause * 4 > BACK_OFF_MAX ? BACK_OFF_MAX : pause * 4;
    }
}

/* file:// is copied: the original may change while it is read. Its time and size stand for an ETag. */
static int fetch_file(const struct update_fetch *f, const char *part, struct update_meta *meta,
    uint64_t *ret_bytes, struct vl_err *err)
{
    const char *from = f->url + strlen("file://");
    struct stat st;
    char etag[64];
    VL_CLEANUP(vl_file_close) int in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0 || fstat(in, &st) < 0)
        return vl_err_sys(err, errno, "cannot read %s", from);
    if ((uint64_t)st.st_size > f->max_bytes)
        return vl_err_set(err, VL_ERR_LIMIT, "%s is over %llu bytes", from, (unsigned long long)f->max_bytes);
    snprintf(etag, sizeof(etag), "%lld-%lld-%lld", (long long)st.st_size, (long long)st.st_mtime,
        (long long)st.st_mtim.tv_nsec);
    if (strcmp(meta->url, f->url) == 0 && strcmp(meta->etag, etag) == 0)
        return 0;
    VL_CLEANUP(vl_buf_done) struct vl_buf bytes;
    vl_buf_init(&bytes, (size_t)f->max_bytes);
    int r = vl_file_read_fd(in, from, (size_t)f->max_bytes, &bytes, err);
    if (r == 0)
        r = vl_file_replace(part, 0644, vl_buf_span(&bytes), err);
    if (r < 0)
        return r;
    copy_text(meta->url, sizeof(meta->url), vl_span_str(f->url));
    copy_text(meta->etag, sizeof(meta->etag), vl_span_str(etag));
    meta->modified[0] = 0;
    *ret_bytes = bytes.len;
    return 1;
}

int update_fetch(
    const struct update_fetch *f, struct update_meta *meta, uint64_t *ret_bytes, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf part;
    VL_CLEANUP(vl_buf_done) struct vl_buf part_meta;
    vl_buf_init(&part, PATH_ROOM);
    vl_buf_init(&part_meta, PATH_ROOM);
    vl_buf_printf(&part, "%s.part", f->path);
    vl_buf_printf(&part_meta, "%s.part.meta", f->path);
    int r = vl_buf_check(&part_meta, "a path", err);
    *ret_bytes = 0;
    if (r < 0)
        return r;
    r = strncmp(f->url, "file://", 7) == 0 ? fetch_file(f, vl_buf_str(&part), meta, ret_bytes, err)
                                           : fetch_http(f, vl_buf_str(&part), meta, ret_bytes, err);
    if (r == 0)
        unlink(vl_buf_str(&part));
    if (r > 0 && rename(vl_buf_str(&part), f->path) < 0)
        r = vl_err_sys(err, errno, "cannot write %s", f->path);
    if (r >= 0)
        unlink(vl_buf_str(&part_meta));
    return r;
}
