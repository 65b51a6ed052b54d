#include "pattern/multi.h"

#include <hs.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/lazy.h"

#define LITERAL_BYTES 4 /* "\xHH" */

#define FUNCTIONS(F)         \
    F(hs_compile_multi)      \
    F(hs_free_compile_error) \
    F(hs_free_database)      \
    F(hs_alloc_scratch)      \
    F(hs_free_scratch)       \
    F(hs_scan)
VL_LAZY_LIBRARY(vectorscan, FUNCTIONS, "libhs.so.5", "many patterns at once")

int vl_multi_load(struct vl_err *err)
{
    return vectorscan_load(err);
}

struct vl_multi {
    hs_database_t *database; /* NULL for an empty set */
    hs_scratch_t *scratch;
};

/* What hs_compile_multi() wants, as arrays beside each other. */
struct set {
    const char **expressions;
    unsigned *flags, *ids;
    struct vl_buf literals; /* literal texts as expressions, each with its NUL */
};

static void set_done(struct set *set)
{
    free(set->expressions);
    free(set->flags);
    free(set->ids);
    vl_buf_done(&set->literals);
}

/* Every byte by its number: nothing in it can be an operator. */
static void append_literal(struct vl_buf *out, const char *text)
{
    for (; *text; text++)
        vl_buf_printf(out, "\\x%02x", (unsigned)(uint8_t)*text);
    vl_buf_append_char(out, '\0');
}

static int check_pattern(const struct vl_multi_pattern *p, size_t i, struct vl_err *err)
{
    if (!p->expression || !*p->expression)
        return vl_err_set(err, VL_ERR_INVALID, "pattern %zu is empty", i);
    if (strlen(p->expression) > VL_MULTI_PATTERN_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "pattern %zu has more than %d bytes", i, VL_MULTI_PATTERN_MAX);
    return 0;
}

static int set_fill(struct set *set, const struct vl_multi_pattern *patterns, size_t n, struct vl_err *err)
{
    set->expressions = calloc(n, sizeof(*set->expressions));
    set->flags = calloc(n, sizeof(*set->flags));
    set->ids = calloc(n, sizeof(*set->ids));
    if (!set->expressions || !set->flags || !set->ids)
        return vl_err_nomem(err);
    for (size_t i = 0; i < n; i++) {
        int r = check_pattern(&patterns[i], i, err);
        if (r < 0)
            return r;
        set->expressions[i] = patterns[i].expression;
        set->flags[i] = patterns[i].ignore_case ? HS_FLAG_CASELESS : 0;
        set->ids[i] = patterns[i].id;
        if (patterns[i].literal)
            append_literal(&set->literals, patterns[i].expression);
    }
    int r = vl_buf_check(&set->literals, "literal patterns", err);
    /* Only now, since the buffer moves while it grows. */
    const char *text = vl_buf_str(&set->literals);
    for (size_t i = 0; r >= 0 && i < n; i++) {
        if (!patterns[i].literal)
            continue;
        set->expressions[i] = text;
        text += strlen(text) + 1;
    }
    return r;
}

static int compile(struct vl_multi *multi, const struct set *set, size_t n, struct vl_err *err)
{
    hs_compile_error_t *problem = NULL;
    hs_error_t e = vectorscan.hs_compile_multi(
        set->expressions, set->flags, set->ids, (unsigned)n, HS_MODE_BLOCK, NULL, &multi->database, &problem);
    if (e == HS_SUCCESS)
        return 0;
    int r;
    if (problem && problem->expression >= 0 && (size_t)problem->expression < n)
        r = vl_err_set(err, VL_ERR_INVALID, "pattern \"%.200s\": %s", set->expressions[problem->expression],
            problem->message);
    else
        r = e == HS_NOMEM ? vl_err_nomem(err)
                          : vl_err_set(err, VL_ERR_UNSUPPORTED, "patterns do not compile: %s",
                                problem ? problem->message : "unknown reason");
    vectorscan.hs_free_compile_error(problem);
    return r;
}

int vl_multi_new(const struct vl_multi_pattern *patterns, size_t n, struct vl_multi **ret, struct vl_err *err)
{
    if (n > VL_MULTI_PATTERNS_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "more than %d patterns", VL_MULTI_PATTERNS_MAX);
    VL_CLEANUP(vl_multi_cleanup) struct vl_multi *multi = calloc(1, sizeof(*multi));
    if (!multi)
        return vl_err_nomem(err);
    if (n) {
        VL_CLEANUP(set_done) struct set set = {0};
        vl_buf_init(&set.literals, n * (VL_MULTI_PATTERN_MAX * LITERAL_BYTES + 1));
        int r = set_fill(&set, patterns, n, err);
        if (r >= 0)
            r = vectorscan_load(err);
        if (r >= 0)
            r = compile(multi, &set, n, err);
        /* NOLINTBEGIN(clang-analyzer-unix.Malloc): it does not know VL_CLEANUP */
        if (r < 0)
            return r;
        /* NOLINTEND(clang-analyzer-unix.Malloc) */
        if (vectorscan.hs_alloc_scratch(multi->database, &multi->scratch) != HS_SUCCESS)
            return vl_err_nomem(err);
    }
    *ret = multi;
    multi = NULL;
    return 0;
}

void vl_multi_free(struct vl_multi *multi)
{
    if (!multi)
        return;
    if (multi->database) { /* else nothing may be loaded */
        vectorscan.hs_free_scratch(multi->scratch);
        vectorscan.hs_free_database(multi->database);
    }
    free(multi);
}

void vl_multi_cleanup(struct vl_multi **multi)
{
    vl_multi_free(*multi);
    *multi = NULL;
}

struct scan {
    int (*each)(uint32_t id, uint64_t end, void *user);
    void *user;
    int result;
};

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *user)
{
    (void)from, (void)flags;
    struct scan *scan = user;
    scan->result = scan->each(id, to, scan->user);
    return scan->result < 0;
}

int vl_multi_scan(struct vl_multi *multi, struct vl_span text,
    int (*each)(uint32_t id, uint64_t end, void *user), void *user, struct vl_err *err)
{
    struct scan scan = {each, user, 0};
    if (text.len > VL_MULTI_TEXT_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "a text of more than %u bytes", VL_MULTI_TEXT_MAX);
    if (!multi->database || text.len == 0)
        return 0;
    hs_error_t e =
        vectorscan.hs_scan(multi->database, text.ptr, (unsigned)text.len, 0, multi->scratch, on_match, &scan);
    if (e == HS_SCAN_TERMINATED)
        return scan.result;
    if (e == HS_SCRATCH_IN_USE)
        return vl_err_set(err, VL_ERR_CONFLICT, "the pattern set is in use by another thread");
    if (e != HS_SUCCESS)
        return vl_err_set(err, VL_ERR_SYSTEM, "the pattern scan failed (%d)", e);
    return 0;
}
