#include "layer_task.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

#define NAME_BYTES 192

struct task {
    struct vl_image *image;
    size_t layer;
    const struct vl_scan_options *options;
    struct vl_notes *notes;
    char name[NAME_BYTES];
    struct vl_worker_job job;
    const struct vl_worker_listen *listen;
    bool verified;     /* the bytes are those that the manifest names */
    bool fetch_failed; /* err is what the fetch said */
};

/* The way of a remote layer into its indexer. */
struct fetch {
    struct vl_image *image;
    size_t layer;
    int fd; /* owned */
    int result;
    struct vl_err err;
};

/* A reader that is gone is an error here, not a signal to the whole program. */
static void *run_fetch(void *user)
{
    struct fetch *f = user;
    sigset_t pipes;
    sigemptyset(&pipes);
    sigaddset(&pipes, SIGPIPE);
    (void)pthread_sigmask(SIG_BLOCK, &pipes, NULL);
    f->result = vl_image_layer_fetch(f->image, f->layer, f->fd, &f->err);
    vl_file_close(&f->fd);
    return NULL;
}

/* What the fetch says counts first: without all bytes the index says little. Only where the indexer went away
 * before the end the fetch has nothing to say. */
static int settle(
    struct task *t, const struct fetch *f, int r, struct vl_worker_answer *answer, struct vl_err *err)
{
    t->verified = f->result == 0;
    if (f->result < 0 && f->result != -EPIPE) {
        vl_worker_answer_done(answer);
        *answer = (struct vl_worker_answer){0};
        *err = f->err;
        t->fetch_failed = true;
        return f->result;
    }
    return r;
}

static int run_stream(struct task *t, struct vl_worker_answer *answer, struct vl_err *err)
{
    struct fetch f = {.image = t->image, .layer = t->layer, .fd = -1};
    struct vl_worker worker = {.in = -1, .out = -1};
    VL_CLEANUP(vl_file_close) int read_end = -1;
    pthread_t thread;
    int r = 0;
    if (t->options->indexer) {
        r = vl_worker_start(t->options->indexer, &t->job, VL_WORKER_SECONDS_MAX, &worker, err);
        f.fd = worker.in;
    } else {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) < 0)
            return vl_err_sys(err, errno, "%s: pipe", t->name);
        read_end = t->job.fd = ends[0];
        f.fd = ends[1];
    }
    if (r < 0)
        return r;
    int no_thread = pthread_create(&thread, NULL, run_fetch, &f);
    if (no_thread)
        vl_file_close(&f.fd); /* the indexer sees an empty layer, and ends */
    r = t->options->indexer ? vl_worker_finish(&worker, NULL, answer, err)
                            : vl_worker_here(&t->job, answer, err);
    vl_file_close(&read_end);
    if (no_thread) {
        if (r == 0)
            vl_worker_answer_done(answer);
        *answer = (struct vl_worker_answer){0};
        t->fetch_failed = true;
        return vl_err_sys(err, no_thread, "%s: thread", t->name);
    }
    pthread_join(thread, NULL);
    return settle(t, &f, r, answer, err);
}

static int run_region(struct task *t, struct vl_worker_answer *answer, struct vl_err *err)
{
    struct vl_worker worker;
    if (!t->options->indexer)
        return vl_worker_here(&t->job, answer, err);
    int r = vl_worker_start(t->options->indexer, &t->job, VL_WORKER_SECONDS_MAX, &worker, err);
    return r < 0 ? r : vl_worker_finish(&worker, t->listen, answer, err);
}

/* Indexers answer with SHA-256; a manifest that uses another digest has its blob read once more. */
static int digest_region(
    const struct task *t, enum vl_digest_kind kind, struct vl_digest *ret, struct vl_err *err)
{
    VL_CLEANUP(vl_digester_cleanup) struct vl_digester *digester = vl_digester_new(kind);
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *s = NULL;
    if (!digester)
        return vl_err_nomem(err);
    int r = vl_stream_new_region(t->job.fd, t->name, t->job.offset, t->job.length, NULL, &s, err);
    if (r == 0)
        r = vl_stream_new_digest(s, digester, &s, err);
    if (r == 0)
        r = vl_stream_drain(s, err);
    if (r == 0)
        vl_digester_finish(digester, ret);
    return r;
}

