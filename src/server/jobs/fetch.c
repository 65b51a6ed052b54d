#include "jobs/fetch.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "jobs/fetch_wire.h"
#include "scan/inventory_codec.h"

#define LIST_SECONDS 600 /* for catalogues, tags and manifests */
#define ENV_MAX      4096
#define ENV_ARENA    (256UL * 1024)

/* What the process may know of our environment: how to reach the network, nothing of the database. */
static const char *const passed_env[] = {"http_proxy", "https_proxy", "no_proxy", "all_proxy", "HTTPS_PROXY",
    "NO_PROXY", "ALL_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "TMPDIR", "LD_LIBRARY_PATH",
    "VALLUM_INDEXER_SANDBOX", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "LLVM_PROFILE_FILE",
    "GCOV_PREFIX", "QEMU_LD_PREFIX"};

/* Without an answer: how it ended, and its first line of complaint. */
static int no_answer(int status, const struct vl_buf *said, struct vl_err *err)
{
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    struct vl_span line = vl_buf_span(said);
    vl_buf_init(&text, VL_PROCESS_SAID_MAX * 8UL);
    vl_text_append_printable(&text, vl_span_slice(line, 0, vl_span_find_char(line, '\n')));
    const char *why = vl_buf_str(&text);
    if (status > 128)
        return vl_err_set(err, VL_ERR_CORRUPT, "the fetcher was ended by signal %d%s%s", status - 128,
            *why ? ": " : "", why);
    return vl_err_set(err, VL_ERR_CORRUPT, "the fetcher ended with status %d and without an answer%s%s",
        status, *why ? ": " : "", why);
}

/* --- the process --- */

const char *const *vl_fetch_environment(struct vl_arena *arena)
{
    const char **env = vl_arena_array(arena, VL_ARRAY_LEN(passed_env) + 1, sizeof(*env));
    size_t n = 0;
    for (size_t i = 0; i < VL_ARRAY_LEN(passed_env) && env; i++) {
        const char *value = getenv(passed_env[i]);
        if (value && strlen(value) < ENV_MAX)
            env[n++] = vl_arena_printf(arena, "%s=%s", passed_env[i], value);
    }
    return env;
}

/* By its name where it has one: to valgrind and emulators /proc/self/exe is themselves. A program that was
 * replaced since it started has none any more, but is still there. */
static void name_of_self(char exe[PATH_MAX])
{
    ssize_t n = readlink("/proc/self/exe", exe, PATH_MAX - 1);
    exe[n > 0 ? n : 0] = '\0';
    if (n <= 0 || access(exe, X_OK) != 0)
        (void)snprintf(exe, PATH_MAX, "/proc/self/exe");
}

/* Runs one task; *ret_bytes lie in `out`. */
static int run(const struct vl_fetch_task *task, const struct vl_fetch_scan_options *options, char kind,
    struct vl_buf *out, struct vl_span *ret_bytes, struct vl_err *err)
{
    struct vl_buf json VL_CLEANUP(vl_buf_done), said VL_CLEANUP(vl_buf_done);
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(ENV_ARENA);
    char exe[PATH_MAX];
    const char *const argv[] = {exe, "fetch", NULL};
    const char *const *env = arena ? vl_fetch_environment(arena) : NULL;
    struct vl_fetch_talk talk = {.options = options, .stop = task->registry.stop};
    int status = 0;
    vl_buf_init(&json, VL_FETCH_TASK_MAX);
    vl_buf_init(&said, VL_PROCESS_SAID_MAX);
    int r = env && vl_arena_check(arena, "the environment", err) >= 0 ? vl_fetch_task_write(task, &json, err)
                                                                      : vl_err_nomem(err);
    if (r >= 0) {
        name_of_self(exe);
        const struct vl_process_options process = {
            .argv = argv,
            .env = env,
            .input = vl_buf_span(&json),
            .output_fd = -1,
            .seconds = !options           ? LIST_SECONDS
                       : options->seconds ? options->seconds
                                          : VL_FETCH_SECONDS_MAX,
            .heard = vl_fetch_heard,
            .user = &talk,
        };
        r = vl_process_run(&process, out, &said, &status, err);
    }
    if (json.ptr)
        explicit_bzero(json.ptr, json.len); /* it held a password */
    if (r < 0)
        return r;
    struct vl_span bytes = vl_span_slice(vl_buf_span(out), talk.from, talk.from + talk.len);
    if (talk.kind == VL_FETCH_ERROR)
        return vl_fetch_said_error(bytes, err);
    if (talk.kind != kind || status != 0 || talk.at != out->len)
        return no_answer(status, &said, err);
    *ret_bytes = bytes;
    return 0;
}

