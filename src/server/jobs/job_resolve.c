/* tests: test_job_discover.c
 *
 * What an event named and did not explain: a tag without a digest, an index without its platforms. The
 * registry is asked for that one. */
#include "base/vec.h"
#include "jobs/ask.h"
#include "jobs/discover.h"

static int resolve(struct vl_discovery *d, const char *repository, const char *reference, const char *tag,
    struct vl_err *err)
{
    struct vl_vec rows VL_CLEANUP(vl_vec_done);
    struct vl_fetch_manifest manifest = {0};
    vl_vec_init(&rows, sizeof(struct vl_discover_row), 1 + VL_FETCH_PLATFORMS_MAX);
    int r = d->fetcher->manifest(&d->access, repository, reference, d->run->arena, &manifest, err);
    if (r < 0 && err->code == VL_ERR_NOT_FOUND) { /* gone again meanwhile */
        vl_err_clear(err);
        return 0;
    }
    if (r >= 0)
        r = vl_discover_rows(&manifest, tag, &rows, err);
    return r < 0 || rows.len == 0 ? r : vl_discover_write(d, repository, &rows, true, err);
}

int vl_job_resolve(struct vl_job_run *run, struct vl_err *err)
{
    struct vl_discovery d = {.run = run, .priority = VL_PRIORITY_PUSHED};
    const char *repository = vl_arena_dup_span(run->arena, vl_doc_get_str(run->payload, "repository"));
    const char *digest = vl_arena_dup_span(run->arena, vl_doc_get_str(run->payload, "digest"));
    const char *tag = vl_arena_dup_span(run->arena, vl_doc_get_str(run->payload, "tag"));
    int64_t id = 0;
    if (!vl_doc_int(vl_doc_get(run->payload, "registry"), &id) || !repository || !digest || !tag)
        return vl_err_set(err, VL_ERR_INVALID, "the job names no registry");
    (void)vl_doc_int(vl_doc_get(run->payload, "event"), &d.event);
    int r = vl_discover_open(&d, id, err);
    if (r <= 0)
        return r;
    return resolve(&d, repository, *digest ? digest : tag, *tag ? tag : NULL, err);
}
