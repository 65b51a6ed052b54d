#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/heap.h"
#include "codec/load.h"
#include "document.h"
#include "package/parser.h"
#include "pattern/multi.h"
#include "sandbox.h"
#include "scan/inventory_codec.h"
#include "worker_protocol.h"

#define HASH_STEP (256UL * 1024)

static int hash_region(const struct vl_worker_job *job, struct vl_digest *ret, struct vl_err *err)
{
    VL_CLEANUP(vl_digester_cleanup) struct vl_digester *digester = vl_digester_new(VL_DIGEST_SHA256);
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *s = NULL;
    if (!digester)
        return vl_err_nomem(err);
    int r = vl_stream_new_region(job->fd, job->name, job->offset, job->length, NULL, &s, err);
    if (r == 0)
        r = vl_stream_new_digest(s, digester, &s, err);
    if (r == 0)
        r = vl_stream_drain(s, err);
    if (r == 0)
        vl_digester_finish(digester, ret);
    return r;
}

/* Compressed: the digest of the blob is taken as it goes by, in the thread that reads ahead. */
static int index_compressed(const struct vl_worker_job *job, struct vl_stream *blob,
    struct vl_worker_answer *answer, struct vl_err *err)
{
    VL_CLEANUP(vl_digester_cleanup) struct vl_digester *digester = vl_digester_new(VL_DIGEST_SHA256);
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *s = NULL;
    if (!digester)
        return vl_err_nomem(err);
    int r = vl_stream_new_lent(blob, NULL, &s, err);
    if (r == 0)
        r = vl_stream_new_digest(s, digester, &s, err);
    if (r == 0)
        r = vl_stream_new_pipelined(s, &s, err);
    if (r == 0)
        r = vl_index_layer(s, job->name, &job->options, &answer->index, err);
    vl_stream_cleanup(&s);
    if (r == 0 && answer->index->has_diff_id) {
        vl_digester_finish(digester, &answer->blob_digest);
        answer->has_blob_digest = true;
    }
    return r;
}

static int index_region(const struct vl_worker_job *job, struct vl_worker_answer *answer, struct vl_err *err)
{
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *blob = NULL;
    struct vl_span head = VL_SPAN_EMPTY;
    int r = vl_stream_new_region(job->fd, job->name, job->offset, job->length, NULL, &blob, err);
    if (r == 0)
        r = vl_stream_peek(blob, 6, &head, err);
    if (r < 0)
        return r;
    bool plain = vl_compression_detect(head) == VL_COMPRESSION_NONE;
    if (plain || !job->blob_digest) {
        r = vl_index_layer_region(
            job->fd, job->offset, job->length, job->name, &job->options, &answer->index, err);
        if (r == 0 && plain && answer->index->has_diff_id) { /* the same bytes */
            answer->blob_digest = answer->index->diff_id;
            answer->has_blob_digest = true;
        }
    } else {
        r = index_compressed(job, blob, answer, err);
    }
    if (r == 0 && job->blob_digest &&
        !answer->has_blob_digest) { /* damaged: what is damaged is still told apart */
        r = hash_region(job, &answer->blob_digest, err);
        answer->has_blob_digest = r == 0;
    }
    return r;
}

/* To the end, whatever became of the layer: whoever writes the blob checks its digest over all of it. */
static int index_stream(const struct vl_worker_job *job, struct vl_worker_answer *answer, struct vl_err *err)
{
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *blob = NULL;
    int r = vl_stream_new_fd(job->fd, job->name, UINT64_MAX, &blob, err);
    if (r == 0)
        r = vl_index_layer(blob, job->name, &job->options, &answer->index, err);
    vl_stream_cleanup(&blob);
    VL_CLEANUP(vl_buf_done) struct vl_buf rest;
    vl_buf_init(&rest, HASH_STEP);
    char *room = vl_buf_reserve(&rest, HASH_STEP);
    for (ssize_t n = 1; room && n != 0;) {
        n = read(job->fd, room, HASH_STEP);
        if (n < 0 && errno != EINTR)
            break;
    }
    return r;
}