/* --- tasks --- */

static int names(const struct vl_fetch_task *task, size_t max, struct vl_arena *arena,
    const char *const **ret_names, size_t *ret_n, struct vl_err *err)
{
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_span bytes = VL_SPAN_EMPTY;
    vl_buf_init(&out, VL_FETCH_ANSWER_MAX);
    int r = run(task, NULL, VL_FETCH_JSON, &out, &bytes, err);
    return r < 0 ? r : vl_fetch_names_read(bytes, max, arena, ret_names, ret_n, err);
}

int vl_fetch_catalogue(const struct vl_fetch_registry *registry, struct vl_arena *arena,
    const char *const **ret_names, size_t *ret_n, struct vl_err *err)
{
    struct vl_fetch_task task = {.task = "catalogue", .registry = *registry};
    return names(&task, VL_FETCH_REPOSITORIES_MAX, arena, ret_names, ret_n, err);
}

int vl_fetch_tags(const struct vl_fetch_registry *registry, const char *repository, struct vl_arena *arena,
    const char *const **ret_names, size_t *ret_n, struct vl_err *err)
{
    struct vl_fetch_task task = {.task = "tags", .registry = *registry, .repository = repository};
    return names(&task, VL_FETCH_TAGS_MAX, arena, ret_names, ret_n, err);
}

int vl_fetch_manifests(const struct vl_fetch_registry *registry, const char *repository,
    const char *const *references, size_t n, struct vl_arena *arena, struct vl_fetch_manifest *ret,
    struct vl_err *err)
{
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_span bytes = VL_SPAN_EMPTY;
    struct vl_fetch_task task = {.task = "manifests",
        .registry = *registry,
        .repository = repository,
        .references = references,
        .n_references = n};
    vl_buf_init(&out, VL_FETCH_ANSWER_MAX);
    int r = run(&task, NULL, VL_FETCH_JSON, &out, &bytes, err);
    return r < 0 ? r : vl_fetch_manifests_read(bytes, n, arena, ret, err);
}

int vl_fetch_manifest(const struct vl_fetch_registry *registry, const char *repository, const char *reference,
    struct vl_arena *arena, struct vl_fetch_manifest *ret, struct vl_err *err)
{
    struct vl_fetch_manifest m = {0};
    int r = vl_fetch_manifests(registry, repository, &reference, 1, arena, &m, err);
    if (r < 0)
        return r;
    if (!m.digest)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "%.100s/%.100s: %.100s is not there (any more)",
            registry->host, repository, reference);
    *ret = m;
    return 0;
}

int vl_fetch_scan(const struct vl_fetch_registry *registry, const char *repository, const char *digest,
    const struct vl_fetch_scan_options *options, struct vl_inventory **ret, struct vl_buf *ret_encoded,
    struct vl_err *err)
{
    static const struct vl_fetch_scan_options none = {0};
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_inventory *inventory VL_CLEANUP(vl_inventory_cleanup) = NULL;
    struct vl_span bytes = VL_SPAN_EMPTY;
    const struct vl_fetch_scan_options *o = options ? options : &none;
    struct vl_fetch_task task = {.task = "scan",
        .registry = *registry,
        .repository = repository,
        .digest = digest,
        .cache_dir = o->cache_dir};
    vl_buf_init(&out, VL_FETCH_ANSWER_MAX);
    int r = o->cache_dir ? vl_file_make_dirs(o->cache_dir, 0700, err) : 0;
    if (r >= 0)
        r = run(&task, o, VL_FETCH_INVENTORY, &out, &bytes, err);
    if (r >= 0)
        r = vl_inventory_decode(bytes, &inventory, err);
    if (r < 0)
        return r;
    if (inventory->target.kind != VL_TARGET_IMAGE || !inventory->target.digest ||
        strcmp(inventory->target.digest, digest) != 0)
        return vl_err_set(err, VL_ERR_CORRUPT, "the fetcher's answer: the inventory of something else");
    vl_buf_append_span(ret_encoded, bytes);
    r = vl_buf_check(ret_encoded, "an inventory", err);
    if (r < 0)
        return r;
    *ret = inventory;
    inventory = NULL;
    return 0;
}
