/* What the readers of the SBOM formats share: they fill a component, sbom_package.c makes a package of it. */
#ifndef VL_PACKAGE_ARTIFACT_SBOM_H
#define VL_PACKAGE_ARTIFACT_SBOM_H

#include "base/map.h"
#include "codec/doc.h"
#include "model/inventory.h"
#include "model/purl.h"

#define SBOM_DEPTH_MAX    64            /* components inside components */
#define SBOM_LICENSES_MAX 256           /* of one component; more are counted */
#define SBOM_TEXT_MAX     (64UL * 1024) /* one value */

/* One document on its way into an inventory, or into the sink of a target that holds it as a file. */
struct sbom {
    const char *name;               /* for messages */
    const char *path;               /* packages that tell no path of their own get this one */
    struct vl_arena *arena;         /* lent: strings of the packages */
    struct vl_notes *notes;         /* lent */
    struct vl_vec *packages;        /* lent: struct vl_package */
    struct vl_inventory *inventory; /* lent; NULL where the document is a file of a target */
    struct vl_arena *scratch;       /* owned: one component's decoded purl */
    struct vl_map layers;           /* diff id -> index */
    struct vl_span license_texts[SBOM_LICENSES_MAX]; /* of the one component that is being read */
    struct vl_map licenses;   /* text -> copy in the arena: the same few are told again and again */
    bool has_system;          /* an operating-system component told the distribution */
    uint64_t without_purl;    /* no package URL */
    uint64_t unknown_purl;    /* one of a type without an ecosystem, or a bad one */
    uint64_t of_distribution; /* left to the target's own database */
    uint64_t licenses_dropped;
    struct vl_vec owners;        /* struct sbom_owner, settled when all packages are there */
    uint32_t last_layer;         /* that the properties of layers are about; VL_LAYER_NONE at first */
    const char *first_unmatched; /* name of the first of without_purl and unknown_purl */
};

struct sbom_owner {
    size_t package; /* index */
    const char *name;
};

/* Spans are lent by the document. Empty where it does not tell. */
struct sbom_component {
    struct vl_span group, name, version, purl;
    struct vl_span path;
    struct vl_span arch;
    struct vl_span source_name, source_version;
    struct vl_span source_epoch, source_release; /* where the format holds them apart */
    struct vl_span source_rpm;                   /* "bash-5.1-6.el9.src.rpm" */
    struct vl_span epoch;                        /* where the format holds it apart */
    struct vl_span vendor, module;
    struct vl_span layer_diff_id, layer_digest;
    struct vl_span sha1, sha256; /* hex digits */
    uint32_t n_licenses;         /* in sbom.license_texts */
    unsigned flags;
    uint32_t line;
    /* Written by ourselves: the fields are taken as they are. */
    struct vl_span ecosystem;
    struct vl_span digest, owner;
};

struct sbom_system {
    struct vl_span id, version, codename, pretty_name, id_like, variant_id, cpe_name;
    bool exact; /* written by ourselves, or an os-release taken over: no other tool's words */
};

/* 0, -errno: no memory, or more packages than the limit. */
VL_MUST_CHECK int sbom_add(struct sbom *sbom, const struct sbom_component *component, struct vl_err *err);
VL_MUST_CHECK int sbom_set_system(struct sbom *sbom, const struct sbom_system *system, struct vl_err *err);

/* A component without version or URL: nothing that could be matched. */
void sbom_count_unmatched(struct sbom *sbom, struct vl_span name);

void sbom_add_license(struct sbom *sbom, struct sbom_component *component, struct vl_span text);

/* Fills vl_package.owner of those that name one. */
VL_MUST_CHECK int sbom_settle_owners(struct sbom *sbom, struct vl_err *err);

/* Index of the layer, added where it is new; VL_LAYER_NONE for an empty id and outside of an inventory. */
VL_MUST_CHECK int sbom_layer(struct sbom *sbom, struct vl_span diff_id, struct vl_span digest,
    uint32_t *ret_index, struct vl_err *err);

/* Copies into *field of the target, where there is an inventory and the text is not empty. */
VL_MUST_CHECK int sbom_set_text(
    struct sbom *sbom, const char **field, struct vl_span text, struct vl_err *err);

/* "Key: value" or our "key=value" of a property or annotation, that Trivy, Syft and we write alike into
 * several formats. True where it was known. */
bool sbom_property(
    struct sbom *sbom, struct sbom_component *component, struct vl_span key, struct vl_span value);

/* The same for properties of the image; of the distribution. */
VL_MUST_CHECK int sbom_target_property(
    struct sbom *sbom, struct vl_span key, struct vl_span value, struct vl_err *err);
bool sbom_system_property(struct sbom_system *system, struct vl_span key, struct vl_span value);

/* "sha256:…" as version or digest of the image, its name as reference. */
VL_MUST_CHECK int sbom_set_image(
    struct sbom *sbom, struct vl_span name, struct vl_span version, struct vl_err *err);

/* The formats. */
VL_MUST_CHECK int sbom_read_cyclonedx(struct sbom *sbom, const struct vl_doc_node *root, struct vl_err *err);
VL_MUST_CHECK int sbom_read_spdx(struct sbom *sbom, const struct vl_doc_node *root, struct vl_err *err);
VL_MUST_CHECK int sbom_read_spdx_tags(struct sbom *sbom, struct vl_span text, struct vl_err *err);
VL_MUST_CHECK int sbom_read_xml(struct sbom *sbom, struct vl_span content, struct vl_err *err);
VL_MUST_CHECK int sbom_read_syft(struct sbom *sbom, const struct vl_doc_node *root, struct vl_err *err);

/* What the two forms of SPDX share: sourceInfo ("built package from: NAME VERSION"), one annotation or
 * attribution text, one package when all is known. */
void sbom_spdx_source_info(struct sbom_component *component, struct vl_span text);
struct sbom_spdx_package {
    struct sbom_component component;
    struct sbom_system system;
    struct vl_span id;      /* "SPDXRef-…" */
    struct vl_span purpose; /* "OPERATING-SYSTEM", "CONTAINER" … */
    struct vl_span supplier;
    bool described; /* what the document is about */
};
VL_MUST_CHECK int sbom_spdx_comment(
    struct sbom *sbom, struct sbom_spdx_package *package, struct vl_span text, struct vl_err *err);
VL_MUST_CHECK int sbom_spdx_finish(struct sbom *sbom, struct sbom_spdx_package *package, struct vl_err *err);

/* Any of them, and what holds them. */
VL_MUST_CHECK int sbom_read_any(
    struct sbom *sbom, struct vl_span content, unsigned depth, struct vl_err *err);

#endif
