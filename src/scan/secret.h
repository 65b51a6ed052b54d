/* Secrets in files: keys, tokens, passwords by many patterns at once, then entropy and context checks. Rules
 * are data: content/secrets.tsv, built in. */
#ifndef VL_SCAN_SECRET_H
#define VL_SCAN_SECRET_H

#include "base/arena.h"
#include "base/vec.h"
#include "model/inventory.h"

#define VL_SECRET_FILE_MAX     (4UL * 1024 * 1024) /* larger files are not looked into; counted by the caller */
#define VL_SECRET_FINDINGS_MAX 10000               /* a layer */

struct vl_secret_scanner; /* compiled rules; one thread at a time */

VL_MUST_CHECK int vl_secret_scanner_new(struct vl_secret_scanner **ret, struct vl_err *err);
void vl_secret_scanner_free(struct vl_secret_scanner *scanner); /* accepts NULL */
void vl_secret_scanner_cleanup(struct vl_secret_scanner **scanner);

/* Whether a file is worth looking into, by path, mode, size and first bytes: no binaries, images, archives,
 * no documentation of distributions, no lock files (hashes look like keys). */
bool vl_secret_wants(const char *path, uint32_t mode, uint64_t size, struct vl_span head);

/* Appends struct vl_secret (rule, title, path, line, redacted, fingerprint, severity); strings in `arena`.
 * The same secret twice in a file is one. After VL_ERR_LIMIT what was found before it has been appended all
 * the same. */
VL_MUST_CHECK int vl_secret_scan(struct vl_secret_scanner *scanner, const char *path, struct vl_span content,
    struct vl_arena *arena, struct vl_vec *secrets, struct vl_err *err);

#endif
