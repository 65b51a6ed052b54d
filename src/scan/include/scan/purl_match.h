/* Whether a package URL that somebody wrote down (an ignore file, a VEX document) speaks of a package.
 *
 * Type, namespace and name must be the same, as the type compares them (PyPI normalised, NuGet without case;
 * names that other tools give a distribution, "rhel" and "redhat", are one). What the pattern leaves out
 * matches anything: without a version all versions, without qualifiers all of them; what it has must be the
 * same. Versions are compared in the order of the ecosystem ("1.0" is "1.0.0" for PyPI), Go's with and
 * without "v". "distro=debian-12" speaks of debian-12.5 too, and the other way round. A missing epoch is 0.
 * "arch=source" (deb) and "arch=src" (rpm) speak of all binary packages of a source package. Source:
 * package-url/purl-spec; the rules of matching as OpenVEX has them ("Identifiers", OpenVEX spec 0.2.0). */
#ifndef VL_SCAN_PURL_MATCH_H
#define VL_SCAN_PURL_MATCH_H

#include "model/package.h"
#include "model/purl.h"

/* `pattern` as vl_purl_parse() gives it; parse it once. Parts of the package's own URL are put into
 * `scratch`, which may be reset between calls. False for a package without URL, and where memory runs out
 * (vl_arena_check(scratch) tells). */
bool vl_scan_purl_matches_parsed(
    const struct vl_purl *pattern, const struct vl_package *package, struct vl_arena *scratch);

/* The same for text; what is no package URL matches nothing. For single questions: parses each time. */
bool vl_scan_purl_matches(const char *pattern, const struct vl_package *package);

#endif
