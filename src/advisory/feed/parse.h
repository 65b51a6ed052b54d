/* Feed parsers: one a format, each a pure function from the bytes of one document to records. */
#ifndef VL_ADVISORY_FEED_PARSE_H
#define VL_ADVISORY_FEED_PARSE_H

#include "codec/doc.h"
#include "record.h"

struct vl_feed_context {
    const char *feed;       /* "osv/npm", "debian": for messages */
    const char *ecosystem;  /* OSV ecosystem where the documents do not name it; or NULL */
    struct vl_arena *arena; /* for one document: reset by the caller after each */
};

typedef int vl_feed_parse_fn(struct vl_span bytes, const char *object, const struct vl_feed_context *context,
    struct vl_record_sink *sink, struct vl_err *err);

vl_feed_parse_fn vl_feed_parse_osv;
vl_feed_parse_fn vl_feed_parse_debian_tracker;
vl_feed_parse_fn vl_feed_parse_debian_list; /* data/DSA/list, data/DLA/list */
vl_feed_parse_fn vl_feed_parse_alpine_secdb;
vl_feed_parse_fn vl_feed_parse_rubysec;
vl_feed_parse_fn vl_feed_parse_friendsofphp;
vl_feed_parse_fn vl_feed_parse_nodejs_security_wg;
vl_feed_parse_fn vl_feed_parse_retirejs;
vl_feed_parse_fn vl_feed_parse_kev;
vl_feed_parse_fn vl_feed_parse_epss;
vl_feed_parse_fn vl_feed_parse_vulnrichment_tsv;
vl_feed_parse_fn vl_feed_parse_cve5;
vl_feed_parse_fn vl_feed_parse_wesng;
vl_feed_parse_fn vl_feed_parse_csaf;
vl_feed_parse_fn vl_feed_parse_updateinfo;
vl_feed_parse_fn vl_feed_parse_oval;
vl_feed_parse_fn vl_feed_parse_photon;
vl_feed_parse_fn vl_feed_parse_starter;

/* Lists that parsers build in the arena of the document; a failed push shows in vl_arena_check(). */
struct vl_feed_list {
    struct vl_span *items;
    size_t n;
    size_t cap;
};
void vl_feed_list_add(struct vl_feed_list *list, struct vl_arena *arena, struct vl_span item);
bool vl_feed_list_has(const struct vl_feed_list *list, struct vl_span item);

/* The same for any item type: room for one more, zeroed; NULL where the arena is full. */
void *vl_feed_push(void **items, size_t *n, size_t *cap, size_t item_size, struct vl_arena *arena);

/* String members of an array, or one string; other types are skipped. */
void vl_feed_list_add_strings(
    struct vl_feed_list *list, struct vl_arena *arena, const struct vl_doc_node *node);

/* "CWE-79" and "79" give 79; 0 for anything else. */
uint32_t vl_feed_cwe(struct vl_span text);

/* A copy in the arena of what vl_space_append_name() makes of it; `name` itself where nothing changes. */
struct vl_span vl_feed_name(struct vl_span space, struct vl_span name, struct vl_arena *arena);
/* Namespace of an OSV ecosystem, copied into the arena; empty where it is not judged. */
struct vl_span vl_feed_space(struct vl_span osv, struct vl_arena *arena);

/* "CVE-2021-44228" in upper case; false for anything else. */
bool vl_feed_is_cve(struct vl_span id);

/* Parses requirements of one || alternative, as feeds write them: ">=1.0 <1.2", ">= 1.0, < 1.2", "=1.0",
 * "1.0", "> 0.9 <= 2", "*". False where it holds anything else (caret, tilde, x-ranges, !=). An exact version
 * is put into `versions`. */
bool vl_feed_interval(struct vl_span text, struct vl_arena *arena, struct vl_record_range *ret_range,
    struct vl_feed_list *versions);

#endif
