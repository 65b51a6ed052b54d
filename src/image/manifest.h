/* Manifests and configurations, private to the room: bytes in, structs out, all strings copied into an arena.
 * Sources: OCI image-spec v1.1 (index, manifest, config, descriptor), Docker image manifest v2 schema 2. */
#ifndef VL_IMAGE_MANIFEST_H
#define VL_IMAGE_MANIFEST_H

#include "base/arena.h"
#include "base/vec.h"
#include "image/image.h"

#define VL_MANIFEST_ENTRIES_MAX 10000 /* descriptors of one index */
#define VL_MANIFEST_HISTORY_MAX 20000

#define VL_MEDIA_OCI_INDEX      "application/vnd.oci.image.index.v1+json"
#define VL_MEDIA_OCI_MANIFEST   "application/vnd.oci.image.manifest.v1+json"
#define VL_MEDIA_OCI_EMPTY      "application/vnd.oci.empty.v1+json"
#define VL_MEDIA_DOCKER_LIST    "application/vnd.docker.distribution.manifest.list.v2+json"
#define VL_MEDIA_DOCKER_SCHEMA2 "application/vnd.docker.distribution.manifest.v2+json"

struct vl_platform {
    const char *os;
    const char *arch;
    const char *variant; /* NULL where there is none */
};

struct vl_descriptor {
    const char *media_type; /* "" where absent */
    const char *digest;     /* checked: sha256 or sha512 */
    uint64_t size;
    bool foreign;                /* urls[] or a foreign media type */
    const char *artifact_type;   /* or NULL */
    struct vl_platform platform; /* os NULL where absent */
    const char *os_version;      /* of the platform: a Windows build; or NULL */
    bool attestation;            /* unknown/unknown, or says so: not an image */
    const char *about;           /* of an attestation: digest of the image it is about; or NULL */
    const char *ref_name;        /* annotation org.opencontainers.image.ref.name; or NULL */
    const char *image_name;      /* annotation io.containerd.image.name; or NULL */
};

enum vl_manifest_kind {
    VL_MANIFEST_INDEX,
    VL_MANIFEST_IMAGE,
};

struct vl_manifest {
    enum vl_manifest_kind kind;
    struct vl_vec entries;       /* struct vl_descriptor: of an index its manifests, of an image its layers */
    struct vl_descriptor config; /* image only */
    const char *artifact_type;   /* or NULL */
    const char *subject;         /* digest, or NULL */
    const char *base_name;
    const char *base_digest;
};

void vl_manifest_init(struct vl_manifest *m);
void vl_manifest_done(struct vl_manifest *m); /* also for VL_CLEANUP */

/* `media_type` is what the server or the descriptor said, or NULL; `name` for messages. Schema 1 is
 * VL_ERR_UNSUPPORTED with the cure. */
VL_MUST_CHECK int vl_manifest_parse(struct vl_span bytes, const char *media_type, const char *name,
    struct vl_arena *arena, struct vl_manifest *ret, struct vl_err *err);

struct vl_config_layer {
    const char *diff_id;
    const char *created_by; /* or NULL */
    int64_t created_ms;
    bool ends_image; /* as in struct vl_layer */
};

struct vl_config {
    const char *os, *arch, *variant, *os_version; /* NULL where absent */
    int64_t created_ms;
    struct vl_vec layers; /* struct vl_config_layer */
};

void vl_config_init(struct vl_config *c);
void vl_config_done(struct vl_config *c);
VL_MUST_CHECK int vl_config_parse(struct vl_span bytes, const char *name, struct vl_arena *arena,
    struct vl_config *ret, struct vl_err *err);

/* "linux/arm64/v8", "arm64", "linux"; NULL: linux on this machine. Usual other names are understood (x86_64,
 * aarch64, armhf). */
VL_MUST_CHECK int vl_platform_parse(
    const char *text, struct vl_arena *arena, struct vl_platform *ret, struct vl_err *err);
const char *vl_platform_format(const struct vl_platform *p, struct vl_arena *arena);

/* How well an image of platform `have` serves `want`: 0 not at all; among others the higher the better. */
unsigned vl_platform_match(const struct vl_platform *want, const struct vl_platform *have);

/* Picks from an index: the best match of `platform`; where that is NULL, this machine's or else the only one.
 * None: VL_ERR_NOT_FOUND with a list of what there is. */
VL_MUST_CHECK int vl_manifest_select(const struct vl_manifest *index, const char *platform, const char *name,
    struct vl_arena *arena, const struct vl_descriptor **ret, struct vl_err *err);

#endif