int vl_worker_here(const struct vl_worker_job *job, struct vl_worker_answer *ret, struct vl_err *err)
{
    struct vl_worker_answer answer = {0};
    vl_buf_init(&answer.encoded, VL_LAYER_INDEX_MAX);
    struct vl_index_options options = job->options;
    options.beside = job->kind == VL_WORKER_BESIDE;
    int r = vl_worker_is_document(job->kind) ? vl_document_read(job, &answer, err)
            : job->kind == VL_WORKER_STREAM  ? index_stream(job, &answer, err)
            : job->kind == VL_WORKER_REGION
                ? index_region(job, &answer, err)
                : vl_index_folder(job->fd, job->name, &options, &answer.index, err);
    if (r < 0) {
        vl_worker_answer_done(&answer);
        return r;
    }
    *ret = answer;
    return 0;
}

static const char *value_of(int argc, char **argv, const char *key)
{
    for (int i = 0; i < argc; i++)
        if (strncmp(argv[i], key, strlen(key)) == 0)
            return argv[i] + strlen(key);
    return "";
}

static bool number_of(int argc, char **argv, const char *key, uint64_t *ret)
{
    return vl_span_to_u64(vl_span_str(value_of(argc, argv, key)), ret);
}

static int parse_job(int argc, char **argv, struct vl_worker_job *job, struct vl_err *err)
{
    const char *kind = value_of(argc, argv, VL_WORKER_ARG_KIND);
    uint64_t scopes, scanners, blob;
    bool ok = number_of(argc, argv, "scopes=", &scopes) && number_of(argc, argv, "scanners=", &scanners) &&
              number_of(argc, argv, "offset=", &job->offset) &&
              number_of(argc, argv, "length=", &job->length) && number_of(argc, argv, "blob=", &blob) &&
              scopes <= UINT32_MAX && scanners <= UINT32_MAX;
    job->name = value_of(argc, argv, "name=");
    job->fd = VL_WORKER_FD;
    if (strcmp(kind, "stream") == 0) {
        job->kind = VL_WORKER_STREAM;
        job->fd = 0;
    } else if (strcmp(kind, "region") == 0) {
        job->kind = VL_WORKER_REGION;
    } else if (strcmp(kind, "folder") == 0) {
        job->kind = VL_WORKER_FOLDER;
    } else if (strcmp(kind, "beside") == 0) {
        job->kind = VL_WORKER_BESIDE;
    } else if (strcmp(kind, "sbom") == 0) {
        job->kind = VL_WORKER_SBOM;
    } else if (strcmp(kind, "attestation") == 0) {
        job->kind = VL_WORKER_ATTESTATION;
    } else {
        ok = false;
    }
    if (!ok)
        return vl_err_set(err, VL_ERR_USAGE, "indexer: this command is for vallum itself");
    job->options = (struct vl_index_options){.scopes = (unsigned)scopes, .scanners = (unsigned)scanners};
    job->blob_digest = blob != 0;
    return 0;
}

static int put_trailer(const struct vl_worker_answer *answer, struct vl_span payload,
    const struct vl_err *failed, struct vl_err *err)
{
    struct vl_digest sum;
    VL_CLEANUP(vl_buf_done) struct vl_buf trailer;
    vl_buf_init(&trailer, VL_WORKER_TRAILER_BYTES);
    vl_digest_compute(VL_DIGEST_SHA256, payload, &sum);
    vl_buf_append_str(&trailer, VL_WORKER_MAGIC);
    vl_buf_append_u32le(&trailer, failed->code);
    vl_buf_append_u32le(&trailer, (uint32_t)-failed->err);
    vl_buf_append_u64le(&trailer, payload.len);
    vl_buf_append(&trailer, sum.bytes, 32);
    vl_buf_append_u8(&trailer, answer->has_blob_digest);
    vl_buf_append(&trailer, answer->blob_digest.bytes, 32);
    int r = vl_buf_check(&trailer, "indexer", err);
    return r < 0 ? r : vl_file_write_fd(1, "indexer's answer", vl_buf_span(&trailer), err);
}

