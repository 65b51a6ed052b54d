#include "layers.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "image/cache.h"
#include "layer_task.h"
#include "package/parser.h"

#define JOBS_MAX 64
#define JOBS_CPU 8 /* without a wish of the caller at most as many */

struct indexing_run {
    struct vl_image *image;
    const struct vl_scan_options *options;
    struct vl_image_cache *cache; /* NULL: none */
    size_t count;
    struct vl_layer_index **indexes;
    size_t *same; /* the first layer of the same diff id, or itself */

    pthread_mutex_t lock; /* guards what follows */
    size_t next;
    struct vl_notes *notes;
    bool cache_failed;
    size_t failed_layer; /* the lowest that failed, or SIZE_MAX */
    struct vl_err err;
};

/* A note of a thread's own is taken over whole. */
static void take_notes(struct indexing_run *run, const struct vl_notes *from)
{
    pthread_mutex_lock(&run->lock);
    for (size_t i = 0; i < from->len; i++)
        vl_notes_add(run->notes, from->items[i].kind, from->items[i].code, from->items[i].object, "%s",
            from->items[i].message);
    run->notes->dropped += from->dropped;
    run->notes->partial = run->notes->partial || from->partial;
    pthread_mutex_unlock(&run->lock);
}

static void tell_progress(struct indexing_run *run, size_t layer, bool cached)
{
    const struct vl_scan_progress *progress = &run->options->progress;
    if (!progress->layer)
        return;
    pthread_mutex_lock(&run->lock);
    progress->layer(layer, run->count, cached, progress->user);
    pthread_mutex_unlock(&run->lock);
}

static bool cache_key(const struct indexing_run *run, size_t layer, struct vl_image_cache_key *ret)
{
    const char *diff_id = vl_image_layer_diff_id(run->image, layer);
    *ret = (struct vl_image_cache_key){
        .indexer_version = VL_INDEXER_VERSION, .scanners = run->options->scanners};
    return diff_id && vl_digest_parse(vl_span_str(diff_id), &ret->diff_id);
}

/* An entry that does not hold together, or is of other bytes, is none. */
static struct vl_layer_index *from_cache(const struct indexing_run *run, size_t layer)
{
    struct vl_image_cache_key key;
    struct vl_layer_index *index = NULL;
    struct vl_err ignored = VL_ERR_INIT;
    VL_CLEANUP(vl_buf_done) struct vl_buf bytes;
    vl_buf_init(&bytes, VL_LAYER_INDEX_MAX);
    if (!run->cache || !cache_key(run, layer, &key) || !vl_image_cache_get(run->cache, &key, &bytes) ||
        vl_layer_index_decode(vl_buf_span(&bytes), &index, &ignored) < 0)
        return NULL;
    if (!index->has_diff_id || !vl_digest_eq(&index->diff_id, &key.diff_id))
        vl_layer_index_cleanup(&index);
    return index;
}

/* Only under a diff id that was computed from the bytes and is the one the configuration names. */
static void to_cache(struct indexing_run *run, size_t layer, struct vl_worker_answer *answer)
{
    struct vl_image_cache_key key;
    struct vl_err err = VL_ERR_INIT;
    const struct vl_layer_index *index = answer->index;
    if (!run->cache || !index->has_diff_id || !cache_key(run, layer, &key) ||
        !vl_digest_eq(&index->diff_id, &key.diff_id))
        return;
    int r = answer->encoded.len ? 0 : vl_layer_index_encode(index, &answer->encoded, &err);
    if (r == 0)
        r = vl_image_cache_put(run->cache, &key, vl_buf_span(&answer->encoded), &err);
    if (r == 0)
        return;
    pthread_mutex_lock(&run->lock);
    if (!run->cache_failed)
        vl_notes_add(run->notes, VL_NOTE_INFO, err.code, run->options->cache_dir, "%s", err.msg);
    run->cache_failed = true;
    pthread_mutex_unlock(&run->lock);
}

