/* Talk with registries, by a process of its own: `vallumd fetch` gets one task as JSON on its standard input
 * (credentials of that one registry among it, never in arguments or environment), does the network, starts
 * indexer processes for layers, and answers on its standard output. It has no database and no keys. What it
 * answers is a stranger's word: sizes, counts and forms are checked here. A process that dies, says too much
 * or takes too long ends its own task with an error. */
#ifndef VL_SERVER_FETCH_H
#define VL_SERVER_FETCH_H

#include <stdatomic.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "model/inventory.h"

#define VL_FETCH_REPOSITORIES_MAX 100000
#define VL_FETCH_TAGS_MAX         100000 /* of one repository */
#define VL_FETCH_PLATFORMS_MAX    64
#define VL_FETCH_ANSWER_MAX       (512UL * 1024 * 1024)
#define VL_FETCH_SECONDS_MAX      3600

struct vl_fetch_registry {
    const char *host; /* "registry.example:5000", "docker.io" */
    const char *kind; /* generic, acr, ecr, gar, harbor, dockerhub: how the catalogue is listed */
    const char *username, *password; /* NULL: anonymous */
    const char *ca_pem;              /* NULL: the system's */
    bool insecure;
    const atomic_bool *stop; /* once true, a process that runs is ended: VL_ERR_CONFLICT; or NULL */
};

/* Names of repositories (in the arena), sorted. VL_ERR_UNSUPPORTED where the registry has no catalogue. */
VL_MUST_CHECK int vl_fetch_catalogue(const struct vl_fetch_registry *registry, struct vl_arena *arena,
    const char *const **ret_names, size_t *ret_n, struct vl_err *err);

VL_MUST_CHECK int vl_fetch_tags(const struct vl_fetch_registry *registry, const char *repository,
    struct vl_arena *arena, const char *const **ret_names, size_t *ret_n, struct vl_err *err);

struct vl_fetch_platform {
    const char *digest;
    const char *platform; /* "linux/amd64", "windows/amd64:10.0.20348.2113" */
};

/* What a tag or digest stands for. VL_ERR_NOT_FOUND where it is gone. */
struct vl_fetch_manifest {
    const char *digest; /* of the manifest itself */
    const char *media_type;
    bool is_index;
    bool is_image;                       /* false: a signature, an SBOM, a chart: nothing to scan */
    struct vl_fetch_platform *platforms; /* of an index: those that are images (attestations are left out) */
    size_t n_platforms;
};
VL_MUST_CHECK int vl_fetch_manifest(const struct vl_fetch_registry *registry, const char *repository,
    const char *reference, struct vl_arena *arena, struct vl_fetch_manifest *ret, struct vl_err *err);

/* Manifests of many tags in one process and connection: `ret[i]` for `references[i]`; one that is gone has a
 * NULL digest. */
VL_MUST_CHECK int vl_fetch_manifests(const struct vl_fetch_registry *registry, const char *repository,
    const char *const *references, size_t n, struct vl_arena *arena, struct vl_fetch_manifest *ret,
    struct vl_err *err);

struct vl_fetch_scan_options {
    const char *cache_dir; /* of layer indexes; NULL: none */
    /* Called as the scan goes on ("layer 2 of 5"), on the caller's thread, and at least once a second with an
     * empty stage; or NULL. A negative answer ends it: VL_ERR_CONFLICT. */
    int (*progress)(const char *stage, void *user);
    void *user;
    unsigned seconds; /* 0: VL_FETCH_SECONDS_MAX */
};

/* Takes the image apart: the inventory, and its encoded form (scan/inventory_codec.h) as it came, for the
 * store. */
VL_MUST_CHECK int vl_fetch_scan(const struct vl_fetch_registry *registry, const char *repository,
    const char *digest, const struct vl_fetch_scan_options *options, struct vl_inventory **ret,
    struct vl_buf *ret_encoded, struct vl_err *err);

/* main() of that process. */
int vl_fetch_main(int argc, char **argv);

#endif
