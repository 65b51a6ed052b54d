/* Images from any source: a registry, a docker-archive, an OCI layout (folder or archive), a Docker or
 * containerd store.
 *
 * Opening reads manifest and configuration only. Layers are handed out one by one, as a file region where the
 * bytes are local, else as a pull from the network. The caller of a layer's bytes checks its diff id; blob
 * digests are checked here as the bytes go by (vl_image_blob_finish()). */
#ifndef VL_IMAGE_IMAGE_H
#define VL_IMAGE_IMAGE_H

#include "base/buf.h"
#include "codec/stream.h"
#include "model/inventory.h"

#define VL_IMAGE_MANIFEST_MAX (4UL * 1024 * 1024) /* bytes; as registries limit it */
#define VL_IMAGE_CONFIG_MAX   (8UL * 1024 * 1024)
#define VL_IMAGE_LAYERS_MAX   VL_INVENTORY_LAYERS_MAX
#define VL_IMAGE_LAYER_MAX    (64ULL * 1024 * 1024 * 1024) /* uncompressed bytes of one layer */

struct vl_image_options {
    const char
        *platform; /* "linux/arm64/v8"; NULL: linux on this machine's architecture, else the only one */
    const char *auth_file; /* NULL: $DOCKER_CONFIG/config.json, ~/.docker/config.json, containers auth.json */
    const char *username;  /* with password: before auth files */
    const char *password;
    const char *token; /* registry bearer token given by the user */
    const char *ca_file;
    const char *const *mirrors; /* "docker.io=mirror.local:5000", tried before the registry itself */
    size_t n_mirrors;
    bool insecure; /* plain http and unverified TLS for this registry, by explicit flag only; localhost and
                      127.0.0.0/8 may use http anyway, as docker has it */
    const char *docker_root; /* NULL: /var/lib/docker, /run/docker.sock */
    const char *containerd_root;
    long stall_ms;     /* how long a transfer may stand still; 0: 30 s */
    unsigned pause_ms; /* before the second try, four times as long before the next; 0: 300 ms */
};

struct vl_image;

/* `name`: [docker-archive:|oci:|oci-archive:|registry:|docker:|containerd:]REST. Without a prefix: an
 * existing file or folder is recognised by its content, anything else is a registry reference. "FILE:TAG"
 * picks one image of many. */
VL_MUST_CHECK int vl_image_open(
    const char *name, const struct vl_image_options *options, struct vl_image **ret, struct vl_err *err);
void vl_image_free(struct vl_image *image); /* accepts NULL */
void vl_image_cleanup(struct vl_image **image);

/* Fills target and layers of the inventory (strings copied into its arena). */
VL_MUST_CHECK int vl_image_describe(
    const struct vl_image *image, struct vl_inventory *inventory, struct vl_err *err);

size_t vl_image_layer_count(const struct vl_image *image);
const char *vl_image_layer_diff_id(
    const struct vl_image *image, size_t index);                               /* as the configuration says */
const char *vl_image_layer_digest(const struct vl_image *image, size_t index); /* NULL where there is none */
bool vl_image_layer_foreign(
    const struct vl_image *image, size_t index); /* urls[] elsewhere (Windows base): not pulled */

/* A layer whose bytes lie in a local file: the region, without reading it. False for remote layers. The
 * descriptor is lent. The bytes are as stored (maybe compressed); the reader checks `digest` where there is
 * one. */
bool vl_image_layer_region(
    const struct vl_image *image, size_t index, int *ret_fd, uint64_t *ret_offset, uint64_t *ret_length);

/* Writes a remote layer's bytes to `fd` (a pipe), checks size and digest, retries with resume before the
 * first failure is final. EPIPE of the reader ends it quietly with -EPIPE. Several threads may fetch
 * different layers. */
VL_MUST_CHECK int vl_image_layer_fetch(struct vl_image *image, size_t index, int fd, struct vl_err *err);

/* Referrers of the image (OCI 1.1 API, with the tag fallback): SBOMs, provenance, signatures, our reports. */
struct vl_image_referrer {
    const char *digest;
    const char *artifact_type;
    const char *media_type; /* of the first layer */
    uint64_t size;
};
VL_MUST_CHECK int vl_image_referrers(struct vl_image *image, struct vl_arena *arena,
    struct vl_vec *ret_referrers, struct vl_err *err); /* struct vl_image_referrer */

/* First layer blob of a referrer, digest checked. */
VL_MUST_CHECK int vl_image_referrer_read(
    struct vl_image *image, const char *digest, struct vl_buf *out, struct vl_err *err);

/* Stores `content` as a referrer of the image with this artifact type. Returns the new manifest's digest. */
VL_MUST_CHECK int vl_image_attach(struct vl_image *image, const char *artifact_type, const char *media_type,
    struct vl_span content, struct vl_arena *arena, const char **ret_digest, struct vl_err *err);

#endif
