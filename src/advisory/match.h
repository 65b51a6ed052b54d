/* State of a matcher, shared by match.c (rows and caches), coverage.c and windows.c. */
#ifndef VL_ADVISORY_MATCH_STATE_H
#define VL_ADVISORY_MATCH_STATE_H

#include "base/map.h"
#include "base/vec.h"
#include "db.h"

#define MATCH_CACHE_MAX       2000000U /* packages remembered; then all are forgotten */
#define MATCH_CACHE_BYTES_MAX (768UL * 1024 * 1024)
#define MATCH_KEY_MAX         2048U

struct match_hit {
    uint32_t record;
    uint32_t group;
    uint32_t feed;
    struct vl_span fixed; /* in the file */
    enum vl_fix_state state;
    enum vl_severity severity;
    bool by_source;
};

struct match_list {
    const struct match_hit *hits;
    size_t n;
};

struct match_coverage {
    struct vl_coverage_row row;
    struct match_coverage *next;
};

struct windows_state;

struct vl_advisory_matcher {
    struct vl_advisory_db *db;
    const struct vl_distro *distro;
    int distro_spaces[VL_SPACE_DISTRO_MAX]; /* index or -1 */
    char distro_names[VL_SPACE_DISTRO_MAX][VL_SPACE_MAX];
    size_t n_distro_spaces;
    int eco_spaces[VL_ECO_COUNT]; /* index, -1 none, -2 not looked up */
    struct vl_arena *cache_arena;
    struct vl_map cache;   /* key -> struct match_list * */
    struct vl_vec hits;    /* struct match_hit: of the package at hand */
    struct vl_vec seen;    /* uint32_t: record numbers of its rows */
    struct vl_vec decided; /* uint32_t, sorted: records that an extended channel speaks of */
    struct vl_arena *coverage_arena;
    struct match_coverage *coverage;
    const char *const *updates;
    size_t n_updates;
    struct windows_state *windows;
};

enum match_verdict {
    MATCH_JUDGE,
    MATCH_FOREIGN,        /* built by a third party */
    MATCH_KERNEL_HEADERS, /* judged: not the kernel */
    MATCH_SKIP,           /* main module, requirement, no version */
};
enum match_verdict match_verdict_of(
    const struct vl_advisory_matcher *matcher, const struct vl_package *package);

/* Index of the namespace of a language ecosystem, -1 where there is none. */
int match_eco_space(struct vl_advisory_matcher *matcher, enum vl_ecosystem eco);

bool windows_is_target(const struct vl_advisory_matcher *matcher, const struct vl_package *package);
/* Whether the product and its state of updates are known well enough to judge. */
VL_MUST_CHECK int windows_has_data(
    struct vl_advisory_matcher *matcher, const struct vl_package *package, bool *ret, struct vl_err *err);
/* Fills matcher->hits. */
VL_MUST_CHECK int windows_match(
    struct vl_advisory_matcher *matcher, const struct vl_package *package, struct vl_err *err);
void windows_free(struct windows_state *state);

#endif