static int index_layer(struct indexing_run *run, size_t layer, struct vl_err *err)
{
    VL_CLEANUP(vl_worker_answer_done) struct vl_worker_answer answer = {0};
    struct vl_layer_index *index = from_cache(run, layer);
    if (index) {
        run->indexes[layer] = index;
        tell_progress(run, layer, true);
        return 0;
    }
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(1024UL * 1024);
    VL_CLEANUP(vl_notes_done) struct vl_notes notes;
    vl_notes_init(&notes, arena);
    if (!arena)
        return vl_err_nomem(err);
    int r = vl_layer_task_run(run->image, layer, run->options, &notes, &answer, err);
    take_notes(run, &notes);
    if (r < 0)
        return r;
    if (answer.index)
        to_cache(run, layer, &answer);
    run->indexes[layer] = answer.index;
    answer.index = NULL;
    tell_progress(run, layer, false);
    return 0;
}

/* The next layer to be indexed, or false when there is none, or no sense in it. */
static bool next_layer(struct indexing_run *run, size_t *ret)
{
    bool found = false;
    pthread_mutex_lock(&run->lock);
    while (!found && run->next < run->count && run->failed_layer == SIZE_MAX) {
        size_t layer = run->next++;
        found = run->same[layer] == layer && !vl_image_layer_foreign(run->image, layer);
        *ret = layer;
    }
    pthread_mutex_unlock(&run->lock);
    return found;
}

static void *work(void *user)
{
    struct indexing_run *run = user;
    size_t layer;
    while (next_layer(run, &layer)) {
        struct vl_err err = VL_ERR_INIT;
        if (index_layer(run, layer, &err) >= 0)
            continue;
        pthread_mutex_lock(&run->lock);
        if (layer < run->failed_layer) {
            run->failed_layer = layer;
            run->err = err;
        }
        pthread_mutex_unlock(&run->lock);
    }
    return NULL;
}

static size_t jobs_of(const struct vl_scan_options *options, size_t layers)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    size_t jobs = options->jobs ? options->jobs : cpus < 1 ? 1 : cpus > JOBS_CPU ? JOBS_CPU : (size_t)cpus;
    jobs = jobs > JOBS_MAX ? JOBS_MAX : jobs;
    return jobs > layers ? layers : jobs;
}

/* This thread is one of the workers. */
static void work_side_by_side(struct indexing_run *run)
{
    pthread_t threads[JOBS_MAX];
    size_t started = 0;
    size_t jobs = jobs_of(run->options, run->count);
    while (started + 1 < jobs && pthread_create(&threads[started], NULL, work, run) == 0)
        started++;
    work(run);
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
}

static void find_same(struct indexing_run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        const char *diff_id = vl_image_layer_diff_id(run->image, i);
        run->same[i] = i;
        for (size_t j = 0; diff_id && j < i && run->same[i] == i; j++) {
            const char *other = vl_image_layer_diff_id(run->image, j);
            if (other && strcmp(diff_id, other) == 0 && !vl_image_layer_foreign(run->image, j))
                run->same[i] = j;
        }
    }
}

/* A layer that comes twice has an index of its own each time: each has an owner. */
static int copy_same(struct indexing_run *run, struct vl_err *err)
{
    for (size_t i = 0; i < run->count; i++) {
        const struct vl_layer_index *first = run->indexes[run->same[i]];
        if (run->same[i] == i || !first)
            continue;
        VL_CLEANUP(vl_buf_done) struct vl_buf bytes;
        vl_buf_init(&bytes, VL_LAYER_INDEX_MAX);
        int r = vl_layer_index_encode(first, &bytes, err);
        if (r == 0)
            r = vl_layer_index_decode(vl_buf_span(&bytes), &run->indexes[i], err);
        if (r < 0)
            return r;
    }
    return 0;
}

