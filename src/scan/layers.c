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

#define JOBS_MAX    64
#define NOTES_ARENA (4UL * 1024 * 1024)
#define JOBS_CPU    8 /* without a wish of the caller at most as many */

struct vl_scan_indexing {
    struct vl_image *image;
    struct vl_scan_options options;
    struct vl_image_cache *cache; /* NULL: none */
    size_t count;
    size_t *same;  /* the first layer of the same diff id, or itself */
    size_t *order; /* of taking them: large ones first, so that none of them is alone at the end */
    pthread_t threads[JOBS_MAX];
    size_t started;
    struct vl_arena *arena; /* of the notes */

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t moved;
    struct vl_layer_index **indexes;
    size_t next;
    size_t waiting; /* layers that have no index and are not through either */
    bool *told;     /* has an index that is not proven yet */
    bool given;     /* the indexes are with the caller */
    bool fallen;    /* an index that was told ahead does not stand */
    struct vl_notes notes;
    bool cache_failed;
    size_t failed_layer; /* the lowest that failed, or SIZE_MAX */
    struct vl_err err;
};

/* A note of a thread's own is taken over whole. */
static void take_notes(struct vl_scan_indexing *run, const struct vl_notes *from)
{
    pthread_mutex_lock(&run->lock);
    for (size_t i = 0; i < from->len; i++)
        vl_notes_add(&run->notes, from->items[i].kind, from->items[i].code, from->items[i].object, "%s",
            from->items[i].message);
    run->notes.dropped += from->dropped;
    run->notes.partial = run->notes.partial || from->partial;
    pthread_mutex_unlock(&run->lock);
}

static void tell_progress(struct vl_scan_indexing *run, size_t layer, bool cached)
{
    const struct vl_scan_progress *progress = &run->options.progress;
    if (!progress->layer)
        return;
    pthread_mutex_lock(&run->lock);
    progress->layer(layer, run->count, cached, progress->user);
    pthread_mutex_unlock(&run->lock);
}

static bool cache_key(const struct vl_scan_indexing *run, size_t layer, struct vl_image_cache_key *ret)
{
    const char *diff_id = vl_image_layer_diff_id(run->image, layer);
    *ret =
        (struct vl_image_cache_key){.indexer_version = VL_INDEXER_VERSION, .scanners = run->options.scanners};
    return diff_id && vl_digest_parse(vl_span_str(diff_id), &ret->diff_id);
}

/* An entry that does not hold together, or is of other bytes, is none. */
static struct vl_layer_index *from_cache(const struct vl_scan_indexing *run, size_t layer)
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
static void to_cache(struct vl_scan_indexing *run, size_t layer, struct vl_worker_answer *answer)
{
    struct vl_image_cache_key key;
    struct vl_err err = VL_ERR_INIT;
    const struct vl_layer_index *index = answer->index;
    const struct vl_digest *is = answer->stands       ? &answer->blob_digest
                                 : index->has_diff_id ? &index->diff_id
                                                      : NULL;
    if (!run->cache || !is || !cache_key(run, layer, &key) || !vl_digest_eq(is, &key.diff_id))
        return;
    int r = answer->encoded.len || !index ? 0 : vl_layer_index_encode(index, &answer->encoded, &err);
    if (r == 0)
        r = vl_image_cache_put(run->cache, &key, vl_buf_span(&answer->encoded), &err);
    if (r == 0)
        return;
    pthread_mutex_lock(&run->lock);
    if (!run->cache_failed)
        vl_notes_add(&run->notes, VL_NOTE_INFO, err.code, run->options.cache_dir, "%s", err.msg);
    run->cache_failed = true;
    pthread_mutex_unlock(&run->lock);
}

/* Gives a layer its index, which may be NULL. One that was told ahead is there already, or does not stand. */
static void settle_layer(struct vl_scan_indexing *run, size_t layer, struct vl_worker_answer *answer)
{
    pthread_mutex_lock(&run->lock);
    bool told = run->told[layer];
    run->told[layer] = false;
    if (run->given) {
        run->fallen = run->fallen || !answer->stands;
    } else if (answer->stands) {
        run->indexes[layer]->has_diff_id = true;
        run->indexes[layer]->diff_id = answer->blob_digest;
    } else {
        vl_layer_index_cleanup(&run->indexes[layer]);
        run->indexes[layer] = answer->index;
        answer->index = NULL;
    }
    run->waiting -= !told;
    pthread_cond_signal(&run->moved);
    pthread_mutex_unlock(&run->lock);
}

struct told_layer {
    struct vl_scan_indexing *run;
    size_t layer;
};

static void take_ahead(struct vl_layer_index *index, void *user)
{
    const struct told_layer *t = user;
    struct vl_scan_indexing *run = t->run;
    pthread_mutex_lock(&run->lock);
    run->indexes[t->layer] = index;
    run->told[t->layer] = true;
    run->waiting--;
    pthread_cond_signal(&run->moved);
    pthread_mutex_unlock(&run->lock);
}