static int check_blob(struct task *t, const struct vl_worker_answer *answer, struct vl_err *err)
{
    struct vl_digest want, got = answer->blob_digest;
    char text[VL_DIGEST_TEXT_MAX];
    const char *digest = vl_image_layer_digest(t->image, t->layer);
    if (!digest || t->job.kind != VL_WORKER_REGION)
        return 0;
    if (!vl_digest_parse(vl_span_str(digest), &want))
        return vl_err_set(err, VL_ERR_INVALID, "%s: no digest that can be checked", t->name);
    if (want.kind != VL_DIGEST_SHA256 || !answer->has_blob_digest) {
        int r = digest_region(t, want.kind, &got, err);
        if (r < 0)
            return r;
    }
    if (!vl_digest_eq(&want, &got))
        return vl_err_set(
            err, VL_ERR_CORRUPT, "%s: its bytes have the digest %s", t->name, vl_digest_format(&got, text));
    t->verified = true;
    return 0;
}

static int check_diff_id(struct task *t, const struct vl_worker_answer *answer, struct vl_err *err)
{
    struct vl_digest want;
    char text[VL_DIGEST_TEXT_MAX];
    const struct vl_layer_index *index = answer->index;
    const char *diff_id = vl_image_layer_diff_id(t->image, t->layer);
    const struct vl_digest *is = answer->stands       ? &answer->blob_digest
                                 : index->has_diff_id ? &index->diff_id
                                                      : NULL;
    bool known = diff_id && vl_digest_parse(vl_span_str(diff_id), &want);
    if (known && is && want.kind == is->kind) {
        if (!vl_digest_eq(&want, is))
            return vl_err_set(err, VL_ERR_CORRUPT,
                "%s: its content has the diff id %s, the configuration says %s", t->name,
                vl_digest_format(is, text), diff_id);
        return 0;
    }
    /* Stored as it is, and no tar from some place on. */
    if (known && answer->has_blob_digest && vl_digest_eq(&want, &answer->blob_digest))
        return 0;
    if (t->verified)
        return 0;
    const struct vl_note *why = index && index->notes.len ? &index->notes.items[index->notes.len - 1] : NULL;
    return vl_err_set(err, VL_ERR_CORRUPT, "%s: damaged, and not what the configuration names: %s", t->name,
        why ? why->message : "no diff id");
}

/* Of failures those that a layer can cause by what is in it. */
static bool is_of_the_layer(const struct vl_err *err)
{
    switch (err->code) {
    case VL_ERR_INVALID:
    case VL_ERR_LIMIT:
    case VL_ERR_CORRUPT:
    case VL_ERR_UNSUPPORTED:
    case VL_ERR_MEMORY:
        return true;
    default:
        return false;
    }
}

/* Without an index: is the layer itself wrong, or did only its indexer fail? */
static int failed(struct task *t, struct vl_worker_answer *answer, struct vl_err *err)
{
    struct vl_err why = *err;
    if (!is_of_the_layer(&why))
        return why.err;
    *err = VL_ERR_INIT;
    int r = check_blob(t, answer, err);
    if (r < 0)
        return r;
    vl_notes_add_err(t->notes, t->name, &why);
    return 0;
}

static int run(struct task *t, struct vl_worker_answer *answer, struct vl_err *err)
{
    int r = t->job.kind == VL_WORKER_REGION ? run_region(t, answer, err) : run_stream(t, answer, err);
    if (r < 0)
        return t->fetch_failed ? r : failed(t, answer, err);
    r = check_blob(t, answer, err);
    return r < 0 ? r : check_diff_id(t, answer, err);
}

int vl_layer_task_run(struct vl_image *image, size_t layer, const struct vl_scan_options *options,
    struct vl_notes *notes, const struct vl_worker_listen *listen, struct vl_worker_answer *ret,
    struct vl_err *err)
{
    VL_CLEANUP(vl_worker_answer_done) struct vl_worker_answer answer = {0};
    struct task t = {.image = image, .layer = layer, .options = options, .notes = notes, .listen = listen};
    const char *digest = vl_image_layer_digest(image, layer);
    const char *diff_id = vl_image_layer_diff_id(image, layer);
    (void)snprintf(t.name, sizeof(t.name), "layer %s", digest ? digest : diff_id ? diff_id : "");
    t.job = (struct vl_worker_job){
        .kind = VL_WORKER_STREAM, .name = t.name, .options = {VL_PACKAGE_SCOPE_INSTALLED, options->scanners}};
    if (vl_image_layer_region(image, layer, &t.job.fd, &t.job.offset, &t.job.length)) {
        t.job.kind = VL_WORKER_REGION;
        t.job.blob_digest = true;
    }
    int r = run(&t, &answer, err);
    if (r < 0)
        return r;
    *ret = answer;
    answer = (struct vl_worker_answer){0};
    return 0;
}