static void note_foreign(struct indexing_run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        const char *digest = vl_image_layer_digest(run->image, i);
        if (vl_image_layer_foreign(run->image, i))
            vl_notes_add(run->notes, VL_NOTE_PARTIAL, VL_ERR_NOT_FOUND, digest ? digest : "layer",
                "a foreign layer, which registries do not keep; not looked at");
    }
}

static void open_cache(struct indexing_run *run)
{
    struct vl_err err = VL_ERR_INIT;
    if (run->options->cache_dir && vl_image_cache_open(run->options->cache_dir, 0, &run->cache, &err) < 0)
        vl_notes_add(run->notes, VL_NOTE_INFO, err.code, run->options->cache_dir, "no cache: %s", err.msg);
}

static void free_indexes(struct vl_layer_index **indexes, size_t count)
{
    for (size_t i = 0; indexes && i < count; i++)
        vl_layer_index_free(indexes[i]);
    free(indexes);
}

int vl_scan_index_image(struct vl_image *image, const struct vl_scan_options *options, struct vl_notes *notes,
    struct vl_layer_index ***ret_indexes, struct vl_err *err)
{
    struct indexing_run run = {.image = image,
        .options = options,
        .notes = notes,
        .count = vl_image_layer_count(image),
        .failed_layer = SIZE_MAX,
        .lock = PTHREAD_MUTEX_INITIALIZER};
    size_t room = run.count ? run.count : 1;
    run.indexes = calloc(room, sizeof(struct vl_layer_index *));
    run.same = calloc(room, sizeof(size_t));
    int r = run.indexes && run.same ? 0 : vl_err_nomem(err);
    if (r == 0) {
        find_same(&run);
        note_foreign(&run);
        open_cache(&run);
        work_side_by_side(&run);
        if (run.failed_layer != SIZE_MAX) {
            *err = run.err;
            r = err->err;
        } else {
            r = copy_same(&run, err);
        }
    }
    vl_image_cache_close(run.cache);
    pthread_mutex_destroy(&run.lock);
    free(run.same);
    if (r < 0)
        free_indexes(run.indexes, run.count);
    else
        *ret_indexes = run.indexes;
    return r;
}

/* A manifest named alone may name others beside it: then its folder is opened, where that may be read. */
static bool open_beside(const char *path, unsigned scopes, int *ret_fd)
{
    struct stat st;
    char folder[4096];
    const char *slash = strrchr(path, '/');
    const struct vl_package_file file = {.path = slash ? slash + 1 : path, .mode = 0644, .size = 1};
    const struct vl_package_parser *parser = vl_package_parser_for(&file, scopes);
    if (!parser || !parser->needs_others || stat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return false;
    int n = snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    if (n < 0 || (size_t)n >= sizeof(folder))
        return false;
    *ret_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *ret_fd >= 0;
}

int vl_scan_index_path(const char *path, unsigned scopes, const struct vl_scan_options *options,
    struct vl_layer_index **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_worker_answer_done) struct vl_worker_answer answer = {0};
    VL_CLEANUP(vl_file_close) int fd = -1;
    struct vl_worker worker;
    bool beside = open_beside(path, scopes, &fd);
    if (!beside)
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return vl_err_sys(err, errno, "%s", path);
    const struct vl_worker_job job = {.kind = beside ? VL_WORKER_BESIDE : VL_WORKER_FOLDER,
        .name = path,
        .options = {.scopes = scopes, .scanners = options->scanners},
        .fd = fd};
    int r;
    if (options->indexer) {
        r = vl_worker_start(options->indexer, &job, VL_WORKER_SECONDS_MAX, &worker, err);
        if (r == 0)
            r = vl_worker_finish(&worker, &answer, err);
    } else {
        r = vl_worker_here(&job, &answer, err);
    }
    if (r < 0)
        return r;
    *ret = answer.index;
    answer.index = NULL;
    return 0;
}