static int index_layer(struct vl_scan_indexing *run, size_t layer, struct vl_err *err)
{
    VL_CLEANUP(vl_worker_answer_done) struct vl_worker_answer answer = {0};
    struct told_layer told = {run, layer};
    const struct vl_worker_listen listen = {take_ahead, &told};
    answer.index = from_cache(run, layer);
    if (answer.index) {
        settle_layer(run, layer, &answer);
        tell_progress(run, layer, true);
        return 0;
    }
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(1024UL * 1024);
    VL_CLEANUP(vl_notes_done) struct vl_notes notes;
    vl_notes_init(&notes, arena);
    if (!arena)
        return vl_err_nomem(err);
    int r = vl_layer_task_run(run->image, layer, &run->options, &notes, &listen, &answer, err);
    take_notes(run, &notes);
    if (r < 0)
        return r;
    if (answer.index || answer.stands)
        to_cache(run, layer, &answer);
    settle_layer(run, layer, &answer);
    tell_progress(run, layer, false);
    return 0;
}

/* The next layer to be indexed, or false when there is none, or no sense in it. */
static bool next_layer(struct vl_scan_indexing *run, size_t *ret)
{
    bool found = false;
    pthread_mutex_lock(&run->lock);
    while (!found && run->next < run->count && run->failed_layer == SIZE_MAX) {
        size_t layer = run->order[run->next++];
        found = run->same[layer] == layer && !vl_image_layer_foreign(run->image, layer);
        *ret = layer;
    }
    pthread_mutex_unlock(&run->lock);
    return found;
}

