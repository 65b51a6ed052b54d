/* Feeds as files: kinds of documents, containers they come in, the table of feeds. */
#ifndef VL_ADVISORY_FEED_FEED_H
#define VL_ADVISORY_FEED_FEED_H

#include "base/map.h"
#include "feed/parse.h"

#define VL_FEED_FILE_MAX     (2UL * 1024 * 1024 * 1024)  /* a feed as it lies on disk */
#define VL_FEED_DOCUMENT_MAX (1UL * 1024 * 1024 * 1024)  /* one document of it, unpacked */
#define VL_FEED_OUTPUT_MAX   (64UL * 1024 * 1024 * 1024) /* all of it, unpacked */
#define VL_FEED_DAMAGED_MAX  20U /* percent of documents that may be unreadable before the feed is refused */

struct vl_feed_kind {
    const char *name;
    vl_feed_parse_fn *parse;
    bool (*wants)(const char *path); /* of a document in an archive */
};

const struct vl_feed_kind *vl_feed_kind_find(struct vl_span name); /* NULL where unknown */

/* One row of content/feeds.tsv, split; spans into the text. "-" is given as the empty span. */
struct vl_feed_row {
    struct vl_span name, kind, local, url, ecosystem, title;
};
/* Next row; false at the end. Comments and empty lines are passed over. */
bool vl_feed_row_next(struct vl_span *rest, struct vl_feed_row *ret);
/* The table that is built in. */
struct vl_span vl_feed_rows(void);

/* Reads a feed from a file: a document, compressed or not, or a zip or tar of documents. A document of an
 * archive that cannot be read is counted in the sink; too many of them are an error, and so is a single one.
 */
VL_MUST_CHECK int vl_feed_read_file(const char *path, const struct vl_feed_kind *kind, const char *feed,
    const char *ecosystem, struct vl_record_sink *sink, struct vl_err *err);
/* The same without the documents of an archive that `but` names (without folder and ".json"). */
VL_MUST_CHECK int vl_feed_read_file_but(const char *path, const struct vl_feed_kind *kind, const char *feed,
    const char *ecosystem, const struct vl_map *but, struct vl_record_sink *sink, struct vl_err *err);
VL_MUST_CHECK int vl_feed_read_bytes(struct vl_span bytes, const char *name, const struct vl_feed_kind *kind,
    const char *feed, const char *ecosystem, struct vl_record_sink *sink, struct vl_err *err);

/* The starter set, built in from content/advisories: one part a file, named as the file. */
struct vl_feed_starter {
    const char *name;
    struct vl_span text;
};
size_t vl_feed_starter_count(void);
struct vl_feed_starter vl_feed_starter_at(size_t index);

#endif
