/* What an environment sees of images. Facts of a digest are shared; a row of registry_image with fetched_at >
 * 0 shows them to its environment, one without shows that the registry names the digest, and its state.
 * Counts are those of the image less what the environment's exemptions and rules take out. */
#ifndef VL_SERVER_REPO_IMAGE_H
#define VL_SERVER_REPO_IMAGE_H

#include "model/result.h"
#include "store/store.h"

#define VL_IMAGE_TAGS_MAX   1000 /* of one manifest in one repository */
#define VL_IMAGE_PLACES_MAX 1000 /* repositories of one environment that a digest lies in */

/* Open findings. Negligible ones are counted with low. */
struct vl_image_counts {
    int64_t critical, high, medium, low, unknown;
    int64_t fixable, kev;
};

/* A manifest in a repository. Spans are lent until the callback returns; empty where there is nothing. */
struct vl_image_row {
    int64_t id;    /* of registry_image */
    int64_t image; /* of image; 0: no facts that this environment may see */
    int64_t registry;
    struct vl_span registry_name, registry_host, repository, digest, parent, platform;
    int state; /* enum vl_image_state */
    struct vl_span stage, error, error_code;
    int64_t next_try, pushed, pulled, first_seen, last_seen, completed, deleted; /* ms; 0: not known */
    int64_t risk;
    /* Those that name its manifest, or the list of platforms that it is of: newest first, a line each. */
    struct vl_span tags;
    /* facts; only where image is not 0 */
    struct vl_span os, arch, variant, distro, why_not;
    int64_t size;
    int assessed;                  /* enum vl_assessed; -1: not matched yet */
    struct vl_image_counts counts; /* only where assessed is FULL or PARTIAL */
};

enum vl_image_sort {
    VL_IMAGE_BY_RISK = 0,   /* exploited, critical, high …: most first */
    VL_IMAGE_BY_PUSHED,     /* newest first */
    VL_IMAGE_BY_REPOSITORY, /* A to Z */
};

struct vl_image_filter {
    int64_t environment;
    int64_t registry;       /* 0: any */
    const char *repository; /* "": any */
    int state;              /* -1: any */
    int severity;           /* has at least one of it (enum vl_severity; LOW stands for both); -1: any */
    const char *q;          /* substring of repository, tag or digest, case-blind; "": any */
    bool fixable, kev;      /* has at least one */
};

/* Where a page goes on: the last item of the one before. */
struct vl_image_after {
    bool resumed;
    int64_t number;   /* its risk, or when it was pushed */
    const char *text; /* its repository */
    int64_t id;
};

/* Calls `each` for at most `limit` rows; a positive answer of it ends the list. */
typedef int vl_image_each(const struct vl_image_row *row, void *user, struct vl_err *err);
VL_MUST_CHECK int vl_repo_image_list(struct vl_store_conn *conn, const struct vl_image_filter *filter,
    enum vl_image_sort sort, const struct vl_image_after *after, int64_t limit, vl_image_each *each,
    void *user, struct vl_err *err);
/* How many there are, counted up to `max`. */
VL_MUST_CHECK int vl_repo_image_count(struct vl_store_conn *conn, const struct vl_image_filter *filter,
    int64_t max, int64_t *ret, struct vl_err *err);

/* The places of a digest that are not deleted (`deleted`: those too, where the manifest had been fetched). */
VL_MUST_CHECK int vl_repo_image_places(struct vl_store_conn *conn, int64_t environment, const char *digest,
    bool deleted, vl_image_each *each, void *user, struct vl_err *err);
/* The same by the image's id. */
VL_MUST_CHECK int vl_repo_image_places_of(struct vl_store_conn *conn, int64_t environment, int64_t image,
    bool deleted, vl_image_each *each, void *user, struct vl_err *err);

/* What the places of an image say together: when it was seen, and whether it is there still. */
struct vl_image_seen {
    int64_t first, last; /* ms */
    bool present;
    unsigned places; /* that were read: VL_IMAGE_PLACES_MAX at most */
};

/* The id of an image whose facts the environment sees: 1, or 0 where it sees none. */
VL_MUST_CHECK int vl_repo_image_find(
    struct vl_store_conn *conn, int64_t environment, const char *digest, int64_t *ret_id, struct vl_err *err);
/* Whether the digest is a list of platforms in this environment: 1 or 0. */
VL_MUST_CHECK int vl_repo_image_is_index(
    struct vl_store_conn *conn, int64_t environment, const char *digest, struct vl_err *err);

/* Everything that is known of an image, whoever sees it; texts in the arena, NULL where not known. */
struct vl_image_facts {
    int64_t id;
    const char *digest, *media_type, *config_digest, *os, *arch, *variant, *os_version, *distro;
    int64_t size, created;
    const char *base_name, *base_digest;
    int64_t list; /* of package_list */
    int64_t indexer_version, indexed;
    int assessed; /* enum vl_assessed */
    const char *why_not, *coverage, *database_digest;
    int64_t database, matched;
    int64_t packages;
};
/* 1, or 0 where there is none. */
VL_MUST_CHECK int vl_repo_image_facts(struct vl_store_conn *conn, int64_t image, struct vl_arena *arena,
    struct vl_image_facts *ret, struct vl_err *err);

struct vl_image_layer {
    int64_t ordinal, layer, size;
    const char *diff_id, *digest, *created_by;
    bool base;
    struct vl_image_counts counts;
};
VL_MUST_CHECK int vl_repo_image_layers(struct vl_store_conn *conn, int64_t environment, int64_t image,
    struct vl_arena *arena, struct vl_image_layer **ret, size_t *ret_n, struct vl_err *err);

/* The image's open findings less what the environment takes out. */
VL_MUST_CHECK int vl_repo_image_counts(struct vl_store_conn *conn, int64_t environment, int64_t image,
    struct vl_image_counts *ret, struct vl_err *err);

/* --- for those who write --- */

/* The place of an image in every environment's list: call it inside of the write that changes its counts, its
 * findings' exemptions, or that first sets fetched_at. */
VL_MUST_CHECK int vl_repo_image_rank(struct vl_store_conn *conn, int64_t image, struct vl_err *err);
/* The same in one environment: where its exemptions of this image changed. */
VL_MUST_CHECK int vl_repo_image_rank_in(
    struct vl_store_conn *conn, int64_t environment, int64_t image, struct vl_err *err);
/* The same for all images of an environment: after a rule or exemption that may touch many. */
VL_MUST_CHECK int vl_repo_image_rank_all(struct vl_store_conn *conn, int64_t environment, struct vl_err *err);

#endif
