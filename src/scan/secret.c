/* All keywords at once first; only where one stands the rule's expression is tried, on the bytes around it.
 * Expressions are compiled at their first use: most images need few of them. */
#include "secret.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/text.h"
#include "codec/digest.h"
#include "pattern/multi.h"
#include "pattern/regex.h"
#include "secret_rule.h"

#define WORK_MAX       (128UL << 20) /* bytes that expressions may see for one file */
#define WORK_LAYER_MAX (8UL << 30)   /* and for all files of a scanner */
#define WORK_OF_TRY    2048          /* what a try costs besides, in bytes seen */
#define PROBE_MAX                                                                                           \
    8 /* bytes of a keyword that are looked for at once: the set compiles four times faster than with whole \
         ones */
#define CANDIDATES_MAX    VL_SECRET_FINDINGS_MAX
#define TRIES_MAX         8 /* matches before the one that holds the keyword */
#define GROUPS            4
#define SHOWN_MAX         4  /* leading characters of a secret */
#define SHOWN_PART        4  /* and at most the fourth part of it */
#define PREFIX_MAX        48 /* bytes shown before the secret */
#define REDACTED_MAX      ((PREFIX_MAX + SHOWN_MAX) * sizeof("\\uffff") + sizeof("****")) /* all bytes escaped */
#define FINGERPRINT_HEX   16
#define FINGERPRINT_BYTES 24 /* "sha256:" + digits + NUL */

struct keyword {
    uint32_t rule;
    struct vl_span text;
    char probe[PROBE_MAX + 1];
};

struct compiled {
    struct vl_regex *expression, *allow, *paths; /* NULL until used, or where there is none */
};

struct vl_secret_scanner {
    struct vl_multi *keywords;
    struct keyword *of_id;
    struct compiled *compiled; /* one a rule */
    int8_t *path_ok;           /* one a rule, for the file at hand: -1 not asked yet */
    uint64_t work;             /* of all files together */
};

struct candidate {
    uint32_t rule;
    size_t match, start, end; /* offsets: of the whole match; of the secret */
};

struct scan {
    struct vl_secret_scanner *scanner;
    const char *path;
    struct vl_span content;
    struct vl_vec candidates;
    uint64_t work;
    struct vl_err *err;
};

static int compile_keywords(struct vl_secret_scanner *scanner, struct vl_err *err)
{
    size_t n = 0;
    for (size_t i = 0; i < secret_n_rules; i++)
        n += secret_rules[i].n_keywords;
    struct vl_multi_pattern *patterns = calloc(n, sizeof(*patterns));
    scanner->of_id = calloc(n, sizeof(*scanner->of_id));
    if (!patterns || !scanner->of_id) {
        free(patterns);
        return vl_err_nomem(err);
    }
    n = 0;
    for (size_t i = 0; i < secret_n_rules; i++) {
        const struct secret_rule *rule = &secret_rules[i];
        for (size_t k = 0; k < rule->n_keywords; k++, n++) {
            struct keyword *keyword = &scanner->of_id[n];
            keyword->rule = (uint32_t)i;
            keyword->text = vl_span_str(rule->keywords[k]);
            memcpy(keyword->probe, keyword->text.ptr,
                keyword->text.len < PROBE_MAX ? keyword->text.len : PROBE_MAX);
            patterns[n] = (struct vl_multi_pattern){keyword->probe, true, rule->nocase, (uint32_t)n};
        }
    }
    int r = vl_multi_new(patterns, n, &scanner->keywords, err);
    free(patterns);
    return r;
}

int vl_secret_scanner_new(struct vl_secret_scanner **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_secret_scanner_cleanup) struct vl_secret_scanner *scanner = calloc(1, sizeof(*scanner));
    if (!scanner)
        return vl_err_nomem(err);
    scanner->compiled = calloc(secret_n_rules, sizeof(*scanner->compiled));
    scanner->path_ok = calloc(secret_n_rules, sizeof(*scanner->path_ok));
    if (!scanner->compiled || !scanner->path_ok)
        /* cppcheck-suppress memleak */
        return vl_err_nomem(err); /* NOLINT(clang-analyzer-unix.Malloc): nor does that know VL_CLEANUP */
    int r = compile_keywords(scanner, err);
    if (r < 0)
        return vl_err_wrap(err, "rules for secrets");
    *ret = scanner;
    scanner = NULL;
    return 0;
}

