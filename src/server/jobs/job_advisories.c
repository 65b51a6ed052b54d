#include "jobs/job_advisories.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/process.h"
#include "base/time.h"
#include "codec/json.h"
#include "findings/advisories.h"
#include "findings/facts.h"
#include "jobs/fetch_wire.h"
#include "store/feed.h"

#define ANSWER_MAX (4UL * 1024 * 1024)
#define SECONDS    (3 * 3600)
#define DAY_MS     (24LL * 3600 * 1000)
#define HOUR_MS    (3600LL * 1000)
#define START_MS   30000 /* before the first one: who only looks at the server starts no download */
#define FEEDS_MAX  2000

static const struct vl_store_sql sql_said = {
    "SELECT changed FROM setting WHERE environment_id = 0 AND name = $1", NULL};
static const struct vl_store_sql sql_say = {
    "INSERT INTO setting (environment_id, name, value, changed) VALUES (0, $1, $2, $3) ON CONFLICT "
    "(environment_id, "
    "name) DO UPDATE SET value = excluded.value, changed = excluded.changed",
    NULL};

/* --- the process --- */

/* "NAME=URL,NAME=URL" */
static void put_sources(struct vl_json *json, const char *text)
{
    struct vl_span rest = vl_span_str(text ? text : ""), part;
    vl_json_key(json, "sources");
    vl_json_array(json);
    while (vl_span_split(&rest, ',', &part)) {
        size_t equals = vl_span_find_char(part, '=');
        if (equals == SIZE_MAX)
            continue; /* the configuration has checked it */
        vl_json_object(json);
        vl_json_key(json, "name");
        vl_json_span(json, vl_span_trim(vl_span_slice(part, 0, equals)));
        vl_json_key(json, "url");
        vl_json_span(json, vl_span_slice(part, equals + 1, part.len));
        vl_json_object_end(json);
    }
    vl_json_array_end(json);
}

static int put_task(struct vl_job_run *run, const char *path, struct vl_buf *out, struct vl_err *err)
{
    struct vl_json json;
    vl_json_init(&json, out, false);
    vl_json_object(&json);
    vl_json_member_str(&json, "path", path);
    put_sources(&json, run->app->config->advisory_sources);
    vl_json_object_end(&json);
    return vl_json_check(&json, "the task", err);
}

static int go_on(struct vl_buf *out VL_UNUSED, void *user, struct vl_err *err)
{
    return vl_job_stopping(user) ? vl_err_set(err, VL_ERR_CONFLICT, "the update was stopped") : 0;
}

static int run_process(struct vl_job_run *run, const char *path, struct vl_buf *answer, struct vl_err *err)
{
    struct vl_buf task VL_CLEANUP(vl_buf_done), said VL_CLEANUP(vl_buf_done);
    char exe[PATH_MAX];
    int status = 0;
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    exe[n > 0 ? n : 0] = '\0';
    const char *const argv[] = {
        n > 0 && access(exe, X_OK) == 0 ? exe : "/proc/self/exe", "update-advisories", NULL};
    vl_buf_init(&task, VL_FETCH_TASK_MAX);
    vl_buf_init(&said, VL_PROCESS_SAID_MAX);
    int r = put_task(run, path, &task, err);
    if (r < 0)
        return r;
    const struct vl_process_options options = {.argv = argv,
        .env = vl_fetch_environment(run->arena),
        .input = vl_buf_span(&task),
        .output_fd = -1,
        .seconds = SECONDS,
        .heard = go_on,
        .user = run};
    r = options.env ? vl_process_run(&options, answer, &said, &status, err)
                    : vl_arena_check(run->arena, "the environment", err);
    if (r >= 0 && status != 0)
        r = vl_err_set(err, VL_ERR_CORRUPT, "the update of advisories ended with status %d: %s", status,
            vl_facts_text(vl_buf_str(&said), run->arena));
    return r;
}

/* --- what it said --- */

struct saying {
    struct vl_job_run *run;
    const char *text;
    bool done;
};

static int say_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct saying *s = user;
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_say, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 1, VL_ADVISORY_SETTING);
    vl_stmt_str(stmt, 2, s->text);
    vl_stmt_int(stmt, 3, vl_time_now_ms());
    r = vl_stmt_run(stmt, NULL, err);
    if (r >= 0)
        r = vl_feed_add(conn, 0, "health", VL_ADVISORY_SETTING, err);
    return r < 0 || !s->done ? r : vl_job_done(conn, s->run, err);
}

static void put_feed(struct vl_json *json, const struct vl_doc_node *feed)
{
    int64_t bytes = 0;
    (void)vl_doc_int(vl_doc_get(feed, "bytes"), &bytes);
    vl_json_object(json);
    vl_json_key(json, "name");
    vl_json_span(json, vl_doc_get_str(feed, "name"));
    vl_json_key(json, "state");
    vl_json_span(json, vl_doc_get_str(feed, "state"));
    vl_json_key(json, "message");
    if (vl_doc_get(feed, "message"))
        vl_json_span(json, vl_doc_get_str(feed, "message"));
    else
        vl_json_null(json);
    vl_json_member_int(json, "bytes", bytes);
    vl_json_object_end(json);
}

