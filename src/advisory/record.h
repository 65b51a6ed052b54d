/* The intermediate record: what every feed parser writes and the builder reads. One record is what one
 * document of one feed says about one vulnerability (or one vendor advisory about several). */
#ifndef VL_ADVISORY_RECORD_H
#define VL_ADVISORY_RECORD_H

#include "base/arena.h"
#include "base/buf.h"
#include "model/finding.h"

/* Per record; more is cut (texts) or an error that names the record (lists). */
#define VL_RECORD_ID_MAX       128
#define VL_RECORD_NAME_MAX     512 /* package names and namespaces */
#define VL_RECORD_VERSION_MAX  255
#define VL_RECORD_TITLE_MAX    240
#define VL_RECORD_DETAILS_MAX  1200
#define VL_RECORD_URL_MAX      400
#define VL_RECORD_REFS_MAX     24
#define VL_RECORD_LIST_MAX     20000  /* aliases, covered ids, ranges and versions of one package */
#define VL_RECORD_AFFECTED_MAX 200000 /* packages of one record */
#define VL_RECORD_BYTES_MAX    (64UL * 1024 * 1024)

/* [introduced, fixed) or [introduced, last]; an empty introduced is the beginning, both others empty the end.
 */
struct vl_record_range {
    struct vl_span introduced;
    bool after; /* introduced itself is not affected: "> 1.0" */
    struct vl_span fixed;
    struct vl_span last;
};

struct vl_record_affected {
    struct vl_span space;      /* "debian:12", "npm": see namespace.h */
    struct vl_span package;    /* normalised as the namespace demands */
    struct vl_span module;     /* rpm modularity "nodejs:18"; empty otherwise */
    enum vl_fix_state state;   /* VL_FIX_UNKNOWN: FIXED where some range has a fixed version, else NONE */
    enum vl_severity severity; /* the vendor's for this package in this release; UNKNOWN where it has none */
    const struct vl_record_range *ranges;
    size_t n_ranges;
    const struct vl_span *versions; /* exact versions beside the ranges */
    size_t n_versions;
};

struct vl_record_pair {
    struct vl_span source; /* who says so: "ghsa", "nvd", "cisa-adp" */
    struct vl_span value;  /* CVSS vector, or severity word for ratings */
};

/* A KB of a Windows product; see windows.h. */
struct vl_record_update {
    struct vl_span product; /* "Windows Server 2022" */
    uint32_t kb;
    const uint32_t *supersedes;
    size_t n_supersedes;
    struct vl_span fixed_build; /* "10.0.20348.2113"; empty where the feed has none */
};

struct vl_record {
    struct vl_span id;
    const struct vl_span *aliases; /* other ids of the same vulnerability: merged into one finding */
    size_t n_aliases;
    const struct vl_span *covers; /* vulnerabilities that this vendor advisory fixes: a finding each */
    size_t n_covers;
    struct vl_span title;
    struct vl_span details;
    int64_t published_ms; /* 0 where unknown */
    int64_t modified_ms;
    const struct vl_record_pair *ratings;
    size_t n_ratings;
    const struct vl_record_pair *cvss;
    size_t n_cvss;
    const uint32_t *cwes;
    size_t n_cwes;
    const struct vl_span *refs;
    size_t n_refs;
    const struct vl_record_affected *affected;
    size_t n_affected;
    const struct vl_record_update *updates;
    size_t n_updates;
    bool malicious;
    bool names_only; /* no advisory: the feed was made for these packages, and has looked (starter set) */
    bool facts; /* facts about the id alone (EPSS, CVSS of CVE records): kept only where some record names it
                 */
    bool has_kev;
    struct vl_kev kev;
    bool has_epss;
    double epss;
    double epss_percentile;
    struct vl_span exploitation; /* SSVC: "none", "poc", "active" */
};

/* Where parsers put their records. The spans of `record` are good during the call alone. */
struct vl_record_sink {
    int (*record)(const struct vl_record *record, void *user, struct vl_err *err);
    void *user;
    uint64_t records;    /* passed on */
    uint64_t withdrawn;  /* dropped because upstream withdrew them */
    uint64_t skipped;    /* documents that are no advisory: index files and the like */
    uint64_t damaged;    /* documents or entries that could not be read */
    int64_t newest_ms;   /* newest modification date seen */
    int64_t complete_ms; /* the day up to which a source says that it is complete, 0: it says none */
    bool failed;         /* the receiver gave up: not the document's fault */
    char first_damage[256];
};

/* Cuts texts to their limits, checks the lists, counts, passes on. */
VL_MUST_CHECK int vl_record_emit(
    struct vl_record_sink *sink, const struct vl_record *record, struct vl_err *err);

/* Counts a document that could not be read and remembers the first; clears `err`. A feed with too many of
 * them is refused by its caller. */
void vl_record_damage(struct vl_record_sink *sink, const char *object, struct vl_err *err);

/* Appends one serialised record / reads one back, spans lent by `bytes`, lists in the arena. */
void vl_record_encode(const struct vl_record *record, struct vl_buf *out);
VL_MUST_CHECK int vl_record_decode(
    struct vl_span bytes, struct vl_arena *arena, struct vl_record *ret, struct vl_err *err);

/* At most `max` bytes of a text: cut at the end of a sentence or word, never inside a UTF-8 sequence. */
struct vl_span vl_record_cut(struct vl_span text, size_t max);

#endif
