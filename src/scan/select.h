/* Picking places and packages: globs of paths, package URLs as patterns. */
#ifndef VL_SCAN_SELECT_H
#define VL_SCAN_SELECT_H

#include "model/package.h"
#include "model/purl.h"

#define VL_SELECT_GLOB_MAX 1024

/* Whole path against a pattern: "*" and "?" stay within a part, "**" goes across parts, "[a-z]" and "[!a]"
 * are sets, a backslash takes the next character as it is. A pattern that ends in '/' covers all below it. A
 * leading '/' of either is passed over. A pattern is at most VL_SELECT_GLOB_MAX
 * bytes long; a longer one matches nothing. */
bool vl_select_glob(struct vl_span pattern, struct vl_span path);

/* The same for where a package lies: "a.jar!b.jar" also matches by its outer file. */
bool vl_select_path(struct vl_span pattern, const char *path);

/* Takes "upstream" out of a pattern for scan/purl_match.h: some tools note the source package there, which
 * does not tell one package from another. */
void vl_select_drop_upstream(struct vl_purl *pattern);

#endif