/* The answer anew, in our own form. `feeds` may be NULL. */
static const char *statement(
    const char *error, const struct vl_doc_node *feeds, struct vl_arena *arena, struct vl_err *err)
{
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_json json;
    size_t n = 0;
    vl_buf_init(&out, ANSWER_MAX);
    vl_json_init(&json, &out, false);
    vl_json_object(&json);
    vl_json_member_time(&json, "at", vl_time_now_ms());
    vl_json_key(&json, "error");
    vl_json_str(&json, vl_facts_text(error, arena));
    vl_json_key(&json, "feeds");
    vl_json_array(&json);
    for (const struct vl_doc_node *i = vl_doc_first(feeds); i && n < FEEDS_MAX; i = vl_doc_next(i), n++)
        put_feed(&json, i);
    vl_json_array_end(&json);
    vl_json_object_end(&json);
    return vl_json_check(&json, "what was said", err) < 0 ? NULL
                                                          : vl_arena_dup_span(arena, vl_buf_span(&out));
}

/* Its file beside ours, checked page by page, then in its place: two names of one file, which nobody writes
 * to again. */
static int put_in_place(const char *made, const char *path, struct vl_arena *arena, struct vl_err *err)
{
    struct vl_advisory_db *db VL_CLEANUP(vl_advisory_db_cleanup) = NULL;
    struct stat st;
    if (stat(made, &st) < 0)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "the update made no database");
    int r = vl_advisory_db_open(made, &db, err);
    if (r >= 0)
        r = vl_advisory_db_verify(db, err);
    if (r < 0)
        return r;
    const char *fresh = vl_arena_printf(arena, "%s.new", path);
    if (!fresh)
        return vl_arena_check(arena, "a path", err);
    (void)unlink(fresh);
    if (link(made, fresh) < 0 || rename(fresh, path) < 0)
        return vl_err_sys(err, errno, "the advisory database %s", path);
    return 0;
}

int vl_job_advisories(struct vl_job_run *run, struct vl_err *err)
{
    struct vl_buf answer VL_CLEANUP(vl_buf_done);
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    struct saying saying = {.run = run, .done = true};
    const char *folder = vl_arena_printf(run->arena, "%s/feeds", run->app->data.folder);
    const char *made = vl_arena_printf(run->arena, "%s/feeds/" VL_ADVISORIES_FILE, run->app->data.folder);
    vl_buf_init(&answer, ANSWER_MAX);
    int r = vl_arena_check(run->arena, "a path", err);
    if (r >= 0)
        r = vl_file_make_dirs(folder, 0700, err);
    if (r >= 0)
        r = run_process(run, made, &answer, err);
    if (r >= 0)
        r = vl_doc_parse(vl_buf_span(&answer), VL_DOC_JSON, "the answer of the update", &doc, err);
    if (r < 0)
        return r;
    struct vl_span error = vl_doc_get_str(vl_doc_root(doc), "error");
    if (error.len)
        return vl_err_set(
            err, VL_ERR_UNREACHABLE, "%s", vl_facts_text(vl_arena_dup_span(run->arena, error), run->arena));
    r = put_in_place(made, vl_advisories_path(run->app->advisories), run->arena, err);
    if (r < 0)
        return r;
    saying.text = statement(NULL, vl_doc_get(vl_doc_root(doc), "feeds"), run->arena, err);
    return saying.text ? vl_job_write(run, say_write, &saying, err) : err->err;
}

int vl_job_advisories_failed(struct vl_store_conn *conn, struct vl_job_run *run, int64_t next_ms VL_UNUSED,
    const struct vl_err *why, struct vl_err *err)
{
    struct saying saying = {.run = run, .text = statement(why->msg, NULL, run->arena, err)};
    return saying.text ? say_write(conn, &saying, err) : err->err;
}

/* --- when --- */

static int is_due(struct vl_server_app *app, struct vl_store_conn *conn, bool *ret, struct vl_err *err)
{
    struct vl_queue_counts counts;
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct stat st;
    int64_t now = vl_time_now_ms(), said = 0;
    bool there = stat(vl_advisories_path(app->advisories), &st) == 0;
    int r = vl_queue_count(conn, "advisories", &counts, err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_said, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 1, VL_ADVISORY_SETTING);
    r = vl_stmt_step(stmt, err);
    if (r > 0)
        said = vl_stmt_get_int(stmt, 0);
    bool old = !there || now - st.st_mtim.tv_sec * 1000 >= DAY_MS;
    *ret = r >= 0 && old && counts.waiting + counts.running == 0 && now - said >= (there ? DAY_MS : HOUR_MS);
    return r < 0 ? r : 0;
}

static int add_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    (void)user;
    return vl_job_add(conn, "advisories", "update", "", VL_PRIORITY_PERIODIC, vl_time_now_ms() + START_MS,
        VL_SPAN_LIT("{}"), err);
}

int vl_round_advisories(struct vl_server_app *app, struct vl_err *err)
{
    struct vl_store_conn *conn = NULL;
    bool due = false;
    if (app->config->advisory_updates != 0 || app->config->advisories)
        return 0;
    int r = vl_store_read(app->store, &conn, err);
    if (r >= 0)
        r = is_due(app, conn, &due, err);
    vl_store_read_done(conn);
    return r < 0 || !due ? r : vl_store_write(app->store, add_write, NULL, err);
}
