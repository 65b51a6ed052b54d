/* The process that talks with a registry: one task, one answer. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "codec/json.h"
#include "image/registry_list.h"
#include "jobs/fetch_wire.h"
#include "scan/inventory_codec.h"
#include "scan/scan.h"

#define ARENA_MAX (256UL * 1024 * 1024)
#define CA_PATH   32

struct fetcher {
    struct vl_fetch_task task;
    struct vl_arena *arena;
    struct vl_image_options options;
    int ca_fd; /* an unnamed file with the authority's certificate; -1: none */
    char ca_path[CA_PATH];
    pthread_mutex_t lock; /* of standard output and the count */
    size_t layers_done;
};

static int say(char kind, struct vl_span bytes, struct vl_err *err)
{
    struct vl_buf head VL_CLEANUP(vl_buf_done);
    vl_buf_init(&head, 64);
    vl_buf_append_u8(&head, (uint8_t)kind);
    vl_buf_append_u32le(&head, (uint32_t)bytes.len);
    int r = vl_buf_check(&head, "an answer", err);
    if (r >= 0)
        r = vl_file_write_fd(STDOUT_FILENO, "standard output", vl_buf_span(&head), err);
    return r < 0 ? r : vl_file_write_fd(STDOUT_FILENO, "standard output", bytes, err);
}

/* --- lists --- */

static int answer_names(const char *const *list, size_t n, struct vl_err *err)
{
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_json json;
    vl_buf_init(&out, VL_FETCH_ANSWER_MAX);
    vl_json_init(&json, &out, false);
    vl_json_object(&json);
    vl_json_key(&json, "names");
    vl_json_array(&json);
    for (size_t i = 0; i < n; i++)
        vl_json_str(&json, list[i]);
    vl_json_array_end(&json);
    vl_json_object_end(&json);
    int r = vl_json_check(&json, "names", err);
    return r < 0 ? r : say(VL_FETCH_JSON, vl_buf_span(&out), err);
}

static int fetch_names(struct fetcher *f, bool catalogue, struct vl_err *err)
{
    struct vl_registry_list *list VL_CLEANUP(vl_registry_list_cleanup) = NULL;
    const char *const *all = NULL;
    const char *kind = f->task.registry.kind;
    size_t n = 0;
    if (catalogue && (strcmp(kind, "ecr") == 0 || strcmp(kind, "dockerhub") == 0))
        return vl_err_set(err, VL_ERR_UNSUPPORTED,
            "%s does not list its repositories by the registry's own interface: name the repositories in "
            "`include`",
            f->task.registry.host);
    int r = vl_registry_list_open(
        f->task.registry.host, catalogue ? NULL : f->task.repository, &f->options, &list, err);
    if (r >= 0)
        r = catalogue ? vl_registry_list_catalogue(list, f->arena, &all, &n, err)
                      : vl_registry_list_tags(list, f->arena, &all, &n, err);
    return r < 0 ? r : answer_names(all, n, err);
}

static void put_entry(struct vl_json *json, const struct vl_registry_entry *e)
{
    vl_json_object(json);
    vl_json_member_str(json, "digest", e->digest);
    vl_json_member_str(json, "mediaType", e->media_type);
    vl_json_member_bool(json, "isIndex", e->is_index);
    vl_json_member_bool(json, "isImage", e->is_image);
    vl_json_key(json, "platforms");
    vl_json_array(json);
    for (size_t i = 0; i < e->n_platforms && i < VL_FETCH_PLATFORMS_MAX; i++) {
        vl_json_object(json);
        vl_json_member_str(json, "digest", e->platforms[i].digest);
        vl_json_member_str(json, "platform", e->platforms[i].platform);
        vl_json_object_end(json);
    }
    vl_json_array_end(json);
    vl_json_object_end(json);
}

/* One that is gone is null; anything else that goes wrong ends the whole. */
static int fetch_manifests(struct fetcher *f, struct vl_err *err)
{
    struct vl_registry_list *list VL_CLEANUP(vl_registry_list_cleanup) = NULL;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_json json;
    vl_buf_init(&out, VL_FETCH_ANSWER_MAX);
    vl_json_init(&json, &out, false);
    vl_json_object(&json);
    vl_json_key(&json, "manifests");
    vl_json_array(&json);
    int r = vl_registry_list_open(f->task.registry.host, f->task.repository, &f->options, &list, err);
    for (size_t i = 0; i < f->task.n_references && r >= 0; i++) {
        struct vl_registry_entry entry;
        vl_arena_reset(f->arena); /* an answer a time: the task's texts lie elsewhere */
        r = vl_registry_list_entry(list, f->task.references[i], f->arena, &entry, err);
        if (r >= 0) {
            put_entry(&json, &entry);
        } else if (err->code == VL_ERR_NOT_FOUND) {
            vl_err_clear(err);
            vl_json_null(&json);
            r = 0;
        } else {
            r = vl_err_wrap(err, "%.100s:%.100s", f->task.repository, f->task.references[i]);
        }
    }
    vl_json_array_end(&json);
    vl_json_object_end(&json);
    if (r >= 0)
        r = vl_json_check(&json, "manifests", err);
    return r < 0 ? r : say(VL_FETCH_JSON, vl_buf_span(&out), err);
}

/* --- a scan --- */