void vl_secret_scanner_free(struct vl_secret_scanner *scanner)
{
    if (!scanner)
        return;
    for (size_t i = 0; scanner->compiled && i < secret_n_rules; i++) {
        vl_regex_free(scanner->compiled[i].expression);
        vl_regex_free(scanner->compiled[i].allow);
        vl_regex_free(scanner->compiled[i].paths);
    }
    vl_multi_free(scanner->keywords);
    free(scanner->of_id);
    free(scanner->compiled);
    free(scanner->path_ok);
    free(scanner);
}

void vl_secret_scanner_cleanup(struct vl_secret_scanner **scanner)
{
    vl_secret_scanner_free(*scanner);
    *scanner = NULL;
}

/* Compiles at the first use; a NULL text leaves NULL. */
static int ready(struct vl_regex **regex, const char *text, const char *id, struct vl_err *err)
{
    if (*regex || !text)
        return 0;
    int r = vl_regex_new(vl_span_str(text), false, regex, err);
    return r < 0 ? vl_err_wrap(err, "secret rule %s", id) : 0;
}

static int path_fits(struct scan *scan, uint32_t index, bool *ret)
{
    const struct secret_rule *rule = &secret_rules[index];
    int8_t *known = &scan->scanner->path_ok[index];
    if (*known < 0) {
        struct vl_regex **paths = &scan->scanner->compiled[index].paths;
        int r = ready(paths, rule->paths, rule->id, scan->err);
        if (r < 0)
            return r;
        *known = (!*paths || vl_regex_find(*paths, vl_span_str(scan->path), NULL, 0)) &&
                 (!rule->config || secret_is_config_path(scan->path));
    }
    *ret = *known > 0;
    return 0;
}

static bool is_word(char c)
{
    return vl_char_is_digit(c) || vl_char_is_letter(c) || c == '_';
}

/* "\n" written out, as in JSON, ends a word too. */
static bool begins_word(struct vl_span content, size_t at)
{
    if (at == 0 || !is_word(content.ptr[at - 1]))
        return true;
    return at > 1 && content.ptr[at - 2] == '\\' && strchr("nrt", content.ptr[at - 1]);
}

static int judge(struct scan *scan, uint32_t index, const struct candidate *found)
{
    const struct secret_rule *rule = &secret_rules[index];
    struct compiled *compiled = &scan->scanner->compiled[index];
    struct vl_span secret = vl_span_slice(scan->content, found->start, found->end);
    if (secret_entropy(secret) < rule->entropy || !secret_passes(rule->check, secret))
        return 0;
    if (rule->check != SECRET_CHECK_PEM && secret_is_placeholder(secret))
        return 0;
    int r = ready(&compiled->allow, rule->allow, rule->id, scan->err);
    if (r < 0)
        return r;
    if (compiled->allow && vl_regex_find(compiled->allow, secret, NULL, 0))
        return 0;
    struct candidate *slot = vl_vec_push(&scan->candidates, "secrets of a file", scan->err);
    if (!slot)
        return vl_err_wrap(scan->err, "%s", scan->path);
    *slot = *found;
    return 0;
}

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

/* The first group that took part is the secret, else the whole match; without the line ends that follow a
 * key. */
static struct vl_span secret_of(const struct vl_span groups[GROUPS])
{
    size_t i = 1;
    while (i < GROUPS && groups[i].len == 0)
        i++;
    struct vl_span secret = groups[i < GROUPS ? i : 0];
    while (secret.len && is_line_end(secret.ptr[secret.len - 1]))
        secret.len--;
    return secret;
}

