/* An inventory as bytes: what a scan process answers and what the server stores, to be matched anew when
 * advisories change.
 *
 * Little-endian, length-prefixed strings, a string table, a version; unknown versions are VL_ERR_UNSUPPORTED.
 * The bytes are hostile when decoded (a process that was taken over, a damaged store).
 * docs/design/0017-inventory-form.md has the layout. */
#ifndef VL_SCAN_INVENTORY_CODEC_H
#define VL_SCAN_INVENTORY_CODEC_H

#include "base/buf.h"
#include "model/inventory.h"

#define VL_INVENTORY_ENCODED_MAX (256UL * 1024 * 1024)

/* Appends. Everything that matching, reports and lineage need is kept: target, layers, distribution, packages
 * with all members, owned files as far as they matter, unidentified files, secrets, notes. */
VL_MUST_CHECK int vl_inventory_encode(
    const struct vl_inventory *inventory, struct vl_buf *out, struct vl_err *err);

/* `bytes` are lent for the call only. Anything inconsistent is VL_ERR_CORRUPT. */
VL_MUST_CHECK int vl_inventory_decode(struct vl_span bytes, struct vl_inventory **ret, struct vl_err *err);

/* For the store: zstd around it (level 3 packs 1,200 packages into some 20 kB); the plain length is bounded
 * by VL_INVENTORY_ENCODED_MAX. */
VL_MUST_CHECK int vl_inventory_pack(struct vl_span encoded, struct vl_buf *out, struct vl_err *err);
VL_MUST_CHECK int vl_inventory_unpack(struct vl_span packed, struct vl_inventory **ret, struct vl_err *err);

/* The same against the encoded bytes of another inventory, which most of these repeat: what is packed with a
 * base is unpacked with that base alone. An empty `base`: it stands alone. Both append; the unpacked bytes
 * are for vl_inventory_decode(). Damage of either, or another base, is VL_ERR_CORRUPT. */
VL_MUST_CHECK int vl_inventory_pack_with(
    struct vl_span encoded, struct vl_span base, struct vl_buf *out, struct vl_err *err);
VL_MUST_CHECK int vl_inventory_unpack_with(
    struct vl_span packed, struct vl_span base, struct vl_buf *ret_encoded, struct vl_err *err);

#endif
