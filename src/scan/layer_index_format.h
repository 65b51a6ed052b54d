/* The form of a layer index, for the encoder and the decoder.
 *
 * Numbers little-endian. In this order:
 *   magic "VLLI", u32 VL_INDEXER_VERSION, u32 flags, u8 kind and 64 bytes of the diff id, u64 bytes, u64
 * files, u64 dropped notes, u32 rank of the distribution u32 counts: paths, packages, owned, unidentified,
 * updates, licences, secrets, notes u64 pool, u64 names, u64 lists: bytes of the three blocks of text once
 * decoded pool: texts, each once, each with a NUL; a text elsewhere is its u32 place here, NONE for NULL, 0
 * for "" paths: u8 kind (TARGET added where there is one), varint bytes shared with the path before, varint
 * length and bytes of the rest; then varint length and bytes of the target owned: package, arch, varint
 * lines, each as a path above: what shares bytes with the line before the other records, as the tables below
 * have them */
#ifndef VL_SCAN_LAYER_INDEX_FORMAT_H
#define VL_SCAN_LAYER_INDEX_FORMAT_H

#include "layer_index.h"

#define VL_INDEX_MAGIC       "VLLI"
#define VL_INDEX_NONE        UINT32_MAX
#define VL_INDEX_PATH_TARGET 0x80U

enum vl_index_flag {
    VL_INDEX_HAS_DIFF_ID = 1U << 0,
    VL_INDEX_SECRETS_SCANNED = 1U << 1,
    VL_INDEX_HAS_DISTRO = 1U << 2,
    VL_INDEX_PARTIAL = 1U << 3,
    VL_INDEX_FLAGS = (1U << 4) - 1,
};

#define VL_INDEX_PACKAGE_FLAGS ((1U << 8) - 1) /* all of enum vl_package_flag */

/* Texts of a record, in the order they are written. A text that must be there is "" where it is NULL. */
struct vl_index_text {
    size_t at;
    bool nullable;
};

static const struct vl_index_text vl_index_package_texts[] = {
    {offsetof(struct vl_package, name), false},
    {offsetof(struct vl_package, version), false},
    {offsetof(struct vl_package, path), false},
    {offsetof(struct vl_package, arch), true},
    {offsetof(struct vl_package, source_name), true},
    {offsetof(struct vl_package, source_version), true},
    {offsetof(struct vl_package, vendor), true},
    {offsetof(struct vl_package, module), true},
    {offsetof(struct vl_package, purl), true},
    {offsetof(struct vl_package, digest), true},
};

static const struct vl_index_text vl_index_owned_texts[] = {
    {offsetof(struct vl_package_owned, package), false},
    {offsetof(struct vl_package_owned, arch), true},
};

static const struct vl_index_text vl_index_unidentified_texts[] = {
    {offsetof(struct vl_package_unidentified, path), false},
    {offsetof(struct vl_package_unidentified, kind), false},
};

static const struct vl_index_text vl_index_update_texts[] = {{0, false}};

static const struct vl_index_text vl_index_license_texts[] = {
    {offsetof(struct vl_package_license, package), false},
    {offsetof(struct vl_package_license, license), false},
};

static const struct vl_index_text vl_index_secret_texts[] = {
    {offsetof(struct vl_secret, rule), false},
    {offsetof(struct vl_secret, title), false},
    {offsetof(struct vl_secret, path), false},
    {offsetof(struct vl_secret, redacted), false},
    {offsetof(struct vl_secret, fingerprint), false},
};

static const struct vl_index_text vl_index_note_texts[] = {
    {offsetof(struct vl_note, object), false},
    {offsetof(struct vl_note, message), false},
};

static const struct vl_index_text vl_index_distro_texts[] = {
    {offsetof(struct vl_distro, id), false},
    {offsetof(struct vl_distro, id_like), false},
    {offsetof(struct vl_distro, version_id), false},
    {offsetof(struct vl_distro, codename), false},
    {offsetof(struct vl_distro, pretty_name), false},
    {offsetof(struct vl_distro, variant_id), false},
    {offsetof(struct vl_distro, cpe_name), false},
};

/* Of one path a mark stands behind the entry itself: the order of vl_layer_paths_sort(). */
static inline unsigned vl_index_path_rank(unsigned kind)
{
    return kind == VL_LAYER_PATH_WHITEOUT ? 1 : kind == VL_LAYER_PATH_OPAQUE ? 2 : 0;
}

#endif