/* A file made of beginnings of secrets costs time at each of them. */
static int spend(struct scan *scan, uint64_t work)
{
    scan->work += work;
    scan->scanner->work += work;
    if (scan->work > WORK_MAX)
        return vl_err_set(scan->err, VL_ERR_LIMIT,
            "%s: more places that look like the beginning of a secret than are looked into; the rest of the "
            "file was not",
            scan->path);
    if (scan->scanner->work > WORK_LAYER_MAX)
        return vl_err_set(scan->err, VL_ERR_LIMIT,
            "%s: so many places in the files before it look like secrets that this one was not looked into",
            scan->path);
    return 0;
}

static int try_rule(struct scan *scan, uint32_t index, size_t keyword, size_t keyword_end)
{
    const struct secret_rule *rule = &secret_rules[index];
    size_t from = keyword - (rule->back < keyword ? rule->back : keyword);
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        struct vl_span window = vl_span_slice(scan->content, from, keyword + rule->reach), groups[GROUPS];
        int r = spend(scan, window.len + WORK_OF_TRY);
        if (r < 0)
            return r;
        if (!vl_regex_find(scan->scanner->compiled[index].expression, window, groups, GROUPS))
            return 0;
        size_t match = (size_t)(groups[0].ptr - scan->content.ptr);
        if (match + groups[0].len >= keyword_end) {
            struct vl_span secret = secret_of(groups);
            size_t start = (size_t)(secret.ptr - scan->content.ptr);
            struct candidate found = {index, match, start, start + secret.len};
            return match <= keyword && secret.len ? judge(scan, index, &found) : 0;
        }
        /* Ended before the keyword: another secret, which its own keyword finds. */
        from = match + (groups[0].len ? groups[0].len : 1);
    }
    return 0;
}

static int on_keyword(uint32_t id, uint64_t end, void *user)
{
    struct scan *scan = user;
    const struct keyword *keyword = &scan->scanner->of_id[id];
    const struct secret_rule *rule = &secret_rules[keyword->rule];
    size_t start = (size_t)end - strlen(keyword->probe), stop = start + keyword->text.len;
    struct vl_span text = vl_span_slice(scan->content, start, stop);
    if (!(rule->nocase ? vl_span_eq_nocase(text, keyword->text) : vl_span_eq(text, keyword->text)))
        return 0;
    if (!rule->inword && rule->back == 0 && !begins_word(scan->content, start))
        return 0;
    bool fits = false;
    int r = path_fits(scan, keyword->rule, &fits);
    if (r < 0 || !fits)
        return r;
    r = ready(&scan->scanner->compiled[keyword->rule].expression, rule->expression, rule->id, scan->err);
    return r < 0 ? r : try_rule(scan, keyword->rule, start, stop);
}

static int by_place(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return x->rule < y->rule ? -1 : x->rule > y->rule;
}

/* Keeps of overlapping candidates the one of the best rank; they are sorted by place afterwards. */
static void drop_overlaps(struct vl_vec *candidates)
{
    struct candidate *items = candidates->items;
    size_t kept = 0;
    if (candidates->len == 0)
        return;
    qsort(items, candidates->len, sizeof(*items), by_place);
    for (size_t i = 1; i < candidates->len; i++) {
        if (items[i].start >= items[kept].end)
            items[++kept] = items[i];
        else if (items[i].rule < items[kept].rule)
            items[kept] = items[i];
    }
    candidates->len = kept + 1;
}

static int fingerprint(
    const char *rule, struct vl_span secret, char ret_text[FINGERPRINT_BYTES], struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf both;
    vl_buf_init(&both, VL_SECRET_FILE_MAX + strlen(rule) + 1);
    vl_buf_append(&both, rule, strlen(rule) + 1);
    vl_buf_append_span(&both, secret);
    int r = vl_buf_check(&both, "a secret", err);
    if (r < 0)
        return r;
    struct vl_digest digest;
    vl_digest_compute(VL_DIGEST_SHA256, vl_buf_span(&both), &digest);
    memcpy(ret_text, "sha256:", 7);
    vl_hex_encode(digest.bytes, FINGERPRINT_HEX / 2, ret_text + 7);
    return 0;
}

