/* Picking packages and places: globs of paths and package URLs as patterns. */
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

/* Whether `purl` is one of those that `pattern` names: same type, namespace and name; version, subpath and
 * qualifiers only as far as the pattern gives them. "arch", "distro", "upstream", "epoch", "type" and
 * "distro_name" of the pattern do not count where the package's purl has none: tools differ in writing them.
 */
bool vl_select_purl(const struct vl_purl *pattern, const struct vl_purl *purl);

#endif
