/* Many patterns at once (Vectorscan): which of them occur, and where they end. */
#ifndef VL_PATTERN_MULTI_H
#define VL_PATTERN_MULTI_H

#include "base/err.h"
#include "base/span.h"

#define VL_MULTI_PATTERNS_MAX 10000
#define VL_MULTI_PATTERN_MAX  4096       /* bytes of one expression */
#define VL_MULTI_TEXT_MAX     UINT32_MAX /* bytes of one text */

struct vl_multi;

struct vl_multi_pattern {
    const char *expression; /* Vectorscan's subset of PCRE, or plain text */
    bool literal;
    bool ignore_case;
    uint32_t id; /* given back in matches */
};

/* Vectorscan is loaded with the first set, which is too late for who may open no files any more. */
VL_MUST_CHECK int vl_multi_load(struct vl_err *err);

/* An expression that matches the empty string is refused. An empty set never matches. */
VL_MUST_CHECK int vl_multi_new(
    const struct vl_multi_pattern *patterns, size_t n, struct vl_multi **ret, struct vl_err *err);
void vl_multi_free(struct vl_multi *multi); /* accepts NULL */
void vl_multi_cleanup(struct vl_multi **multi);

/* Calls `each` for every match with the offset just after it; a negative return ends the scan and is
 * returned. One thread at a time for one set. */
VL_MUST_CHECK int vl_multi_scan(struct vl_multi *multi, struct vl_span text,
    int (*each)(uint32_t id, uint64_t end, void *user), void *user, struct vl_err *err);

#endif
