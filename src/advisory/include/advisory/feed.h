/* Keeping an advisory database up to date: from upstream feeds, from mirrors, from a folder, from a ready and
 * signed database. Nothing is ever half-applied: a new file is built or fetched beside the old one, opened,
 * verified page by page, and renamed over it; readers have the old or the new. */
#ifndef VL_ADVISORY_FEED_H
#define VL_ADVISORY_FEED_H

#include "advisory/build.h"
#include "base/buf.h"

struct vl_http_options;

/* Where a feed comes from instead of upstream: "osv/npm" or "osv/" + "*" for all of OSV; url https://,
 * http://, file:// ("*" stands for the ecosystem), "" to leave the feed out. */
struct vl_advisory_source {
    const char *name;
    const char *url;
};

enum vl_advisory_feed_state {
    VL_FEED_UPDATED = 0,
    VL_FEED_UNCHANGED, /* upstream says so (ETag or Last-Modified) */
    VL_FEED_KEPT,      /* failed: the data from before is still in use */
    VL_FEED_MISSING,   /* failed, and there is no data from before */
};

struct vl_advisory_feed_result {
    const char *name; /* lent until the callback returns */
    enum vl_advisory_feed_state state;
    const char *message; /* why it failed; "" otherwise */
    uint64_t bytes;      /* fetched now */
};

struct vl_advisory_progress {
    const char *feed;
    uint64_t done;  /* bytes */
    uint64_t total; /* 0 where unknown */
};

struct vl_advisory_update_options {
    const char *db_path;
    const char *state_dir; /* raw feeds with their ETags; NULL: DB_PATH ".feeds" */
    const struct vl_advisory_source *sources;
    size_t n_sources;
    const char *const *only; /* feeds to fetch; the others stay as they are; NULL: all */
    size_t n_only;
    const struct vl_http_options *http; /* NULL: defaults */
    uint64_t max_feed_bytes;            /* 0: 2 GiB */
    unsigned tries;                     /* a feed; 0: 4, with back-off of 1, 4, 16 s */
    long lock_wait_ms;                  /* for another update to end; 0: an error at once */
    int64_t now_ms;                     /* written as date of fetch; 0: the clock */
    void (*progress)(const struct vl_advisory_progress *progress, void *user); /* or NULL */
    void (*result)(const struct vl_advisory_feed_result *result, void *user);  /* or NULL: once a feed */
    void *user;
};

/* Fetches every feed of content/feeds.tsv that has a URL, each conditionally, with resume; builds and
 * replaces the database. A feed that fails keeps its old data and is reported; an error only where nothing
 * could be built. */
VL_MUST_CHECK int vl_advisory_update(const struct vl_advisory_update_options *options,
    struct vl_advisory_build_stats *ret_stats, struct vl_err *err);

/* From a folder laid out as docs/advisory-feeds.md says, without network. */
VL_MUST_CHECK int vl_advisory_update_from_folder(const char *folder, const char *db_path, long lock_wait_ms,
    struct vl_notes *notes, struct vl_advisory_build_stats *ret_stats, struct vl_err *err);

/* The starter set that is built in: covers the demonstration image, nothing else, and says so. */
VL_MUST_CHECK int vl_advisory_update_from_starter(
    const char *db_path, long lock_wait_ms, struct vl_advisory_build_stats *ret_stats, struct vl_err *err);

/* --- ready databases --- */

/* Three files in a folder, also when served by https: advisory.vadb.zst (one zstd frame), advisory.meta
 * (lines "name value": digest and size of the database unpacked, data, records), advisory.sig (Ed25519 over
 * the bytes of advisory.meta, base64; absent without a key). */
#define VL_ADVISORY_FILE_DB   "advisory.vadb.zst"
#define VL_ADVISORY_FILE_META "advisory.meta"
#define VL_ADVISORY_FILE_SIG  "advisory.sig"

VL_MUST_CHECK int vl_advisory_publish_folder(const char *db_path, struct vl_span private_pem,
    const char *folder, struct vl_err *err); /* empty key: unsigned */

struct vl_advisory_install_options {
    const char *db_path;
    struct vl_span public_pem; /* empty: signatures are not asked for */
    bool allow_unsigned;       /* with no key: take what has none */
    bool allow_older;          /* than the data of the database in place */
    const struct vl_http_options *http;
    long lock_wait_ms;
};

/* `from`: a folder, a bundle file, or an https:// address of a folder. *ret_changed is false where the same
 * database is in place already. Older data than that in place is refused, against roll-back. */
VL_MUST_CHECK int vl_advisory_install(const struct vl_advisory_install_options *options, const char *from,
    bool *ret_changed, struct vl_err *err);

/* Whole content given: what an OCI artifact's layers hold; `db` as packed. */
VL_MUST_CHECK int vl_advisory_install_bytes(const struct vl_advisory_install_options *options,
    struct vl_span meta, struct vl_span signature, struct vl_span db, bool *ret_changed, struct vl_err *err);

/* One file for air-gapped sites: a chunk file "VADX" with database, metadata and signature. */
VL_MUST_CHECK int vl_advisory_export(
    const char *db_path, struct vl_span private_pem, const char *bundle_path, struct vl_err *err);

/* Appends the three files of a ready database: what an OCI artifact's layers hold. Signature empty without a
 * key; the database packed. */
VL_MUST_CHECK int vl_advisory_read_ready(const char *db_path, struct vl_span private_pem,
    struct vl_buf *ret_meta, struct vl_buf *ret_signature, struct vl_buf *ret_db, struct vl_err *err);

/* Text of advisory.meta for a database; appended. */
VL_MUST_CHECK int vl_advisory_meta(const char *db_path, struct vl_buf *out, struct vl_err *err);

#endif
