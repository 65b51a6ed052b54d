#include "document.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/reader.h"
#include "package/sbom.h"

#define FIRST_STEP (256UL * 1024)
#define TEXT_MAX   2048U /* of an attestation, once read */

/* --- in the indexer --- */

static int read_sbom(const struct vl_worker_job *job, struct vl_inventory **ret, struct vl_err *err)
{
    struct stat st;
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *inventory = vl_inventory_new();
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, VL_SBOM_MAX);
    if (!inventory)
        return vl_err_nomem(err);
    if (fstat(job->fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
        vl_buf_expect(
            &text, (uint64_t)st.st_size < VL_SBOM_MAX ? (size_t)st.st_size + FIRST_STEP : VL_SBOM_MAX);
    int r = vl_file_read_fd(job->fd, job->name, VL_SBOM_MAX, &text, err);
    if (r >= 0)
        r = vl_sbom_read(vl_buf_span(&text), job->name, inventory, err);
    if (r < 0)
        return r;
    *ret = inventory;
    inventory = NULL;
    return 0;
}

static void put_text(struct vl_buf *out, const char *text)
{
    size_t len = text ? strlen(text) : 0;
    vl_buf_append_u32le(out, (uint32_t)len);
    vl_buf_append(out, text ? text : "", len);
}

static int read_attestation(const struct vl_worker_job *job, struct vl_buf *out, struct vl_err *err)
{
    struct vl_attestation found = {0};
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(4UL * TEXT_MAX);
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, VL_ATTESTATION_BYTES_MAX);
    if (!arena)
        return vl_err_nomem(err);
    int r = vl_file_read_fd(job->fd, job->name, VL_ATTESTATION_BYTES_MAX, &text, err);
    if (r >= 0)
        r = vl_scan_attestation_read(vl_buf_span(&text), NULL, arena, &found, err);
    if (r < 0)
        return r;
    put_text(out, found.kind);
    put_text(out, found.predicate);
    put_text(out, found.summary);
    return vl_buf_check(out, job->name, err);
}

int vl_document_read(const struct vl_worker_job *job, struct vl_worker_answer *ret, struct vl_err *err)
{
    return job->kind == VL_WORKER_SBOM ? read_sbom(job, &ret->inventory, err)
                                       : read_attestation(job, &ret->encoded, err);
}

/* --- who asks --- */

static int ask(const char *const *indexer, const struct vl_worker_job *job, struct vl_advisory_db *meanwhile,
    struct vl_worker_answer *ret, struct vl_err *err)
{
    struct vl_worker worker;
    if (!indexer)
        return vl_worker_here(job, ret, err);
    int r = vl_worker_start(indexer, job, VL_WORKER_SECONDS_MAX, &worker, err);
    if (r < 0)
        return r;
    if (meanwhile)
        vl_advisory_db_warm(meanwhile);
    return vl_worker_finish(&worker, NULL, ret, err);
}

/* The bytes as a file without a name, at its start. */
static int to_file(struct vl_span bytes, const char *name, int *ret_fd, struct vl_err *err)
{
    VL_CLEANUP(vl_file_close) int fd = -1;
    int r = vl_file_temp(NULL, &fd, err);
    if (r >= 0)
        r = vl_file_write_fd(fd, name, bytes, err);
    if (r >= 0 && lseek(fd, 0, SEEK_SET) < 0)
        r = vl_err_sys(err, errno, "%s", name);
    if (r < 0)
        return r;
    *ret_fd = fd;
    fd = -1; /* NOLINT(clang-analyzer-deadcode.DeadStores): VL_CLEANUP reads it */
    return 0;
}

/* An indexer is of another process group, which may not read from a terminal. */
static int open_document(const char *path, const char *name, int *ret_fd, struct vl_err *err)
{
    bool standard = strcmp(path, "-") == 0;
    VL_CLEANUP(vl_file_close)
    int fd = standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return vl_err_sys(err, errno, "%s", name);
    if (isatty(fd)) {
        VL_CLEANUP(vl_buf_done) struct vl_buf text;
        vl_buf_init(&text, VL_SBOM_MAX);
        int r = vl_file_read_fd(fd, name, VL_SBOM_MAX, &text, err);
        return r < 0 ? r : to_file(vl_buf_span(&text), name, ret_fd, err);
    }
    *ret_fd = fd;
    fd = -1; /* NOLINT(clang-analyzer-deadcode.DeadStores): VL_CLEANUP reads it */
    return 0;
}

int vl_document_sbom(const char *const *indexer, const char *path, struct vl_advisory_db *db,
    struct vl_inventory **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_file_close) int fd = -1;
    VL_CLEANUP(vl_worker_answer_done) struct vl_worker_answer answer = {0};
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    int r = open_document(path, name, &fd, err);
    if (r < 0)
        return r;
    const struct vl_worker_job job = {.kind = VL_WORKER_SBOM, .name = name, .fd = fd};
    r = ask(indexer, &job, db, &answer, err);
    if (r < 0)
        return r;
    *ret = answer.inventory;
    answer.inventory = NULL;
    return 0;
}

/* Nothing that a terminal or a report would take for something else. */
static bool take_text(struct vl_reader *r, struct vl_span *ret)
{
    uint32_t len = vl_reader_u32le(r);
    *ret = vl_reader_take(r, len);
    return vl_reader_ok(r) && len <= TEXT_MAX && !vl_span_has_control(*ret);
}

static const char *kind_of(struct vl_span said)
{
    static const char *const kinds[] = {"SBOM", "attestation", "provenance", "report of vallum"};
    for (size_t i = 0; i < VL_ARRAY_LEN(kinds); i++)
        if (vl_span_eq_str(said, kinds[i]))
            return kinds[i];
    return NULL;
}

int vl_document_attestation(const char *const *indexer, struct vl_span bytes, const char *name,
    const char *listed_as, struct vl_arena *arena, struct vl_attestation *ret, struct vl_err *err)
{
    VL_CLEANUP(vl_file_close) int fd = -1;
    VL_CLEANUP(vl_worker_answer_done) struct vl_worker_answer answer = {0};
    struct vl_span kind, predicate, summary;
    int r = to_file(bytes, name, &fd, err);
    if (r < 0)
        return r;
    const struct vl_worker_job job = {.kind = VL_WORKER_ATTESTATION, .name = name, .fd = fd};
    r = ask(indexer, &job, NULL, &answer, err);
    if (r < 0)
        return r;
    struct vl_reader in = vl_reader_new(vl_buf_span(&answer.encoded));
    if (!take_text(&in, &kind) || !take_text(&in, &predicate) || !take_text(&in, &summary) ||
        vl_reader_left(&in))
        return vl_err_set(err, VL_ERR_CORRUPT, "the indexer of %s: a damaged answer", name);
    struct vl_attestation found = {.kind = kind_of(kind)};
    if (!found.kind)
        found.kind = vl_scan_attestation_kind(listed_as);
    found.predicate = predicate.len ? vl_arena_dup_span(arena, predicate) : NULL;
    found.summary = summary.len ? vl_arena_dup_span(arena, summary) : NULL;
    r = vl_arena_check(arena, name, err);
    if (r == 0)
        *ret = found;
    return r;
}