static char *redact(const struct scan *scan, const struct candidate *c, struct vl_arena *arena)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    size_t len = c->end - c->start;
    size_t shown = len / SHOWN_PART < SHOWN_MAX ? len / SHOWN_PART : SHOWN_MAX;
    size_t from = c->start - c->match > PREFIX_MAX ? c->start - PREFIX_MAX : c->match;
    vl_buf_init(&out, REDACTED_MAX);
    struct vl_span before = vl_span_slice(scan->content, from, c->start);
    while (before.len && is_line_end(before.ptr[before.len - 1]))
        before.len--;
    vl_text_append_printable(&out, before);
    vl_text_append_printable(&out, vl_span_slice(scan->content, c->start, c->start + shown));
    vl_buf_append_str(&out, "****");
    return vl_arena_strdup(arena, vl_buf_str(&out));
}

static int tell(struct scan *scan, const struct candidate *c, uint32_t line, const char *print,
    struct vl_arena *arena, struct vl_vec *secrets)
{
    const struct secret_rule *rule = &secret_rules[c->rule];
    struct vl_secret *secret = vl_vec_push(secrets, "secrets", scan->err);
    if (!secret)
        return vl_err_wrap(scan->err, "%s", scan->path);
    secret->rule = rule->id;
    secret->title = rule->title;
    secret->path = vl_arena_strdup(arena, scan->path);
    secret->line = line;
    secret->redacted = redact(scan, c, arena);
    secret->fingerprint = print;
    secret->severity = rule->severity;
    return 0;
}

static int tell_all(struct scan *scan, struct vl_arena *arena, struct vl_vec *secrets)
{
    VL_CLEANUP(vl_map_done) struct vl_map seen;
    vl_map_init(&seen, CANDIDATES_MAX);
    uint32_t line = 1;
    size_t counted = 0;
    drop_overlaps(&scan->candidates);
    for (size_t i = 0; i < scan->candidates.len; i++) {
        const struct candidate *c = vl_vec_at(&scan->candidates, i);
        char text[FINGERPRINT_BYTES];
        for (const char *p; (p = memchr(scan->content.ptr + counted, '\n', c->start - counted)) != NULL;
            line++)
            counted = (size_t)(p - scan->content.ptr) + 1;
        int r = fingerprint(
            secret_rules[c->rule].id, vl_span_slice(scan->content, c->start, c->end), text, scan->err);
        if (r < 0)
            return r;
        const char *print = vl_arena_strdup(arena, text);
        struct vl_map_slot *slot;
        bool added = false;
        r = vl_arena_check(arena, "secrets", scan->err);
        if (r >= 0)
            r = vl_map_put(&seen, vl_span_str(print), &slot, &added, scan->err);
        if (r >= 0 && added)
            r = tell(scan, c, line, print, arena, secrets);
        if (r < 0)
            return r;
    }
    return vl_arena_check(arena, "secrets", scan->err);
}

static void candidates_done(struct scan *scan)
{
    vl_vec_done(&scan->candidates);
}

int vl_secret_scan(struct vl_secret_scanner *scanner, const char *path, struct vl_span content,
    struct vl_arena *arena, struct vl_vec *secrets, struct vl_err *err)
{
    if (content.len > VL_SECRET_FILE_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "%s: more than %lu bytes", path, VL_SECRET_FILE_MAX);
    VL_CLEANUP(candidates_done) struct scan scan = {scanner, path, content, {0}, 0, err};
    vl_vec_init(&scan.candidates, sizeof(struct candidate), CANDIDATES_MAX);
    memset(scanner->path_ok, -1, secret_n_rules * sizeof(*scanner->path_ok));
    int r = vl_multi_scan(scanner->keywords, content, on_keyword, &scan, err);
    if (r < 0 && err->code != VL_ERR_LIMIT)
        return r;
    /* What was found before a limit counts all the same. */
    struct vl_err later = VL_ERR_INIT;
    scan.err = &later;
    int told = tell_all(&scan, arena, secrets);
    if (r >= 0 && told < 0)
        *err = later;
    return r < 0 ? r : told;
}
