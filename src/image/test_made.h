/* For the tests of this room: an image of two layers, the first of them gzipped, written by hand as
 * image-spec has it. */
#ifndef VL_IMAGE_TEST_MADE_H
#define VL_IMAGE_TEST_MADE_H

#include "base/buf.h"
#include "codec/digest.h"
#include "manifest.h"

#define MADE_TEXT_MAX 16384

struct made {
    char folder[64];
    struct vl_buf tar[2];  /* uncompressed */
    struct vl_buf blob[2]; /* as stored */
    char diff_id[2][VL_DIGEST_TEXT_MAX], digest[2][VL_DIGEST_TEXT_MAX];
    struct vl_buf config, manifest;
    char config_digest[VL_DIGEST_TEXT_MAX], manifest_digest[VL_DIGEST_TEXT_MAX];
};

/* A new folder with the blobs of the image in it; no index.json yet. `filler`: bytes of a further file in the
 * second layer that do not compress. */
void made_new(struct made *m, size_t filler);
void made_done(struct made *m); /* with the folder */

/* Writes configuration and manifest anew, for another platform, into the struct only. */
void made_config(struct made *m, const char *os, const char *arch);

void made_put_blob(const struct made *m, const char *digest, struct vl_span bytes);
VL_PRINTF(3, 4) void made_put_text(const struct made *m, const char *path, const char *format, ...);

/* oci-layout and index.json, where the image has the name 1.0; `more` is appended to the list. */
void made_put_index(const struct made *m, const char *more);

#endif
