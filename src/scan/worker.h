/* Indexer processes: started, fed, heard, and never waited for without end. See
 * docs/design/0002-indexer-process.md. */
#ifndef VL_SCAN_WORKER_H
#define VL_SCAN_WORKER_H

#include <sys/types.h>

#include "indexer.h"

#define VL_WORKER_SECONDS_MAX 3600 /* wall time of one layer, a slow registry included */

enum vl_worker_kind {
    VL_WORKER_STREAM, /* a blob, written to the worker's `in` */
    VL_WORKER_REGION, /* a blob in a file */
    VL_WORKER_FOLDER, /* a folder, or one file */
    VL_WORKER_BESIDE, /* one file of a folder, named by the last part of the job's name */
    VL_WORKER_SBOM,   /* a document: document.h */
    VL_WORKER_ATTESTATION,
};

static inline bool vl_worker_is_document(enum vl_worker_kind kind)
{
    return kind == VL_WORKER_SBOM || kind == VL_WORKER_ATTESTATION;
}

struct vl_worker_job {
    enum vl_worker_kind kind;
    const char *name; /* for messages: "layer sha256:…" */
    struct vl_index_options options;
    int fd;                  /* lent: the file or folder; a stream: where an indexer in this process reads */
    uint64_t offset, length; /* of a region */
    bool blob_digest;        /* tell the digest of the region too */
};

/* What an indexer found. */
struct vl_worker_answer {
    struct vl_layer_index *index;   /* owned; NULL where vl_worker_listen.ahead was given it and it stands */
    struct vl_inventory *inventory; /* owned: of an SBOM */
    struct vl_buf encoded; /* owned: the index as it came, for the cache; empty where none was needed; of a
                              document what document.h says */
    bool stands;           /* what was told ahead is the answer */
    bool has_blob_digest;
    struct vl_digest blob_digest;
};

void vl_worker_answer_done(struct vl_worker_answer *answer); /* also for VL_CLEANUP */

struct vl_worker {
    pid_t pid; /* 0: none */
    int in;    /* the blob's way in; -1 for other kinds */
    int out;
    const char *name; /* lent */
    enum vl_worker_kind kind;
    int64_t deadline_us;
};

/* Starts `argv`, the indexer program, for the job. The calling thread must live until the worker is finished.
 */
VL_MUST_CHECK int vl_worker_start(const char *const *argv, const struct vl_worker_job *job, unsigned seconds,
    struct vl_worker *ret, struct vl_err *err);

/* Who wants to know the index of a plain layer before the digest of its bytes is there. */
struct vl_worker_listen {
    /* Takes the index, at most once. It is not proven yet: has_diff_id is false. */
    void (*ahead)(struct vl_layer_index *index, void *user);
    void *user;
};

/* Waits for the answer. A worker that died, says nothing sensible, too much, or nothing in time is an error
 * that names the job. The process is gone and its descriptors closed afterwards, whatever came. The caller
 * has closed `in`, or another thread will. `listen` may be NULL. */
VL_MUST_CHECK int vl_worker_finish(struct vl_worker *worker, const struct vl_worker_listen *listen,
    struct vl_worker_answer *ret, struct vl_err *err);

/* The same job in this process, for tests, fuzzers and systems without processes to spare. */
VL_MUST_CHECK int vl_worker_here(
    const struct vl_worker_job *job, struct vl_worker_answer *ret, struct vl_err *err);

#endif
