/* The process that fetches advisories: strangers' documents are read here, not in the server. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "advisory/feed.h"
#include "base/file.h"
#include "codec/doc.h"
#include "codec/json.h"
#include "jobs/fetch_wire.h"
#include "jobs/job_advisories.h"

#define ARENA_MAX   (16UL * 1024 * 1024)
#define ANSWER_MAX  (4UL * 1024 * 1024)
#define SOURCES_MAX 256

struct updating {
    struct vl_json json;
    const char *path;
    struct vl_advisory_source sources[SOURCES_MAX];
    const char *only[SOURCES_MAX];
    size_t n;
};

static void on_result(const struct vl_advisory_feed_result *result, void *user)
{
    static const char *const words[] = {"updated", "unchanged", "kept", "missing"};
    struct updating *u = user;
    bool failed = result->state == VL_FEED_KEPT || result->state == VL_FEED_MISSING;
    if (failed && !*result->message) /* was not asked for */
        return;
    vl_json_object(&u->json);
    vl_json_member_str(&u->json, "name", result->name);
    vl_json_member_str(&u->json, "state", words[result->state]);
    vl_json_member_str(&u->json, "message", *result->message ? result->message : NULL);
    vl_json_member_int(&u->json, "bytes", (int64_t)result->bytes);
    vl_json_object_end(&u->json);
}

static int read_task(struct updating *u, struct vl_arena *arena, struct vl_err *err)
{
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    vl_buf_init(&text, VL_FETCH_TASK_MAX);
    int r = vl_file_read("-", VL_FETCH_TASK_MAX, &text, err);
    if (r >= 0)
        r = vl_doc_parse(vl_buf_span(&text), VL_DOC_JSON, "the task", &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *root = vl_doc_root(doc);
    u->path = vl_arena_dup_span(arena, vl_doc_get_str(root, "path"));
    for (const struct vl_doc_node *i = vl_doc_first(vl_doc_get(root, "sources")); i && u->n < SOURCES_MAX;
        i = vl_doc_next(i)) {
        u->sources[u->n] = (struct vl_advisory_source){vl_arena_dup_span(arena, vl_doc_get_str(i, "name")),
            vl_arena_dup_span(arena, vl_doc_get_str(i, "url"))};
        u->only[u->n] = u->sources[u->n].name;
        u->n++;
    }
    r = vl_arena_check(arena, "the task", err);
    if (r >= 0 && (!u->path || !strrchr(u->path, '/')))
        r = vl_err_set(err, VL_ERR_USAGE, "the task names no file");
    return r;
}

static int update(struct updating *u, struct vl_arena *arena, struct vl_err *err)
{
    struct vl_advisory_build_stats stats;
    int r = read_task(u, arena, err);
    if (r < 0)
        return r;
    const char *folder = vl_arena_dup_span(
        arena, vl_span_slice(vl_span_str(u->path), 0, (size_t)(strrchr(u->path, '/') - u->path)));
    if (!folder)
        return vl_arena_check(arena, "the task", err);
    (void)setenv("TMPDIR", folder, 1);
    r = vl_fetch_sandbox(folder, err);
    if (r < 0)
        return r;
    const struct vl_advisory_update_options options = {.db_path = u->path,
        .sources = u->sources,
        .n_sources = u->n,
        .only = u->n ? u->only : NULL,
        .n_only = u->n,
        .result = on_result,
        .user = u};
    return vl_advisory_update(&options, &stats, err);
}

int vl_advisories_main(int argc, char **argv)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(ARENA_MAX);
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct updating *u = calloc(1, sizeof(*u));
    struct vl_err err = VL_ERR_INIT, ignored = VL_ERR_INIT;
    (void)argc;
    (void)argv;
    (void)sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    vl_buf_init(&out, ANSWER_MAX);
    if (!u || !arena) {
        free(u);
        return 1;
    }
    vl_json_init(&u->json, &out, false);
    vl_json_object(&u->json);
    vl_json_key(&u->json, "feeds");
    vl_json_array(&u->json);
    int r = update(u, arena, &err);
    vl_json_array_end(&u->json);
    vl_json_key(&u->json, "error");
    vl_json_str(&u->json, r < 0 ? err.msg : NULL);
    vl_json_object_end(&u->json);
    r = vl_json_check(&u->json, "the answer", &ignored);
    if (r >= 0)
        r = vl_file_write_fd(STDOUT_FILENO, "standard output", vl_buf_span(&out), &ignored);
    free(u);
    return r < 0 ? 1 : 0;
}
