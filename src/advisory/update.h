/* Parts of an update shared by update.c, update_fetch.c and bundle.c. */
#ifndef VL_ADVISORY_UPDATE_STATE_H
#define VL_ADVISORY_UPDATE_STATE_H

#include "advisory/feed.h"
#include "base/map.h"
#include "net/http_client.h"

/* Takes DB_PATH ".lock" for this process; the lock falls with the descriptor, also after kill -9. */
VL_MUST_CHECK int update_lock(const char *db_path, long wait_ms, int *ret_fd, struct vl_err *err);

/* Opens and verifies `fresh`, then renames it over db_path; removes it on failure. */
VL_MUST_CHECK int update_replace(const char *fresh, const char *db_path, struct vl_err *err);

/* Changes of an OSV export since it was fetched, kept beside it. */
#define UPDATE_CHANGES_FEW       200U  /* fetched one by one at once; more: the export is */
#define UPDATE_CHANGES_MAX       2000U /* kept beside an export */
#define UPDATE_CHANGES_BYTES_MAX (256UL * 1024 * 1024)
#define UPDATE_CHANGES_WHOLE     2

struct update_changes {
    struct vl_buf bytes;
    struct vl_map documents; /* id -> place in bytes; update_changes_at() */
};

/* PATH ".changes"; empty where there is none. To be done with in any case. */
VL_MUST_CHECK int update_changes_load(const char *path, struct update_changes *ret, struct vl_err *err);
void update_changes_done(struct update_changes *changes);
struct vl_span update_changes_at(const struct update_changes *changes, const struct vl_map_slot *slot);
VL_MUST_CHECK int update_changes_forget(const char *path, struct vl_err *err);

/* Asks the list beside `url` (…/all.zip) what changed after `since_ms`. 1: the changes are in PATH
 * ".changes"; 0: nothing changed; UPDATE_CHANGES_WHOLE: too much did, or since_ms is 0. *ret_newest_ms is the
 * date to ask for next time. */
VL_MUST_CHECK int update_changes_fetch(struct vl_http_client *client, const char *url, const char *path,
    int64_t since_ms, int64_t *ret_newest_ms, uint64_t *ret_bytes, struct vl_err *err);

/* What is known of a fetched feed. */
struct update_meta {
    char url[2048];
    char etag[512];
    char modified[128];
    int64_t fetched_ms;
    int64_t changes_ms; /* newest line of modified_id.csv that is in; 0 where there is none */
};

struct update_fetch {
    struct vl_http_client *client;
    const char *url;
    const char *path; /* the new file: PATH; partly fetched: PATH ".part" */
    uint64_t max_bytes;
    unsigned tries;
    const char *feed;
    void (*progress)(const struct vl_advisory_progress *progress, void *user);
    void *user;
};

/* 1 and the file at `path` with new meta, 0 where upstream says nothing changed. `meta` is what was known
 * before. */
/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7) in ms, 0 for anything else. */
int64_t update_http_date(const char *text);

VL_MUST_CHECK int update_fetch(
    const struct update_fetch *fetch, struct update_meta *meta, uint64_t *ret_bytes, struct vl_err *err);

/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7) in ms, 0 for anything else. */
int64_t update_http_date(const char *text);

/* Follows an address that names the place of a feed (mirror.list, repomd.xml, archive_latest.txt) to the feed
 * itself; any other address is given back as it is. The result lives in the arena, or is `url`. */
VL_MUST_CHECK int update_resolve(struct vl_http_client *client, const char *url, struct vl_arena *arena,
    const char **ret_url, struct vl_err *err);

/* PATH ".meta" beside a raw feed; absent is empty. */
void update_meta_read(const char *path, struct update_meta *ret);
VL_MUST_CHECK int update_meta_write(const char *path, const struct update_meta *meta, struct vl_err *err);

#endif
