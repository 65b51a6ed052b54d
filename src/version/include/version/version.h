/* Version orders, one file an ecosystem, exactly as each ecosystem defines it; and requirements ("ranges").
 * Pure functions: no allocation that outlives a call, no state. */
#ifndef VL_VERSION_VERSION_H
#define VL_VERSION_VERSION_H

#include "base/err.h"
#include "base/span.h"

#define VL_VERSION_MAX       1024 /* bytes of a version; longer is VL_ERR_LIMIT */
#define VL_VERSION_RANGE_MAX 16384

struct vl_version_scheme; /* lent, static */

/* Schemes: apk, bitnami, cran, deb, gem, generic, golang, hackage, jvm, maven, npm, nuget, packagist, pacman,
 * pep440, portage, pub, rpm, rpm-vercmp, semver, windows-kb, fuzzy. Aliases: alpine, debian, ubuntu, redhat,
 * pypi, rubygems, composer, crates.io, go, go-module, dpkg … as ecosystems and people call them. NULL where
 * unknown. */
const struct vl_version_scheme *vl_version_scheme(struct vl_span name);
const char *vl_version_scheme_name(const struct vl_version_scheme *scheme);

/* Names for help and completion, NULL at the end. */
const char *vl_version_scheme_at(size_t index);

/* *ret is -1, 0 or 1. An ecosystem whose tool refuses a version gives VL_ERR_INVALID. */
VL_MUST_CHECK int vl_version_compare(
    const struct vl_version_scheme *scheme, struct vl_span a, struct vl_span b, int *ret, struct vl_err *err);

/* As compare, but total: versions that the scheme refuses are ordered by a documented fallback, so that
 * matching never stops because of one odd version. */
int vl_version_order(const struct vl_version_scheme *scheme, struct vl_span a, struct vl_span b);

bool vl_version_valid(const struct vl_version_scheme *scheme, struct vl_span version);

/* Does `version` satisfy `range`, written as the ecosystem writes requirements: npm "^1.2 || >=3 <4", pep440
 * "~=1.4, !=1.4.5", gem "~> 2.3", maven "[1.0,2.0)" and "> 1, < 2"; the generic comma/|| form everywhere. */
VL_MUST_CHECK int vl_version_satisfies(const struct vl_version_scheme *scheme, struct vl_span version,
    struct vl_span range, bool *ret, struct vl_err *err);

#endif
