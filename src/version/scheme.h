/* Inside the room: what a scheme is made of, and the pieces that several schemes share. */
#ifndef VL_VERSION_SCHEME_H
#define VL_VERSION_SCHEME_H

#include "version/version.h"

enum vl_version_op {
    VL_VERSION_OP_EQ,
    VL_VERSION_OP_NE,
    VL_VERSION_OP_LT,
    VL_VERSION_OP_LE,
    VL_VERSION_OP_GT,
    VL_VERSION_OP_GE,
    VL_VERSION_OP_PESSIMISTIC, /* ~> of RubyGems */
    VL_VERSION_OP_COMPATIBLE,  /* ~= of PEP 440 */
    VL_VERSION_OP_ARBITRARY,   /* === of PEP 440 */
    VL_VERSION_OP_TILDE,
    VL_VERSION_OP_CARET,
};

/* One comparison of a range: "operator version"; a version alone is EQ with bare set. */
struct vl_version_clause {
    enum vl_version_op op;
    bool bare;
    struct vl_span version;
};

struct vl_version_scheme {
    const char *name;
    /* A total preorder over arbitrary bytes: < 0, 0, > 0. */
    int (*order)(struct vl_span a, struct vl_span b);
    /* As the ecosystem's tool says, where that is no order; NULL: order(). */
    int (*compare)(struct vl_span a, struct vl_span b);
    /* What the ecosystem's own tool accepts; NULL: everything. */
    bool (*valid)(struct vl_span version);
    /* One clause of the common form; NULL: by order() alone. */
    bool (*clause)(struct vl_span version, const struct vl_version_clause *clause);
    /* The whole range, where the ecosystem has a notation of its own; NULL: the common form. */
    int (*satisfies)(struct vl_span version, struct vl_span range, bool *ret, struct vl_err *err);
};

/* Orders and their checks, one file a scheme. */
int vl_version_apk_order(struct vl_span a, struct vl_span b);
int vl_version_bitnami_order(struct vl_span a, struct vl_span b);
bool vl_version_bitnami_clause(struct vl_span version, const struct vl_version_clause *clause);
int vl_version_cran_order(struct vl_span a, struct vl_span b);
bool vl_version_cran_valid(struct vl_span version);
int vl_version_deb_order(struct vl_span a, struct vl_span b);
int vl_version_fuzzy_order(struct vl_span a, struct vl_span b);
int vl_version_gem_order(struct vl_span a, struct vl_span b);
bool vl_version_gem_valid(struct vl_span version);
bool vl_version_gem_clause(struct vl_span version, const struct vl_version_clause *clause);
int vl_version_generic_order(struct vl_span a, struct vl_span b);
bool vl_version_generic_clause(struct vl_span version, const struct vl_version_clause *clause);
int vl_version_golang_order(struct vl_span a, struct vl_span b);
int vl_version_hackage_order(struct vl_span a, struct vl_span b);
bool vl_version_hackage_valid(struct vl_span version);
int vl_version_jvm_order(struct vl_span a, struct vl_span b);
int vl_version_maven_compare(struct vl_span a, struct vl_span b);
int vl_version_maven_order(struct vl_span a, struct vl_span b);
int vl_version_maven_satisfies(struct vl_span version, struct vl_span range, bool *ret, struct vl_err *err);
int vl_version_maven_requirement(struct vl_span version, struct vl_span range, bool *ret, struct vl_err *err);
bool vl_version_npm_valid(struct vl_span version);
int vl_version_npm_satisfies(struct vl_span version, struct vl_span range, bool *ret, struct vl_err *err);
int vl_version_nuget_order(struct vl_span a, struct vl_span b);
bool vl_version_nuget_valid(struct vl_span version);
int vl_version_nuget_satisfies(struct vl_span version, struct vl_span range, bool *ret, struct vl_err *err);
int vl_version_packagist_compare(struct vl_span a, struct vl_span b);
int vl_version_packagist_order(struct vl_span a, struct vl_span b);
int vl_version_pacman_compare(struct vl_span a, struct vl_span b);
int vl_version_pacman_order(struct vl_span a, struct vl_span b);
int vl_version_pep440_order(struct vl_span a, struct vl_span b);
bool vl_version_pep440_clause(struct vl_span version, const struct vl_version_clause *clause);
int vl_version_portage_order(struct vl_span a, struct vl_span b);
int vl_version_pub_order(struct vl_span a, struct vl_span b);
int vl_version_rpm_order(struct vl_span a, struct vl_span b);
bool vl_version_rpm_clause(struct vl_span version, const struct vl_version_clause *clause);
int vl_version_rpm_vercmp(struct vl_span a, struct vl_span b);
int vl_version_semver_order(struct vl_span a, struct vl_span b);
bool vl_version_semver_clause(struct vl_span version, const struct vl_version_clause *clause);
int vl_version_windows_kb_order(struct vl_span a, struct vl_span b);
bool vl_version_windows_kb_clause(struct vl_span version, const struct vl_version_clause *clause);

/* range.c: the common form, clauses joined by comma or space (and), groups by || (or). */

/* Takes the next group off the front; false at the end. An empty range has one empty group. */
struct vl_version_groups {
    struct vl_span rest;
    bool done;
};
bool vl_version_next_group(struct vl_version_groups *groups, struct vl_span *ret_group);

/* Takes the next clause of a group: 1, 0 at the end, or negative where an operator stands alone. */
int vl_version_next_clause(struct vl_span *group, struct vl_version_clause *ret, struct vl_err *err);

/* What an order says about an operator of the plain kind (EQ to GE). */
bool vl_version_op_holds(enum vl_version_op op, int order);

int vl_version_range_satisfies(const struct vl_version_scheme *scheme, struct vl_span version,
    struct vl_span range, bool *ret, struct vl_err *err);

/* digits.c */

static inline char vl_version_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* Character at i, or NUL behind the end. */
static inline char vl_version_at(struct vl_span s, size_t i)
{
    return i < s.len ? s.ptr[i] : '\0';
}

/* Digits at the front of *s, taken off it. */
struct vl_span vl_version_take_digits(struct vl_span *s);

/* Whole span is digits, at least one. */
bool vl_version_is_number(struct vl_span s);

/* By value, of any length; both are digits only, the empty span is 0. */
int vl_version_cmp_number(struct vl_span a, struct vl_span b);

/* ASCII letters compare as their lower case. */
int vl_version_cmp_nocase(struct vl_span a, struct vl_span b);

/* The next part up to one of `seps` (which is skipped); false once *rest is used up. */
bool vl_version_next_part(struct vl_span *rest, const char *seps, struct vl_span *ret_part);

/* Refused versions sort before all accepted ones and among themselves by fuzzy order, then by bytes. True
 * where that decides; *ret is then the order. */
bool vl_version_order_invalid(bool a_valid, bool b_valid, struct vl_span a, struct vl_span b, int *ret);

/* SemVer precedence of two dot-separated pre-release texts, neither empty. */
int vl_version_cmp_prerelease(struct vl_span a, struct vl_span b, bool nocase);

/* A version as SemVer 2.0.0 cuts it, read leniently: leading v, any count of numbers, "1.2rc3" and "1.2.rc3"
 * as "1.2-rc3". */
struct vl_version_semver {
    struct vl_span core;  /* "1.2.3" */
    struct vl_span pre;   /* without the hyphen */
    struct vl_span build; /* without the plus */
};
struct vl_version_semver vl_version_semver_cut(struct vl_span version);

/* Dot-separated numbers; a missing part is 0. */
int vl_version_cmp_core(struct vl_span a, struct vl_span b);

#endif