static void *work(void *user)
{
    struct vl_scan_indexing *run = user;
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
        pthread_cond_signal(&run->moved);
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

static void start_workers(struct vl_scan_indexing *run)
{
    size_t jobs = jobs_of(&run->options, run->count);
    while (run->started < jobs && pthread_create(&run->threads[run->started], NULL, work, run) == 0)
        run->started++;
    if (run->started == 0) /* no threads to be had */
        work(run);
}

static void join_workers(struct vl_scan_indexing *run)
{
    for (size_t i = 0; i < run->started; i++)
        pthread_join(run->threads[i], NULL);
    run->started = 0;
}

struct sized_layer {
    uint64_t bytes;
    size_t layer;
};

static int by_size(const void *a, const void *b)
{
    const struct sized_layer *x = a, *y = b;
    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? 1 : -1;
    return x->layer < y->layer ? -1 : 1;
}

/* Only of local layers the size is at hand; the others keep their order, which is that of use. */
static int find_order(struct vl_scan_indexing *run, struct vl_err *err)
{
    struct sized_layer *sized = calloc(run->count ? run->count : 1, sizeof(*sized));
    if (!sized)
        return vl_err_nomem(err);
    for (size_t i = 0; i < run->count; i++) {
        int fd;
        uint64_t offset, length = 0;
        sized[i].layer = i;
        if (vl_image_layer_region(run->image, i, &fd, &offset, &length))
            sized[i].bytes = length;
    }
    if (run->count)
        qsort(sized, run->count, sizeof(*sized), by_size);
    for (size_t i = 0; i < run->count; i++)
        run->order[i] = sized[i].layer;
    free(sized);
    return 0;
}

static void find_same(struct vl_scan_indexing *run)
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
static int copy_same(const struct vl_scan_indexing *run, struct vl_err *err)
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

static void note_foreign(struct vl_scan_indexing *run)
{
    for (size_t i = 0; i < run->count; i++) {
        const char *digest = vl_image_layer_digest(run->image, i);
        if (vl_image_layer_foreign(run->image, i))
            vl_notes_add(&run->notes, VL_NOTE_PARTIAL, VL_ERR_NOT_FOUND, digest ? digest : "layer",
                "a foreign layer, which registries do not keep; not looked at");
    }
}

static void open_cache(struct vl_scan_indexing *run)
{
    struct vl_err err = VL_ERR_INIT;
    if (run->options.cache_dir && vl_image_cache_open(run->options.cache_dir, 0, &run->cache, &err) < 0)
        vl_notes_add(&run->notes, VL_NOTE_INFO, err.code, run->options.cache_dir, "no cache: %s", err.msg);
}

static void free_indexes(struct vl_layer_index **indexes, size_t count)
{
    for (size_t i = 0; indexes && i < count; i++)
        vl_layer_index_free(indexes[i]);
    free(indexes);
}

static void free_indexing(struct vl_scan_indexing *run)
{
    if (!run)
        return;
    vl_image_cache_close(run->cache);
    pthread_cond_destroy(&run->moved);
    pthread_mutex_destroy(&run->lock);
    if (!run->given)
        free_indexes(run->indexes, run->count);
    vl_notes_done(&run->notes);
    vl_arena_free(run->arena);
    free(run->told);
    free(run->same);
    free(run->order);
    free(run);
}

static struct vl_scan_indexing *make_indexing(struct vl_image *image, const struct vl_scan_options *options)
{
    struct vl_scan_indexing *run = calloc(1, sizeof(*run));
    if (!run)
        return NULL;
    run->image = image;
    run->options = *options;
    run->count = vl_image_layer_count(image);
    run->failed_layer = SIZE_MAX;
    run->arena = vl_arena_new(NOTES_ARENA);
    pthread_mutex_init(&run->lock, NULL);
    pthread_cond_init(&run->moved, NULL);
    vl_notes_init(&run->notes, run->arena);
    size_t room = run->count ? run->count : 1;
    run->indexes = calloc(room, sizeof(struct vl_layer_index *));
    run->same = calloc(room, sizeof(size_t));
    run->order = calloc(room, sizeof(size_t));
    run->told = calloc(room, sizeof(bool));
    if (run->arena && run->indexes && run->same && run->order && run->told)
        return run;
    free_indexing(run);
    return NULL;
}

int vl_scan_indexing_start(struct vl_image *image, const struct vl_scan_options *options,
    struct vl_scan_indexing **ret, struct vl_err *err)
{
    struct vl_scan_indexing *run = make_indexing(image, options);
    int r = run ? find_order(run, err) : vl_err_nomem(err);
    if (r < 0) {
        free_indexing(run);
        return r;
    }
    find_same(run);
    for (size_t i = 0; i < run->count; i++)
        run->waiting += run->same[i] == i && !vl_image_layer_foreign(image, i);
    note_foreign(run);
    open_cache(run);
    start_workers(run);
    *ret = run;
    return 0;
}

/* Hands on the notes made so far. */
static void move_notes(struct vl_scan_indexing *run, struct vl_notes *to)
{
    struct vl_notes *from = &run->notes;
    for (size_t i = 0; i < from->len; i++)
        vl_notes_add(to, from->items[i].kind, from->items[i].code, from->items[i].object, "%s",
            from->items[i].message);
    to->dropped += from->dropped;
    to->partial = to->partial || from->partial;
    from->len = 0;
    from->dropped = 0;
    from->partial = false;
}

int vl_scan_indexing_ahead(struct vl_scan_indexing *run, struct vl_notes *notes,
    struct vl_layer_index ***ret_indexes, struct vl_err *err)
{
    pthread_mutex_lock(&run->lock);
    while (run->waiting && run->failed_layer == SIZE_MAX)
        pthread_cond_wait(&run->moved, &run->lock);
    int r = run->failed_layer == SIZE_MAX ? copy_same(run, err) : 0;
    run->given = r == 0 && run->failed_layer == SIZE_MAX;
    if (run->given) {
        move_notes(run, notes);
        *ret_indexes = run->indexes;
        run->indexes = NULL;
        r = 1;
    }
    pthread_mutex_unlock(&run->lock);
    return r;
}

int vl_scan_indexing_finish(struct vl_scan_indexing **indexing, struct vl_notes *notes,
    struct vl_layer_index ***ret_indexes, struct vl_err *err)
{
    struct vl_scan_indexing *run = *indexing;
    int r = 0;
    *indexing = NULL;
    join_workers(run);
    if (run->failed_layer != SIZE_MAX) {
        *err = run->err;
        r = err->err;
    } else if (run->given) {
        r = run->fallen;
    } else {
        r = copy_same(run, err);
    }
    if (r == 0)
        move_notes(run, notes);
    if (r == 0 && !run->given && ret_indexes) {
        *ret_indexes = run->indexes;
        run->given = true;
    }
    free_indexing(run);
    return r;
}

void vl_scan_indexing_cancel(struct vl_scan_indexing **indexing)
{
    struct vl_scan_indexing *run = *indexing;
    if (!run)
        return;
    pthread_mutex_lock(&run->lock);
    run->next = run->count;
    pthread_mutex_unlock(&run->lock);
    join_workers(run);
    free_indexing(run);
    *indexing = NULL;
}

int vl_scan_index_image(struct vl_image *image, const struct vl_scan_options *options, struct vl_notes *notes,
    struct vl_layer_index ***ret_indexes, struct vl_err *err)
{
    VL_CLEANUP(vl_scan_indexing_cancel) struct vl_scan_indexing *run = NULL;
    int r = vl_scan_indexing_start(image, options, &run, err);
    return r < 0 ? r : vl_scan_indexing_finish(&run, notes, ret_indexes, err);
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
            r = vl_worker_finish(&worker, NULL, &answer, err);
    } else {
        r = vl_worker_here(&job, &answer, err);
    }
    if (r < 0)
        return r;
    *ret = answer.index;
    answer.index = NULL;
    return 0;
}
