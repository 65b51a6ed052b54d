/* Ignore files: ours (docs/ignore.md), .trivyignore, .trivyignore.yaml, .grype.yaml; told apart by content.
 * Sources: Trivy's "Filtering" guide, Grype's README "Specifying matches to ignore". */
#ifndef VL_SCAN_IGNORE_H
#define VL_SCAN_IGNORE_H

#include "base/map.h"
#include "model/result.h"
#include "select.h"
#include "vex.h"

#define VL_IGNORE_BYTES_MAX (16UL * 1024 * 1024) /* one file */
#define VL_IGNORE_RULES_MAX 100000U
#define VL_IGNORE_BROAD_MAX 1000U /* rules without an id: each is tried on every finding */
#define VL_IGNORE_LIST_MAX  1000U /* paths or purls of one rule */

enum vl_ignore_kind {
    VL_IGNORE_VULN = 1U << 0,
    VL_IGNORE_SECRET = 1U << 1,
    VL_IGNORE_LICENSE = 1U << 2,
};

struct vl_regex;

/* What Grype's rules may ask for; NULL and 0 where they do not. */
struct vl_ignore_grype {
    const char *namespace;
    const char *fix_state;
    struct vl_regex *name;     /* owned by the set */
    struct vl_regex *upstream; /* owned by the set */
    const char *version;
    const char *language;
    const char *type;
    const char *vex_status;
    const char *vex_justification;
    const char *match_type;
};

struct vl_ignore_rule {
    unsigned kinds;    /* enum vl_ignore_kind */
    const char *id;    /* vulnerability, rule of a secret, licence; NULL: any */
    const char *label; /* how the rule is told from others in reports: the id, else purl or path */
    const char *where; /* file:line */
    const char *reason;
    struct vl_span *paths; /* one must match; none given: any */
    size_t n_paths;
    struct vl_purl *purls; /* one must match; none given: any */
    size_t n_purls;
    int64_t expires_ms; /* counts no more from then on; 0: never */
    struct vl_ignore_grype *grype;
    uint32_t next; /* next rule with the same id, UINT32_MAX at the end */
    bool used;
};

struct vl_ignores {
    struct vl_arena *arena;
    struct vl_vec rules; /* struct vl_ignore_rule */
    struct vl_map by_id; /* lower case -> index of the first */
    uint32_t broad;      /* first rule without an id */
    uint32_t n_broad;
    struct vl_vec regexes; /* struct vl_regex * */
};

VL_MUST_CHECK int vl_ignores_new(struct vl_ignores **ret, struct vl_err *err);
void vl_ignores_free(struct vl_ignores *ignores); /* accepts NULL */
void vl_ignores_cleanup(struct vl_ignores **ignores);

/* Adds the rules of one file; `name` is for messages and reports. Anything in it that is not understood is an
 * error with its line: a criterion that is passed over would widen the rule. */
VL_MUST_CHECK int vl_ignores_parse(
    struct vl_ignores *ignores, struct vl_span bytes, const char *name, struct vl_err *err);
VL_MUST_CHECK int vl_ignores_load(struct vl_ignores *ignores, const char *path, struct vl_err *err);

/* Sets findings and secrets aside. `verdicts` (by finding; or NULL) is what VEX said. `now_ms` judges expiry.
 */
VL_MUST_CHECK int vl_ignores_apply(struct vl_ignores *ignores, struct vl_scan_result *result,
    const struct vl_vex_verdict *verdicts, int64_t now_ms, struct vl_err *err);

/* Whether a licence of a package is set aside. */
bool vl_ignores_license(
    struct vl_ignores *ignores, const struct vl_package *package, struct vl_span wanted, int64_t now_ms);

/* Fills result->ignores: expired and unused rules. Call it last. */
VL_MUST_CHECK int vl_ignores_report(
    const struct vl_ignores *ignores, struct vl_scan_result *result, int64_t now_ms, struct vl_err *err);

/* --- inside, for ignore_foreign.c --- */

struct vl_doc_node;

struct vl_ignore_file {
    struct vl_ignores *set;
    const char *name;
};

/* A new rule at `line`; NULL with err where there are too many. */
struct vl_ignore_rule *vl_ignore_rule_new(struct vl_ignore_file *file, uint32_t line, struct vl_err *err);
/* Files it under its id once it is whole. */
VL_MUST_CHECK int vl_ignore_rule_done(
    struct vl_ignore_file *file, struct vl_ignore_rule *rule, struct vl_err *err);
VL_MUST_CHECK int vl_ignore_error(
    struct vl_ignore_file *file, uint32_t line, struct vl_err *err, const char *message, struct vl_span word);
/* A text or a list of texts. */
VL_MUST_CHECK int vl_ignore_paths(struct vl_ignore_file *file, const struct vl_doc_node *node,
    struct vl_ignore_rule *rule, struct vl_err *err);
VL_MUST_CHECK int vl_ignore_purls(struct vl_ignore_file *file, const struct vl_doc_node *node,
    struct vl_ignore_rule *rule, struct vl_err *err);
VL_MUST_CHECK int vl_ignore_date(struct vl_ignore_file *file, struct vl_span text, uint32_t line,
    struct vl_ignore_rule *rule, struct vl_err *err);
VL_MUST_CHECK int vl_ignore_text(
    struct vl_ignore_file *file, const struct vl_doc_node *node, const char **ret, struct vl_err *err);

VL_MUST_CHECK int vl_ignore_parse_trivy(
    struct vl_ignore_file *file, const struct vl_doc_node *root, struct vl_err *err);
VL_MUST_CHECK int vl_ignore_parse_grype(
    struct vl_ignore_file *file, const struct vl_doc_node *root, struct vl_err *err);

/* Whether a finding meets what a Grype rule asks for beside id and places. */
bool vl_ignore_grype_agrees(const struct vl_ignore_grype *grype, const struct vl_scan_result *result,
    const struct vl_finding *finding, const struct vl_vex_verdict *verdict);

#endif