/* Whoever asked can go on with it while the digest of the layer is being computed. */
static int put_ahead(const struct vl_layer_index *index, void *user, struct vl_err *err)
{
    bool *told = user;
    struct vl_digest sum;
    VL_CLEANUP(vl_buf_done) struct vl_buf encoded;
    VL_CLEANUP(vl_buf_done) struct vl_buf head;
    vl_buf_init(&encoded, VL_LAYER_INDEX_MAX);
    vl_buf_init(&head, VL_WORKER_AHEAD_BYTES);
    int r = vl_layer_index_encode(index, &encoded, err);
    if (r < 0)
        return r;
    vl_digest_compute(VL_DIGEST_SHA256, vl_buf_span(&encoded), &sum);
    vl_buf_append_str(&head, VL_WORKER_AHEAD_MAGIC);
    vl_buf_append_u64le(&head, encoded.len);
    vl_buf_append(&head, sum.bytes, 32);
    r = vl_buf_check(&head, "indexer", err);
    if (r == 0)
        r = vl_file_write_fd(1, "indexer's answer", vl_buf_span(&head), err);
    if (r == 0)
        r = vl_file_write_fd(1, "indexer's answer", vl_buf_span(&encoded), err);
    *told = r == 0;
    return r;
}

static int put_answer(struct vl_worker_answer *answer, struct vl_err *err)
{
    const struct vl_err good = VL_ERR_INIT;
    int r = answer->index       ? vl_layer_index_encode(answer->index, &answer->encoded, err)
            : answer->inventory ? vl_inventory_encode(answer->inventory, &answer->encoded, err)
                                : 0;
    if (r == 0)
        r = vl_file_write_fd(1, "indexer's answer", vl_buf_span(&answer->encoded), err);
    return r < 0 ? r : put_trailer(answer, vl_buf_span(&answer->encoded), &good, err);
}

/* `told`: the index went ahead, and all that is new is its digest. */
static int put_rest(bool told, struct vl_worker_answer *answer, struct vl_err *err)
{
    const struct vl_err good = VL_ERR_INIT;
    if (told && answer->index && answer->index->has_diff_id && answer->has_blob_digest)
        return put_trailer(answer, VL_SPAN_EMPTY, &good, err);
    return put_answer(answer, err);
}

/* Now, since no file can be opened from the sandbox. What is not installed is told where it is missed. */
static void load_libraries(const struct vl_worker_job *job)
{
    struct vl_err ignored = VL_ERR_INIT;
    if (vl_worker_is_document(job->kind)) {
        int r = vl_codec_load_documents(&ignored);
        (void)r;
        return;
    }
    bool all = vl_codec_load(&ignored) >= 0;
    all = vl_package_load(&ignored) >= 0 && all;
    if (job->options.scanners & VL_SCAN_SECRET)
        all = vl_multi_load(&ignored) >= 0 && all;
    (void)all;
}

static int work(const struct vl_worker_job *asked, struct vl_err *err)
{
    VL_CLEANUP(vl_worker_answer_done) struct vl_worker_answer answer = {0};
    struct vl_worker_job job = *asked;
    bool told = false;
    job.options.ahead = put_ahead;
    job.options.ahead_user = &told;
    job.options.steps_back = true;
    load_libraries(&job);
    const struct vl_sandbox sandbox = {
        .folder = job.kind == VL_WORKER_FOLDER || job.kind == VL_WORKER_BESIDE ? job.fd : -1};
    int r = vl_sandbox_enter(&sandbox, err);
    if (r == 0)
        r = vl_worker_here(&job, &answer, err);
    return r < 0 ? r : put_rest(told, &answer, err);
}

static int say_error(struct vl_err *err)
{
    struct vl_err ignored = VL_ERR_INIT;
    const struct vl_worker_answer none = {0};
    struct vl_span message = vl_span_str(err->msg);
    if (isatty(1)) { /* somebody typed it */
        (void)!write(2, message.ptr, message.len);
        (void)!write(2, "\n", 1);
    } else if (vl_file_write_fd(1, "indexer's answer", message, &ignored) == 0) {
        int r = put_trailer(&none, message, err, &ignored);
        (void)r;
    }
    return 1;
}

int vl_scan_indexer_main(int argc, char **argv)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_worker_job job = {0};
    /* Should whoever asked die, nobody wants the answer. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* One heap for all threads, given back as soon as may be. */
    (void)mallopt(M_ARENA_MAX, 1);
    int r = parse_job(argc, argv, &job, &err);
    if (r == 0 && vl_worker_is_document(job.kind))
        vl_heap_prepare(); /* all at once, and then the end */
    if (r == 0)
        r = work(&job, &err);
    return r < 0 ? say_error(&err) : 0;
}