/* Layers come in any order, from several threads: what is counted is how many are done. */
static void tell_layer(size_t index, size_t count, bool cached, void *user)
{
    struct fetcher *f = user;
    struct vl_err ignored = VL_ERR_INIT;
    char text[64];
    (void)index;
    (void)cached;
    pthread_mutex_lock(&f->lock);
    int n = snprintf(text, sizeof(text), "layer %zu of %zu", ++f->layers_done, count);
    int r = say(VL_FETCH_PROGRESS, (struct vl_span){text, n > 0 ? (size_t)n : 0}, &ignored);
    pthread_mutex_unlock(&f->lock);
    if (r < 0)
        _exit(1); /* nobody hears any more */
}

static int fetch_scan(struct fetcher *f, struct vl_err *err)
{
    static const char *const indexer[] = {"/proc/self/exe", "indexer", NULL};
    struct vl_image *image VL_CLEANUP(vl_image_cleanup) = NULL;
    struct vl_scan_result *result VL_CLEANUP(vl_scan_result_cleanup) = NULL;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, VL_INVENTORY_ENCODED_MAX);
    const struct vl_scan_options options = {
        .scanners = VL_SCAN_VULN | VL_SCAN_SECRET,
        .cache_dir = f->task.cache_dir,
        .indexer = indexer,
        .include_dev = true, /* who matches decides */
        .packages_only = true,
        .shared_cache = true, /* by all environments */
        .progress = {tell_layer, f},
    };
    const char *name = vl_arena_printf(
        f->arena, "registry:%s/%s@%s", f->task.registry.host, f->task.repository, f->task.digest);
    int r = name ? vl_image_open(name, &f->options, &image, err) : vl_err_nomem(err);
    if (r >= 0)
        r = vl_scan_image(image, NULL, &options, &result, err);
    if (r >= 0)
        r = vl_inventory_encode(result->inventory, &out, err);
    return r < 0 ? r : say(VL_FETCH_INVENTORY, vl_buf_span(&out), err);
}

/* --- the task --- */

static int set_options(struct fetcher *f, struct vl_err *err)
{
    const struct vl_fetch_registry *registry = &f->task.registry;
    f->options = (struct vl_image_options){
        .auth_file = "/dev/null", /* no credentials of whoever started the server */
        .username = registry->username,
        .password = registry->password,
        .insecure = registry->insecure,
    };
    if (!registry->ca_pem)
        return 0;
    int r = vl_file_temp(NULL, &f->ca_fd, err);
    if (r >= 0)
        r = vl_file_write_fd(f->ca_fd, "the certificate authority", vl_span_str(registry->ca_pem), err);
    if (r < 0)
        return r;
    (void)snprintf(f->ca_path, sizeof(f->ca_path), "/proc/self/fd/%d", f->ca_fd);
    f->options.ca_file = f->ca_path;
    return 0;
}

static int perform(struct fetcher *f, struct vl_arena *texts, struct vl_err *err)
{
    static const char *const words[] = {"catalogue", "tags", "manifests", "scan"};
    struct vl_buf json VL_CLEANUP(vl_buf_done);
    size_t word = 0;
    vl_buf_init(&json, VL_FETCH_TASK_MAX);
    int r = vl_file_read("-", VL_FETCH_TASK_MAX, &json, err);
    if (r >= 0)
        r = vl_fetch_task_read(vl_buf_span(&json), texts, &f->task, err);
    while (r >= 0 && word < VL_ARRAY_LEN(words) && strcmp(words[word], f->task.task) != 0)
        word++;
    if (r >= 0 && f->task.cache_dir)
        (void)setenv("TMPDIR", f->task.cache_dir, 1); /* the one place that may be written */
    if (r >= 0)
        r = vl_fetch_sandbox(f->task.cache_dir, err);
    if (r >= 0)
        r = set_options(f, err);
    if (r < 0)
        return r;
    switch (word) {
    case 0:
    case 1:
        return fetch_names(f, word == 0, err);
    case 2:
        return fetch_manifests(f, err);
    case 3:
        return fetch_scan(f, err);
    default:
        return vl_err_set(err, VL_ERR_USAGE, "the fetcher knows no task \"%.50s\"", f->task.task);
    }
}

static int say_error(const struct vl_err *why)
{
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_err err = VL_ERR_INIT;
    vl_buf_init(&out, VL_ERR_MSG_MAX + 64);
    vl_buf_append_u8(&out, (uint8_t)why->code);
    vl_buf_append_str(&out, why->msg);
    return say(VL_FETCH_ERROR, vl_buf_span(&out), &err) < 0 ? 1 : 0;
}

int vl_fetch_main(int argc, char **argv)
{
    struct vl_arena *texts VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(ARENA_MAX);
    struct fetcher f = {.ca_fd = -1, .arena = vl_arena_new(ARENA_MAX), .lock = PTHREAD_MUTEX_INITIALIZER};
    struct vl_err err = VL_ERR_INIT;
    (void)argv;
    (void)sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    int r = argc > 2           ? vl_err_set(&err, VL_ERR_USAGE, "vallumd fetch takes no arguments")
            : texts && f.arena ? perform(&f, texts, &err)
                               : vl_err_nomem(&err);
    vl_file_close(&f.ca_fd);
    vl_arena_free(f.arena);
    return r < 0 ? say_error(&err) : 0;
}
