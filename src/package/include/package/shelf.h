/* Files set aside while a target on disk is read as a stream, for the few parsers that need more than their
 * own file: a gemspec whose version is a constant of lib/NAME/version.rb, requirements that include others.
 *
 * Use: for each file of the walk ask vl_package_shelf_wants() beside vl_package_parser_for(), and offer the
 * content before parsing it. Afterwards parse what vl_package_shelf_next() hands out. Not for layers of an
 * image, where the other file may lie in another layer. */
#ifndef VL_PACKAGE_SHELF_H
#define VL_PACKAGE_SHELF_H

#include "package/parser.h"

#define VL_PACKAGE_SHELF_FILE_MAX  (1024UL * 1024)      /* a larger file is not set aside */
#define VL_PACKAGE_SHELF_TOTAL_MAX (64UL * 1024 * 1024) /* nor is anything beyond */

struct vl_package_shelf;

/* `all_offered` as in struct vl_package_others. NULL when there is no memory. */
struct vl_package_shelf *vl_package_shelf_new(bool all_offered);
void vl_package_shelf_free(struct vl_package_shelf *shelf); /* accepts NULL */
void vl_package_shelf_cleanup(struct vl_package_shelf **shelf);

/* Whether another file may need this one; of its name only. */
bool vl_package_shelf_wants(const struct vl_package_file *file);

/* Copies what may be needed. 1: the file is set aside to be parsed at the end, do not parse it now; 0: go on
 * as usual. Beyond the limits a file is not set aside (0). */
VL_MUST_CHECK int vl_package_shelf_offer(struct vl_package_shelf *shelf, const struct vl_package_file *file,
    const struct vl_package_parser *parser, struct vl_err *err);

/* The next file that was set aside, with `others` filled, and its parser; false at the end. Lent by the
 * shelf. */
bool vl_package_shelf_next(struct vl_package_shelf *shelf, struct vl_package_file *ret_file,
    const struct vl_package_parser **ret_parser);

#endif
