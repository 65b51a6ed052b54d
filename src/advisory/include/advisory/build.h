/* Builds an advisory database file from records of feeds. Same input, same bytes. Texts are spooled to an
 * unnamed temporary file: memory grows with the number of ids and rows (about 200 bytes a record), not with
 * the size of the feeds. */
#ifndef VL_ADVISORY_BUILD_H
#define VL_ADVISORY_BUILD_H

#include "advisory/db.h"
#include "base/notes.h"

struct vl_record_sink;
struct vl_advisory_builder;

struct vl_advisory_build_stats {
    uint64_t records;    /* what feeds gave, one for each package and vulnerability named by a record, and one
                            for each vulnerability and each row of facts: as the size bar counts */
    uint64_t advisories; /* documents */
    uint64_t vulnerabilities; /* after merging aliases */
    uint64_t packages;
    uint64_t rows;
    uint64_t ids;
    uint64_t namespaces;
    uint64_t windows_rows;
    uint64_t withdrawn;
    uint64_t file_bytes;
    uint64_t text_bytes; /* of it */
};

/* `temp_dir` NULL: $TMPDIR or /tmp. */
VL_MUST_CHECK int vl_advisory_builder_new(
    const char *temp_dir, struct vl_advisory_builder **ret, struct vl_err *err);
void vl_advisory_builder_free(struct vl_advisory_builder *builder); /* accepts NULL */
void vl_advisory_builder_cleanup(struct vl_advisory_builder **builder);

/* Records put into the sink from now on belong to this feed (copied). `records` is counted here; a data date
 * of 0 becomes the newest date among its records. Feeds are given in order of trust: the first of several
 * that describe a vulnerability lends its words. */
VL_MUST_CHECK int vl_advisory_builder_begin(
    struct vl_advisory_builder *builder, const struct vl_advisory_feed *feed, struct vl_err *err);
/* Ends the feed begun last. Its data is of the newest date it carries; where most of its records carry none,
 * of `fallback_ms` (the file's own date) if that is later. */
void vl_advisory_builder_end(struct vl_advisory_builder *builder, int64_t fallback_ms);
/* Forgets the feed begun last and its records: it failed half-way. */
void vl_advisory_builder_drop(struct vl_advisory_builder *builder);
struct vl_record_sink *vl_advisory_builder_sink(struct vl_advisory_builder *builder);

/* Writes the file atomically. The builder is used up. `ret_stats` may be NULL. */
VL_MUST_CHECK int vl_advisory_builder_finish(struct vl_advisory_builder *builder, const char *path,
    struct vl_advisory_build_stats *ret_stats, struct vl_err *err);

/* All feeds found in a folder laid out as feeds.tsv says, into a database at `path`. A feed that cannot be
 * read is a note, and its data is missing; no readable feed at all is an error. */
VL_MUST_CHECK int vl_advisory_build_from_folder(const char *folder, const char *path, struct vl_notes *notes,
    struct vl_advisory_build_stats *ret_stats, struct vl_err *err);

#endif
