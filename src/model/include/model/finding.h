/* A finding: one vulnerability in one package of one target. Strings belong to the arena of the result that
 * holds it. */
#ifndef VL_MODEL_FINDING_H
#define VL_MODEL_FINDING_H

#include "model/inventory.h"
#include "model/severity.h"

/* Stored by number: append only. */
enum vl_fix_state {
    VL_FIX_UNKNOWN = 0,
    VL_FIX_FIXED,       /* a fixed version exists */
    VL_FIX_NONE,        /* affected, no fix yet */
    VL_FIX_WONT,        /* the vendor said it will not fix */
    VL_FIX_DEFERRED,    /* postponed by the vendor */
    VL_FIX_END_OF_LIFE, /* the release gets no fixes any more */
    VL_FIX_INVESTIGATING,
    VL_FIX_PAID, /* fixed only in a paid channel (Ubuntu Pro, ELS) */
    VL_FIX_COUNT
};

/* "unknown", "fixed", "not_fixed", "will_not_fix", "deferred", "end_of_life", "under_investigation",
 * "fixed_paid". */
const char *vl_fix_state_name(enum vl_fix_state state);

/* What somebody says how bad it is. */
struct vl_rating {
    const char *source; /* "debian", "ghsa", "nvd", "cisa-adp", "redhat" … */
    enum vl_severity severity;
};

struct vl_cvss {
    const char *source;
    const char *vector;
    unsigned version; /* 20, 30, 31, 40 */
    double score;     /* base score computed from the vector by us, 0.0 to 10.0 */
    enum vl_severity severity;
};

struct vl_kev {
    int64_t added_ms;
    int64_t due_ms;  /* 0 where CISA gives none */
    bool ransomware; /* known use in ransomware campaigns */
};

enum vl_remedy_kind {
    VL_REMEDY_NONE = 0,     /* no fix: `text` says since when it is known */
    VL_REMEDY_BASE_IMAGE,   /* newer base image */
    VL_REMEDY_DOCKERFILE,   /* line to add to the Dockerfile */
    VL_REMEDY_MANIFEST,     /* change in a lock file or manifest, with its command */
    VL_REMEDY_REPLACE_FILE, /* a binary or jar to be rebuilt or replaced */
    VL_REMEDY_UPGRADE_OS,   /* the release has ended */
    VL_REMEDY_UPDATE,       /* Windows: newer base image by build */
};

struct vl_remedy {
    enum vl_remedy_kind kind;
    const char *text; /* one sentence */
    const char
        *command; /* a command or Dockerfile line that works in this target; NULL where there is none */
};

enum vl_finding_status {
    VL_FINDING_OPEN = 0,
    VL_FINDING_IGNORED,   /* ignore file */
    VL_FINDING_VEX,       /* VEX: not affected or fixed */
    VL_FINDING_OS_JUDGED, /* the file belongs to a distribution package: judged by the distribution's data
                             alone */
    VL_FINDING_FILTERED,  /* below --severity, --only-fixed … */
};

struct vl_finding {
    const char *id; /* the one id shown: CVE where there is one, else GHSA, else the advisory's own */
    const char *const *aliases; /* all other ids, sorted */
    size_t n_aliases;
    const char *advisory; /* id of the record that matched: "DSA-5343-1", "GHSA-…" */
    const char *source;   /* feed that matched, as in coverage: "debian", "osv/npm" */
    const char *title;    /* short summary; NULL where the data has none */
    const char *details;  /* longer text; or NULL */
    enum vl_severity severity;
    const char *severity_source;     /* who gave it: vendor first */
    const struct vl_rating *ratings; /* all others, as given */
    size_t n_ratings;
    const struct vl_cvss *cvss; /* preferred first */
    size_t n_cvss;
    bool has_epss;
    double epss;              /* 0.0 to 1.0 */
    double epss_percentile;   /* 0.0 to 1.0 */
    const struct vl_kev *kev; /* NULL where it is not in the catalogue */
    const char *exploitation; /* SSVC: "none", "poc", "active"; or NULL */
    const char *const *cwes;
    size_t n_cwes;
    const struct vl_package *package; /* in the inventory */
    const char *fixed_version;        /* NULL where there is none */
    enum vl_fix_state state;
    int64_t published_ms; /* 0 where unknown */
    int64_t modified_ms;
    const char *const *references; /* URLs */
    size_t n_references;
    bool malicious; /* OSV MAL-: the package itself is malware */
    struct vl_remedy remedy;
    enum vl_finding_status status;
    bool in_baseline;          /* the baseline had it already: gates look at new findings only */
    const char *status_reason; /* why it is not open: justification, rule, document; or NULL */
};

#endif
