/* Facts of images into the tables: package lists, packages, vulnerabilities, what they mean for packages, and
 * findings. Texts are interned: what is there already is found by a cache, else by sixty a question.
 *
 *   vl_repo_facts_resolve()  with a connection for reading: which rows are there
 *   vl_repo_facts_store()    in a write: what is missing or has changed, and nothing else
 *   vl_facts_learn()         once that write is durable */
#ifndef VL_SERVER_REPO_FACTS_H
#define VL_SERVER_REPO_FACTS_H

#include "findings/facts.h"
#include "store/store.h"

/* Ids of interned rows, of committed writes only. Thread-safe. */
struct vl_facts_cache;
VL_MUST_CHECK int vl_facts_cache_new(struct vl_facts_cache **ret, struct vl_err *err);
void vl_facts_cache_free(struct vl_facts_cache *cache); /* accepts NULL */

/* `list`: of all packages, for a new package list; else of those with findings only. */
VL_MUST_CHECK int vl_repo_facts_resolve(struct vl_store_conn *conn, struct vl_facts_cache *cache,
    struct vl_facts *facts, bool list, struct vl_err *err);

/* Whether a match is there that the database does not have yet: its remedy is needed
 * (vl_scan_remedies() of the result, before the write). */
bool vl_facts_want_remedies(const struct vl_facts *facts);

struct vl_facts_store {
    const char *digest; /* of the image */
    const char *media_type;
    const char
        *list_hash;      /* of vl_facts_list(), or NULL: a rematch, which leaves image, list and layers be */
    struct vl_span list; /* packed: vl_repo_list_pack() */
    int64_t list_base;   /* what it is packed against; 0: it stands alone */
    const char *database_digest; /* what it was matched with; "" without a database */
    const char *why;             /* "scan", "advisories", "indexer" */
    bool many; /* rows together in one statement: PostgreSQL, where each goes out and back; SQLite keeps a
                  journal of such a statement, which costs more than it saves */
    int64_t now;
};

#define VL_FACTS_NAMED 5

struct vl_facts_change {
    int64_t image;                        /* id */
    int64_t added, gone;                  /* open findings */
    int64_t critical_added;               /* of them */
    int64_t changed;                      /* rows written, all in all: 0 where everything was there */
    const char *critical[VL_FACTS_NAMED]; /* names of the first of the critical ones that were added */
};

/* In a write, which may run again. VL_ERR_NOT_FOUND: a rematch of an image that is not there any more. */
VL_MUST_CHECK int vl_repo_facts_store(struct vl_store_conn *conn, struct vl_facts *facts,
    const struct vl_facts_store *store, struct vl_facts_change *ret, struct vl_err *err);

void vl_facts_learn(struct vl_facts_cache *cache, struct vl_facts *facts);

/* What a match says of the image as a whole. Texts live as long as the result and its facts. */
struct vl_facts_verdict {
    const char *digest;
    int assessed; /* enum vl_assessed */
    const char *why_not, *coverage;
    int64_t database_ms;
    struct vl_facts_counts counts;
};
void vl_facts_verdict_of(
    const struct vl_facts *facts, const struct vl_facts_store *store, struct vl_facts_verdict *ret);

/* Whether the findings in the database are those of the facts, after vl_repo_facts_resolve(): then the
 * verdict is all that is to be written. */
VL_MUST_CHECK int vl_repo_facts_same(
    struct vl_store_conn *conn, const struct vl_facts *facts, int64_t image, bool *ret, struct vl_err *err);
/* Writes the verdict: 1, 0 where the image is gone. *ret_image may be NULL. */
VL_MUST_CHECK int vl_repo_facts_verdict(struct vl_store_conn *conn, const struct vl_facts_verdict *verdict,
    const char *database_digest, int64_t now, int64_t *ret_image, struct vl_err *err);

#endif
