/* What is in a target: the answer of indexing, before any advisory is looked at. It depends on the bytes of
 * the target and the indexer version alone, so it can be stored and matched again when advisory data changes.
 */
#ifndef VL_MODEL_INVENTORY_H
#define VL_MODEL_INVENTORY_H

#include "base/arena.h"
#include "base/notes.h"
#include "base/vec.h"
#include "model/distro.h"
#include "model/package.h"

#define VL_INVENTORY_PACKAGES_MAX 1000000
#define VL_INVENTORY_LAYERS_MAX   1024

/* Raised whenever the same bytes would give another inventory: cached layer indexes of another version are
 * not used. */
#define VL_INDEXER_VERSION 1

enum vl_target_kind {
    VL_TARGET_IMAGE,
    VL_TARGET_ROOTFS, /* an unpacked root: system paths are expected in their places */
    VL_TARGET_FS,     /* a project folder or single file: lock files and manifests count */
    VL_TARGET_SBOM,
};

struct vl_layer {
    const char *diff_id;    /* "sha256:…" of the uncompressed bytes */
    const char *digest;     /* "sha256:…" of the blob as stored; NULL where there is none (docker-archive) */
    const char *created_by; /* instruction of the image history; NULL where unknown */
    int64_t created_ms;     /* 0 where unknown */
    uint64_t size;          /* blob bytes; 0 where unknown */
    bool base;              /* belongs to the base image as far as known */
    bool ends_image; /* the history has CMD or ENTRYPOINT after it and before the next layer, as where an
                        image ends that others are built on */
};

struct vl_target {
    enum vl_target_kind kind;
    const char *name;        /* as the user gave it */
    const char *reference;   /* normalised image reference; NULL for other kinds */
    const char *digest;      /* manifest digest; NULL where there is none */
    const char *image_id;    /* config digest; NULL where there is none */
    const char *os;          /* "linux", "windows"; NULL where unknown */
    const char *arch;        /* "amd64", "arm64"; NULL where unknown */
    const char *variant;     /* "v7", "v8"; or NULL */
    const char *os_version;  /* config os.version (Windows build); or NULL */
    int64_t created_ms;      /* 0 where unknown */
    const char *const *tags; /* all references known to name this image */
    size_t n_tags;
    const char *base_name;   /* annotation org.opencontainers.image.base.name; or NULL */
    const char *base_digest; /* annotation org.opencontainers.image.base.digest; or NULL */
};

/* An executable or archive whose origin no package tells. */
struct vl_unidentified {
    const char *path;
    uint32_t layer;
    const char *kind; /* "elf", "pe", "go without build info", "jar without coordinates" … */
};

struct vl_secret {
    const char *rule; /* id of the rule in content/secrets */
    const char *title;
    const char *path;
    uint32_t line;
    uint32_t layer;
    const char *redacted; /* the line's match with the secret part replaced; never the secret itself */
    const char
        *fingerprint;  /* "sha256:" + 16 hex digits over rule and secret: tells repeats without showing it */
    unsigned severity; /* enum vl_severity */
    bool deleted;      /* removed in a later layer: still in the image for everyone who pulls it */
    const char *ignored; /* why an ignore file sets it aside; NULL: open. Set after the scan, never cached */
};

/* One node of an SBOM's graph depends on another, or contains it. A node is the index of a package, or
 * VL_INVENTORY_NODE_OTHER and a number below the count of edges times two: an element that is no package. */
#define VL_INVENTORY_EDGES_MAX  2000000
#define VL_INVENTORY_NODE_OTHER (1U << 31)

struct vl_inventory_edge {
    uint32_t from, to;
};

struct vl_inventory {
    struct vl_arena *arena; /* owned: holds all strings */
    struct vl_target target;
    struct vl_distro distro;
    struct vl_vec layers;       /* struct vl_layer, base first */
    struct vl_vec packages;     /* struct vl_package */
    struct vl_vec unidentified; /* struct vl_unidentified */
    struct vl_vec secrets;      /* struct vl_secret */
    struct vl_vec updates;      /* const char *: installed Windows KBs, "KB5034123" */
    struct vl_vec edges;        /* struct vl_inventory_edge: of an SBOM that tells them all; else none */
    struct vl_notes notes;      /* what could not be read: the result is partial if any says so */
    bool secrets_scanned;
    uint64_t files_seen;
    uint64_t bytes_read;
};

/* NULL only when there is no memory. */
struct vl_inventory *vl_inventory_new(void);
void vl_inventory_free(struct vl_inventory *inventory); /* accepts NULL */
void vl_inventory_cleanup(struct vl_inventory **inventory);

#endif
