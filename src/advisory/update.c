#include "update.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "feed/feed.h"
#include "record.h"

#define UPDATE_ARENA    (64UL * 1024 * 1024)
#define FEED_BYTES_MAX  (2ULL * 1024 * 1024 * 1024)
#define TRIES           4U
#define ECOSYSTEMS_MAX  200U
#define LOCK_STEP_MS    100L
#define BRACES_MAX      500
#define ECOSYSTEMS_FILE "ecosystems.txt"

int update_lock(const char *db_path, long wait_ms, int *ret_fd, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf path;
    vl_buf_init(&path, 4096);
    vl_buf_printf(&path, "%s.lock", db_path);
    int r = vl_buf_check(&path, "the path of the database", err);
    if (r < 0)
        return r;
    int fd = open(vl_buf_str(&path), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
        return vl_err_sys(err, errno, "cannot lock %s", vl_buf_str(&path));
    for (long waited = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; waited += LOCK_STEP_MS) {
        if (errno != EWOULDBLOCK || waited >= wait_ms) {
            int e = errno;
            vl_file_close(&fd);
            return e == EWOULDBLOCK
                       ? vl_err_set(err, VL_ERR_CONFLICT,
                             "another update of %s is running: wait for it, or give it more time with --wait",
                             db_path)
                       : vl_err_sys(err, e, "cannot lock %s", vl_buf_str(&path));
        }
        struct timespec step = {.tv_nsec = LOCK_STEP_MS * 1000000};
        nanosleep(&step, NULL);
    }
    *ret_fd = fd;
    return 0;
}

static int sync_folder_of(const char *path, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf folder;
    vl_buf_init(&folder, 4096);
    size_t slash = vl_span_rfind_char(vl_span_str(path), '/');
    vl_buf_append(&folder,
        slash == SIZE_MAX ? "."
        : slash == 0      ? "/"
                          : path,
        slash == SIZE_MAX || slash == 0 ? 1 : slash);
    VL_CLEANUP(vl_file_close) int fd = open(vl_buf_str(&folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 || fsync(fd) < 0 ? vl_err_sys(err, errno, "cannot sync %s", vl_buf_str(&folder)) : 0;
}

int update_replace(const char *fresh, const char *db_path, struct vl_err *err)
{
    struct vl_advisory_db *db = NULL;
    int r = vl_advisory_db_open(fresh, &db, err);
    if (r == 0)
        r = vl_advisory_db_verify(db, err);
    vl_advisory_db_close(db);
    if (r == 0 && rename(fresh, db_path) < 0)
        r = vl_err_sys(err, errno, "cannot replace %s", db_path);
    if (r < 0) {
        unlink(fresh);
        return r;
    }
    return sync_folder_of(db_path, err);
}

/* --- feeds --- */

struct job {
    const struct vl_advisory_update_options *options;
    struct vl_arena *arena;
    struct vl_http_client *client;
    struct vl_advisory_builder *builder;
    const char *dir;
    uint64_t usable;
};

struct one_feed {
    const char *name;
    const char *title;
    const char *url;
    const char *ecosystem;
    const struct vl_feed_kind *kind;
    const char *path;  /* data in use */
    const char *fresh; /* just fetched, not yet known to be good */
};

static bool is_wanted(const struct vl_advisory_update_options *o, const char *name)
{
    for (size_t i = 0; i < o->n_only; i++) {
        if (strcmp(o->only[i], name) == 0)
            return true;
        size_t len = strlen(o->only[i]);
        if (len && strncmp(name, o->only[i], len) == 0 && name[len] == '/')
            return true; /* "alpine" stands for "alpine/v3.22/main", "osv" for "osv/npm" */
        if (len && o->only[i][len - 1] == '*' && strncmp(name, o->only[i], len - 1) == 0)
            return true;
    }
    return o->n_only == 0;
}

/* The last source that names the feed wins; "osv/" + "*" names all of OSV. NULL: left out. */
static const char *url_of(struct job *job, const char *name, struct vl_span upstream, struct vl_span star)
{
    struct vl_span url = upstream;
    for (size_t i = 0; i < job->options->n_sources; i++) {
        const struct vl_advisory_source *s = &job->options->sources[i];
        size_t len = strlen(s->name);
        bool pattern = len && s->name[len - 1] == '*' && strncmp(name, s->name, len - 1) == 0;
        if (pattern || strcmp(s->name, name) == 0)
            url = vl_span_str(s->url);
    }
    if (url.len == 0)
        return NULL;
    struct vl_buf text;
    vl_buf_init(&text, 2048);
    for (size_t i = 0; i < url.len; i++) {
        if (url.ptr[i] != '*') {
            vl_buf_append_char(&text, url.ptr[i]);
            continue;
        }
        for (size_t k = 0; k < star.len; k++) /* "GitHub Actions" */
            vl_buf_append_str(&text, star.ptr[k] == ' ' ? "%20" : (char[2]){star.ptr[k], 0});
    }
    const char *copy = text.failed ? NULL : vl_arena_strdup(job->arena, vl_buf_str(&text));
    vl_buf_done(&text);
    return copy;
}

static void tell(
    struct job *job, const char *name, enum vl_advisory_feed_state state, const char *message, uint64_t bytes)
{
    struct vl_advisory_feed_result result = {name, state, message, bytes};
    if (job->options->result)
        job->options->result(&result, job->options->user);
}

/* The file, but for what has changed since; then the changes. A fresh file has none yet. */
static int read_with_changes(
    const struct one_feed *f, const char *path, struct vl_record_sink *sink, struct vl_err *err)
{
    struct update_changes changes = {0};
    int r = update_changes_load(path, &changes, err);
    if (r == 0)
        r = vl_feed_read_file_but(path, f->kind, f->name, f->ecosystem,
            changes.documents.len ? &changes.documents : NULL, sink, err);
    size_t pos = 0;
    for (const struct vl_map_slot *s = vl_map_next(&changes.documents, &pos); r == 0 && s;
        s = vl_map_next(&changes.documents, &pos)) {
        r = vl_feed_read_bytes(
            update_changes_at(&changes, s), f->name, f->kind, f->name, f->ecosystem, sink, err);
        if (r < 0 && !sink->failed && (err->code == VL_ERR_INVALID || err->code == VL_ERR_LIMIT)) {
            vl_record_damage(sink, f->name, err);
            r = 0;
        }
    }
    update_changes_done(&changes);
    return r;
}

/* Reads one file of a feed into the builder. 1: it is in; 0: its data is bad, said in *err. */
static int read_into(struct job *job, const struct one_feed *f, const char *path, int64_t fetched_ms,
    int64_t modified_ms, struct vl_err *err)
{
    struct vl_advisory_feed feed = {
        .name = f->name, .title = f->title, .url = f->url, .fetched_ms = fetched_ms};
    int r = vl_advisory_builder_begin(job->builder, &feed, err);
    if (r < 0)
        return r;
    struct vl_record_sink *sink = vl_advisory_builder_sink(job->builder);
    r = read_with_changes(f, path, sink, err);
    if (r == 0) {
        vl_advisory_builder_end(job->builder, modified_ms ? modified_ms : fetched_ms);
        job->usable++;
        return 1;
    }
    if (sink->failed)
        return r;
    vl_advisory_builder_drop(job->builder);
    return 0;
}

static int fetch_feed(struct job *job, const struct one_feed *f, struct update_meta *meta,
    uint64_t *ret_bytes, struct vl_err *err)
{
    const struct vl_advisory_update_options *o = job->options;
    const char *url;
    int r = update_resolve(job->client, f->url, job->arena, &url, err);
    if (r < 0)
        return r;
    struct update_fetch fetch = {.client = job->client,
        .url = url,
        .path = f->fresh,
        .max_bytes = o->max_feed_bytes ? o->max_feed_bytes : FEED_BYTES_MAX,
        .tries = o->tries ? o->tries : TRIES,
        .feed = f->name,
        .progress = o->progress,
        .user = o->user};
    return update_fetch(&fetch, meta, ret_bytes, err);
}

/* The data of before: what a failed feed keeps. */
static int use_old(struct job *job, const struct one_feed *f, enum vl_advisory_feed_state state,
    const char *message, struct vl_err *err)
{
    struct update_meta meta;
    struct vl_err bad = VL_ERR_INIT;
    update_meta_read(f->path, &meta);
    if (access(f->path, R_OK) < 0) {
        tell(job, f->name, VL_FEED_MISSING, message, 0);
        return 0;
    }
    int r = read_into(job, f, f->path, meta.fetched_ms, update_http_date(meta.modified), &bad);
    if (r < 0) {
        *err = bad;
        return r;
    }
    tell(job, f->name, r ? state : VL_FEED_MISSING, r ? message : bad.msg, 0);
    return 0;
}

/* Whether the feed has a list of its changes beside it. */
static bool has_changes(const struct one_feed *f)
{
    return vl_span_ends_with(vl_span_str(f->url), "/all.zip") && strcmp(f->kind->name, "osv") == 0;
}

/* By the list of changes. True where the feed is done, with *ret; `meta` learns the date to ask for next
 * time. */
static bool update_by_changes(
    struct job *job, const struct one_feed *f, struct update_meta *meta, int *ret, struct vl_err *err)
{
    struct vl_err bad = VL_ERR_INIT;
    int64_t newest = 0;
    uint64_t bytes = 0;
    bool same = strcmp(meta->url, f->url) == 0;
    int r = update_changes_fetch(
        job->client, f->url, f->path, same ? meta->changes_ms : 0, &newest, &bytes, &bad);
    meta->changes_ms = r < 0 ? 0 : newest > meta->changes_ms ? newest : meta->changes_ms;
    if (r < 0 || r == UPDATE_CHANGES_WHOLE)
        return false;
    if (r == 0) {
        *ret = use_old(job, f, VL_FEED_UNCHANGED, "", err);
        return true;
    }
    meta->fetched_ms = job->options->now_ms ? job->options->now_ms : vl_time_now_ms();
    r = read_into(job, f, f->path, meta->fetched_ms, 0, &bad);
    if (r == 0)
        return false; /* the whole export is asked for */
    *ret = r > 0 ? update_meta_write(f->path, meta, err) : r;
    if (r < 0)
        *err = bad;
    else if (*ret == 0)
        tell(job, f->name, VL_FEED_UPDATED, "", bytes);
    return true;
}

/* Puts the fresh file in the place of the old one. A crash in between costs one needless fetch, and never
 * puts old changes over a new file: they go first, and so does what is known of them. */
static int take_fresh(const struct one_feed *f, const struct update_meta *meta, struct vl_err *err)
{
    struct update_meta nothing = {0};
    int r = has_changes(f) ? update_meta_write(f->path, &nothing, err) : 0;
    if (r == 0 && has_changes(f))
        r = update_changes_forget(f->path, err);
    if (r == 0 && rename(f->fresh, f->path) < 0)
        r = vl_err_sys(err, errno, "cannot write %s", f->path);
    return r < 0 ? r : update_meta_write(f->path, meta, err);
}

static int update_one(struct job *job, const struct one_feed *f, struct vl_err *err)
{
    struct update_meta meta;
    struct vl_err bad = VL_ERR_INIT;
    uint64_t bytes = 0;
    int r = 0;
    if (!is_wanted(job->options, f->name))
        return use_old(job, f, VL_FEED_UNCHANGED, "", err);
    update_meta_read(f->path, &meta);
    if (access(f->path, R_OK) < 0)
        meta = (struct update_meta){0};
    if (has_changes(f) && update_by_changes(job, f, &meta, &r, err))
        return r;
    r = fetch_feed(job, f, &meta, &bytes, &bad);
    if (r < 0 && (bad.code == VL_ERR_MEMORY || (bad.code == VL_ERR_SYSTEM && bad.err == -ENOSPC))) {
        *err = bad;
        return r;
    }
    if (r <= 0)
        return use_old(job, f, r < 0 ? VL_FEED_KEPT : VL_FEED_UNCHANGED, r < 0 ? bad.msg : "", err);
    meta.fetched_ms = job->options->now_ms ? job->options->now_ms : vl_time_now_ms();
    r = read_into(job, f, f->fresh, meta.fetched_ms, update_http_date(meta.modified), &bad);
    if (r == 0) {
        unlink(f->fresh);
        return use_old(job, f, VL_FEED_KEPT, bad.msg, err);
    }
    if (r > 0) {
        r = take_fresh(f, &meta, err);
        if (r == 0)
            tell(job, f->name, VL_FEED_UPDATED, "", bytes);
        return r;
    }
    *err = bad;
    return r;
}

static int update_at(
    struct job *job, const struct vl_feed_row *row, const char *name, const char *url, struct vl_err *err);

/* "https://secdb.alpinelinux.org/{v3.22,edge}/{main,community}.json": a feed for each choice,
 * "alpine/v3.22/main". */
static int update_each(
    struct job *job, const struct vl_feed_row *row, const char *name, const char *url, struct vl_err *err)
{
    const char *open = strchr(url, '{');
    const char *close = strchr(open, '}');
    if (!close || close - open > BRACES_MAX)
        return vl_err_set(err, VL_ERR_USAGE, "%s: a brace without an end", url);
    struct vl_span choices = {open + 1, (size_t)(close - open - 1)};
    struct vl_span choice;
    int r = 0;
    while (r == 0 && vl_span_split(&choices, ',', &choice)) {
        const char *one = vl_arena_printf(job->arena, "%s/%.*s", name, VL_SPAN_FMT(choice));
        const char *at =
            vl_arena_printf(job->arena, "%.*s%.*s%s", (int)(open - url), url, VL_SPAN_FMT(choice), close + 1);
        r = one && at ? update_at(job, row, one, at, err) : vl_err_nomem(err);
    }
    return r;
}

static int update_at(
    struct job *job, const struct vl_feed_row *row, const char *name, const char *url, struct vl_err *err)
{
    struct one_feed f = {.kind = vl_feed_kind_find(row->kind), .name = name, .url = url};
    if (strchr(url, '{'))
        return update_each(job, row, name, url, err);
    size_t at = vl_span_find_char(row->name, '*');
    struct vl_span star = at == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_str(name + at);
    struct vl_span title = vl_span_slice(row->title, 0, vl_span_find_char(row->title, '*'));
    f.title = vl_arena_printf(job->arena, "%.*s%.*s", VL_SPAN_FMT(title), VL_SPAN_FMT(star));
    f.ecosystem = row->ecosystem.len ? vl_arena_dup_span(job->arena, row->ecosystem) : NULL;
    char *file = vl_arena_strdup(job->arena, name);
    if (!file || !f.title || !f.kind)
        return vl_arena_check(job->arena, "the table of feeds", err);
    for (char *c = file; *c; c++) {
        if (*c == '/' || *c == ' ')
            *c = '_';
    }
    f.path = vl_arena_printf(job->arena, "%s/%s", job->dir, file);
    f.fresh = vl_arena_printf(job->arena, "%s/%s.new", job->dir, file);
    return f.path && f.fresh ? update_one(job, &f, err) : vl_err_nomem(err);
}

static int update_row(struct job *job, const struct vl_feed_row *row, struct vl_span star, struct vl_err *err)
{
    struct vl_span prefix = vl_span_slice(row->name, 0, vl_span_find_char(row->name, '*'));
    const char *name = vl_arena_printf(job->arena, "%.*s%.*s", VL_SPAN_FMT(prefix), VL_SPAN_FMT(star));
    if (!name)
        return vl_err_nomem(err);
    const char *url = url_of(job, name, row->url, star);
    return url ? update_at(job, row, name, url, err) : vl_arena_check(job->arena, "the table of feeds", err);
}

/* Ecosystems that a feed of their own brings, closer to the source. */
static bool has_own_feed(struct vl_span ecosystem)
{
    static const char *const own[] = {
        "Debian", "Alpine", "Ubuntu", "Wolfi", "Chainguard", "Red Hat", "Photon OS"};
    for (size_t i = 0; i < VL_ARRAY_LEN(own); i++) {
        if (vl_span_eq_str(ecosystem, own[i]))
            return true;
    }
    return false;
}

/* What OSV exports where its own list cannot be had. */
static const char default_ecosystems[] =
    "AlmaLinux\nBitnami\nCRAN\nConanCenter\nGHC\nGitHub "
    "Actions\nGo\nHackage\nHex\nJulia\nMageia\nMaven\nMinimOS\nNuGet\n"
    "Packagist\nPub\nPyPI\nRocky "
    "Linux\nRubyGems\nSUSE\nSwiftURL\nVSCode\ncrates.io\nnpm\nopam\nopenEuler\nopenSUSE\n";

/* OSV's list of ecosystems, kept like a feed; the base is everything before the star of the address. */
static struct vl_span list_ecosystems(struct job *job, const struct vl_feed_row *row, struct vl_buf *list)
{
    struct vl_err err = VL_ERR_INIT;
    const char *base = url_of(job, "osv/*", row->url, VL_SPAN_LIT("*"));
    const char *star = base ? strchr(base, '*') : NULL;
    const char *url =
        star ? vl_arena_printf(job->arena, "%.*s" ECOSYSTEMS_FILE, (int)(star - base), base) : NULL;
    const char *path = vl_arena_printf(job->arena, "%s/osv_ecosystems", job->dir);
    struct update_meta meta;
    uint64_t bytes;
    if (url && path) {
        update_meta_read(path, &meta);
        struct update_fetch fetch = {
            .client = job->client, .url = url, .path = path, .max_bytes = 1 << 20, .tries = 1, .feed = "osv"};
        if (update_fetch(&fetch, &meta, &bytes, &err) > 0)
            (void)!update_meta_write(path, &meta, &err);
        vl_err_clear(&err);
        if (vl_file_read(path, list->max, list, &err) == 0 && list->len)
            return vl_buf_span(list);
    }
    return vl_span_str(default_ecosystems);
}

static int update_osv(struct job *job, const struct vl_feed_row *row, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf list;
    vl_buf_init(&list, 1 << 20);
    struct vl_span rest = list_ecosystems(job, row, &list);
    struct vl_span line;
    int r = 0;
    for (size_t n = 0; r == 0 && n < ECOSYSTEMS_MAX && vl_span_split_line(&rest, &line); n++) {
        line = vl_span_trim(line);
        struct vl_span space = VL_SPAN_EMPTY;
        if (line.len && vl_span_find_char(line, ':') == SIZE_MAX && !has_own_feed(line))
            space = vl_feed_space(line, job->arena);
        if (space.len)
            r = update_row(job, row, line, err);
    }
    return r;
}

static int run_job(struct job *job, struct vl_advisory_build_stats *ret_stats, struct vl_err *err)
{
    struct vl_span table = vl_feed_rows();
    struct vl_feed_row row;
    while (vl_feed_row_next(&table, &row)) {
        int r = vl_span_find_char(row.name, '*') == SIZE_MAX ? update_row(job, &row, VL_SPAN_EMPTY, err)
                                                             : update_osv(job, &row, err);
        if (r < 0)
            return r;
    }
    if (job->usable == 0)
        return vl_err_set(err, VL_ERR_UNREACHABLE,
            "no feed could be fetched, and there is no data from before: check the network or name a mirror");
    const char *fresh = vl_arena_printf(job->arena, "%s.new", job->options->db_path);
    if (!fresh)
        return vl_err_nomem(err);
    int r = vl_advisory_builder_finish(job->builder, fresh, ret_stats, err);
    return r < 0 ? r : update_replace(fresh, job->options->db_path, err);
}

int vl_advisory_update(const struct vl_advisory_update_options *options,
    struct vl_advisory_build_stats *ret_stats, struct vl_err *err)
{
    struct job job = {.options = options, .arena = vl_arena_new(UPDATE_ARENA)};
    VL_CLEANUP(vl_file_close) int lock = -1;
    if (!job.arena)
        return vl_err_nomem(err);
    job.dir =
        options->state_dir ? options->state_dir : vl_arena_printf(job.arena, "%s.feeds", options->db_path);
    int r = job.dir ? vl_file_make_dirs(job.dir, 0755, err) : vl_err_nomem(err);
    if (r == 0)
        r = update_lock(options->db_path, options->lock_wait_ms, &lock, err);
    if (r == 0)
        r = vl_http_client_new(
            options->http ? options->http : &(struct vl_http_options){0}, &job.client, err);
    if (r == 0)
        r = vl_advisory_builder_new(job.dir, &job.builder, err);
    if (r == 0)
        r = run_job(&job, ret_stats, err);
    vl_advisory_builder_free(job.builder);
    vl_http_client_free(job.client);
    vl_arena_free(job.arena);
    return r;
}

/* Builds beside the database and replaces it; `feeds` fills the builder. */
static int build_and_replace(const char *db_path, long lock_wait_ms,
    int (*build)(const char *fresh, void *user, struct vl_err *err), void *user, struct vl_err *err)
{
    VL_CLEANUP(vl_file_close) int lock = -1;
    VL_CLEANUP(vl_buf_done) struct vl_buf fresh;
    vl_buf_init(&fresh, 4096);
    vl_buf_printf(&fresh, "%s.new", db_path);
    int r = vl_buf_check(&fresh, "the path of the database", err);
    if (r == 0)
        r = update_lock(db_path, lock_wait_ms, &lock, err);
    if (r == 0)
        r = build(vl_buf_str(&fresh), user, err);
    return r < 0 ? r : update_replace(vl_buf_str(&fresh), db_path, err);
}

struct folder_build {
    const char *folder;
    struct vl_notes *notes;
    struct vl_advisory_build_stats *stats;
};

static int build_folder(const char *fresh, void *user, struct vl_err *err)
{
    struct folder_build *f = user;
    return vl_advisory_build_from_folder(f->folder, fresh, f->notes, f->stats, err);
}

int vl_advisory_update_from_folder(const char *folder, const char *db_path, long lock_wait_ms,
    struct vl_notes *notes, struct vl_advisory_build_stats *ret_stats, struct vl_err *err)
{
    struct folder_build f = {folder, notes, ret_stats};
    return build_and_replace(db_path, lock_wait_ms, build_folder, &f, err);
}

static int build_starter(const char *fresh, void *user, struct vl_err *err)
{
    struct vl_advisory_builder *b;
    struct folder_build *f = user;
    int r = vl_advisory_builder_new(NULL, &b, err);
    if (r < 0)
        return r;
    const struct vl_feed_kind *kind = vl_feed_kind_find(VL_SPAN_LIT("starter"));
    for (size_t i = 0; i < vl_feed_starter_count() && r == 0; i++) {
        struct vl_feed_starter set = vl_feed_starter_at(i);
        struct vl_advisory_feed feed = {
            .name = set.name, .title = "starter set", .url = "built in", .starter = true};
        r = vl_advisory_builder_begin(b, &feed, err);
        if (r == 0)
            r = vl_feed_read_bytes(
                set.text, set.name, kind, set.name, NULL, vl_advisory_builder_sink(b), err);
        vl_advisory_builder_end(b, 0);
    }
    if (r == 0)
        r = vl_advisory_builder_finish(b, fresh, f->stats, err);
    vl_advisory_builder_free(b);
    return r;
}

int vl_advisory_update_from_starter(
    const char *db_path, long lock_wait_ms, struct vl_advisory_build_stats *ret_stats, struct vl_err *err)
{
    struct folder_build f = {.stats = ret_stats};
    return build_and_replace(db_path, lock_wait_ms, build_starter, &f, err);
}
