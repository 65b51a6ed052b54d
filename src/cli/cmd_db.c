/* vallum db status|search|verify: what is in the advisory database. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "codec/json.h"
#include "db_options.h"

#define OUTPUT_MAX (256UL * 1024 * 1024)
#define ARENA_MAX  (64UL * 1024 * 1024)

struct settings {
    struct vl_cli_common common;
    const char *db;
    const char *text;
    bool json;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct settings *s = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        vl_cli_common_init(state);
        return 0;
    case 'd':
        s->db = arg;
        return 0;
    case 'o':
        s->json = vl_cli_is_json(state, arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_search(int key, char *arg, struct argp_state *state)
{
    struct settings *s = state->input;
    if (key == ARGP_KEY_ARG && !s->text) {
        s->text = arg;
        return 0;
    }
    if (key == ARGP_KEY_END && !s->common.from_settings && !s->text)
        argp_error(state, "what to search for? CVE-2021-44228 or pkg:npm/lodash");
    return parse(key, arg, state);
}

static const struct argp_option options[] = {
    {"db", 'd', "FILE", 0, "The advisory database (default ~/.cache/vallum/advisories.vadb)", 0},
    {"output", 'o', "FORMAT", 0, "text (default) or json", 0},
    {0},
};

/* --- status --- */

static void status_text(struct vl_advisory_db *db, const struct vl_advisory_counts *c,
    const struct vl_advisory_feed *feeds, size_t n, struct vl_buf *out)
{
    char date[VL_TIME_TEXT_MAX];
    char fetched[VL_TIME_TEXT_MAX];
    vl_buf_printf(out, "%s\n%s\n", vl_advisory_db_path(db), vl_advisory_db_digest(db));
    vl_buf_printf(out, "%llu records, %llu vulnerabilities, %llu packages, %llu ids\n\n",
        (unsigned long long)c->records, (unsigned long long)c->vulnerabilities,
        (unsigned long long)c->packages, (unsigned long long)c->ids);
    vl_buf_printf(out, "%-28s %-11s %-11s %10s  %s\n", "FEED", "DATA OF", "FETCHED", "RECORDS", "TITLE");
    for (size_t i = 0; i < n; i++) {
        const char *d = feeds[i].data_ms ? vl_time_format_date(feeds[i].data_ms, date) : "unknown";
        const char *f = feeds[i].fetched_ms ? vl_time_format_date(feeds[i].fetched_ms, fetched) : "-";
        vl_buf_printf(out, "%-28s %-11s %-11s %10llu  %s%s\n", feeds[i].name, d, f,
            (unsigned long long)feeds[i].records, feeds[i].title,
            feeds[i].starter ? " (starter set: covers the demonstration image only)" : "");
    }
}

static void status_json(struct vl_advisory_db *db, const struct vl_advisory_counts *c,
    const struct vl_advisory_feed *feeds, size_t n, struct vl_buf *out)
{
    struct vl_json j;
    vl_json_init(&j, out, true);
    vl_json_object(&j);
    vl_json_member_str(&j, "path", vl_advisory_db_path(db));
    vl_json_member_str(&j, "digest", vl_advisory_db_digest(db));
    vl_json_member_int(&j, "records", (int64_t)c->records);
    vl_json_member_int(&j, "vulnerabilities", (int64_t)c->vulnerabilities);
    vl_json_member_int(&j, "packages", (int64_t)c->packages);
    vl_json_member_int(&j, "ids", (int64_t)c->ids);
    vl_json_key(&j, "feeds");
    vl_json_array(&j);
    for (size_t i = 0; i < n; i++) {
        vl_json_object(&j);
        vl_json_member_str(&j, "name", feeds[i].name);
        vl_json_member_str(&j, "title", feeds[i].title);
        vl_json_member_str(&j, "url", feeds[i].url);
        vl_json_member_time(&j, "data", feeds[i].data_ms);
        vl_json_member_time(&j, "fetched", feeds[i].fetched_ms);
        vl_json_member_int(&j, "records", (int64_t)feeds[i].records);
        vl_json_member_bool(&j, "starter", feeds[i].starter);
        vl_json_member_str(&j, "digest", feeds[i].digest);
        vl_json_object_end(&j);
    }
    vl_json_array_end(&j);
    vl_json_object_end(&j);
    vl_buf_append_char(out, '\n');
}

static int run_status(void *settings, struct vl_err *err)
{
    struct settings *s = settings;
    VL_CLEANUP(vl_advisory_db_cleanup) struct vl_advisory_db *db = NULL;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    struct vl_advisory_counts counts;
    vl_buf_init(&out, OUTPUT_MAX);
    int r = arena ? vl_cli_db_open(s->db, &db, err) : vl_err_nomem(err);
    if (r < 0)
        return r;
    size_t n = vl_advisory_db_feed_count(db);
    struct vl_advisory_feed *feeds = vl_arena_array(arena, n + 1, sizeof(*feeds));
    if (!feeds)
        return vl_err_nomem(err);
    for (size_t i = 0; r == 0 && i < n; i++)
        r = vl_advisory_db_feed(db, i, arena, &feeds[i], err);
    if (r < 0)
        return r;
    vl_advisory_db_counts(db, &counts);
    if (s->json)
        status_json(db, &counts, feeds, n, &out);
    else
        status_text(db, &counts, feeds, n, &out);
    r = vl_cli_print(&out, err);
    return r < 0 ? r : VL_EXIT_OK;
}

/* --- search --- */

struct search {
    struct vl_advisory_db *db;
    struct vl_arena *arena;
    struct vl_buf *out;
    struct vl_json *json;
    const char *last_id; /* facts of a vulnerability are written once, its packages below them */
    size_t hits;
};

static void append_facts(const struct vl_finding *f, struct vl_buf *out)
{
    char date[VL_TIME_TEXT_MAX];
    vl_buf_printf(out, "%s", f->id);
    for (size_t i = 0; i < f->n_aliases; i++)
        vl_buf_printf(out, "%s%s", i ? ", " : " = ", f->aliases[i]);
    vl_buf_append_char(out, '\n');
    if (f->title) {
        vl_buf_append_str(out, "  ");
        vl_text_append_printable(out, vl_span_str(f->title));
        vl_buf_append_char(out, '\n');
    }
    vl_buf_printf(out, "  severity %s%s%s%s", vl_severity_name(f->severity), f->severity_source ? " (" : "",
        f->severity_source ? f->severity_source : "", f->severity_source ? ")" : "");
    if (f->published_ms)
        vl_buf_printf(out, ", published %s", vl_time_format_date(f->published_ms, date));
    if (f->has_epss)
        vl_buf_printf(out, ", EPSS %.3f", f->epss);
    if (f->kev) {
        vl_buf_append_str(out, ", known exploited");
        if (f->kev->due_ms)
            vl_buf_printf(out, ", due %s", vl_time_format_date(f->kev->due_ms, date));
    }
    if (f->malicious)
        vl_buf_append_str(out, ", malicious package");
    vl_buf_append_char(out, '\n');
    for (size_t i = 0; i < f->n_cvss; i++)
        vl_buf_printf(out, "  CVSS %u.%u %.1f %s (%s)\n", f->cvss[i].version / 10, f->cvss[i].version % 10,
            f->cvss[i].score, f->cvss[i].vector, f->cvss[i].source);
}

static void json_facts(const struct vl_finding *f, struct vl_json *j)
{
    vl_json_member_str(j, "id", f->id);
    vl_json_key(j, "aliases");
    vl_json_array(j);
    for (size_t i = 0; i < f->n_aliases; i++)
        vl_json_str(j, f->aliases[i]);
    vl_json_array_end(j);
    vl_json_member_str(j, "title", f->title);
    vl_json_member_str(j, "severity", vl_severity_name(f->severity));
    vl_json_member_str(j, "severity_source", f->severity_source);
    vl_json_member_time(j, "published", f->published_ms);
    if (f->has_epss) {
        vl_json_key(j, "epss");
        vl_json_double(j, f->epss);
    }
    vl_json_member_bool(j, "kev", f->kev != NULL);
    vl_json_key(j, "cvss");
    vl_json_array(j);
    for (size_t i = 0; i < f->n_cvss; i++) {
        vl_json_object(j);
        vl_json_member_str(j, "source", f->cvss[i].source);
        vl_json_member_str(j, "vector", f->cvss[i].vector);
        vl_json_key(j, "score");
        vl_json_fixed(j, f->cvss[i].score, 1);
        vl_json_object_end(j);
    }
    vl_json_array_end(j);
}

static int on_hit(uint32_t record, const char *space, const char *package, const char *ranges, void *user,
    struct vl_err *err)
{
    static const struct vl_distro none = {"", "", "", "", "", "", "", VL_SUPPORT_UNKNOWN, 0, 0};
    struct search *s = user;
    struct vl_finding f = {0};
    int r = vl_advisory_describe(s->db, record, &none, s->arena, &f, err);
    if (r < 0)
        return r;
    bool again = s->last_id && f.id && strcmp(s->last_id, f.id) == 0;
    s->last_id = f.id;
    s->hits++;
    if (s->json) {
        if (!again) {
            if (s->hits > 1) {
                vl_json_array_end(s->json);
                vl_json_object_end(s->json);
            }
            vl_json_object(s->json);
            json_facts(&f, s->json);
            vl_json_key(s->json, "affected");
            vl_json_array(s->json);
        }
        vl_json_object(s->json);
        vl_json_member_str(s->json, "space", space);
        vl_json_member_str(s->json, "package", package);
        vl_json_member_str(s->json, "ranges", ranges);
        vl_json_object_end(s->json);
        return 0;
    }
    if (!again) {
        if (s->hits > 1)
            vl_buf_append_char(s->out, '\n');
        append_facts(&f, s->out);
    }
    vl_buf_printf(s->out, "  %-22s %-30s %s\n", space, package, ranges);
    return 0;
}

static int run_search(void *settings, struct vl_err *err)
{
    struct settings *s = settings;
    VL_CLEANUP(vl_advisory_db_cleanup) struct vl_advisory_db *db = NULL;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    struct vl_json json;
    vl_buf_init(&out, OUTPUT_MAX);
    int r = arena ? vl_cli_db_open(s->db, &db, err) : vl_err_nomem(err);
    if (r < 0)
        return r;
    vl_json_init(&json, &out, true);
    struct search search = {.db = db, .arena = arena, .out = &out, .json = s->json ? &json : NULL};
    if (s->json)
        vl_json_array(&json);
    r = vl_advisory_search(db, vl_span_str(s->text), on_hit, &search, err);
    if (r < 0)
        return r;
    if (s->json) {
        if (search.hits) {
            vl_json_array_end(&json);
            vl_json_object_end(&json);
        }
        vl_json_array_end(&json);
        vl_buf_append_char(&out, '\n');
    }
    r = vl_cli_print(&out, err);
    if (r < 0)
        return r;
    if (search.hits == 0) {
        if (!s->json)
            (void)fprintf(stderr, "nothing is known of '%s' in %s\n", s->text, vl_advisory_db_path(db));
        return VL_EXIT_FAILS;
    }
    return VL_EXIT_OK;
}

/* --- verify --- */

static int run_verify(void *settings, struct vl_err *err)
{
    struct settings *s = settings;
    VL_CLEANUP(vl_advisory_db_cleanup) struct vl_advisory_db *db = NULL;
    int r = vl_cli_db_open(s->db, &db, err);
    if (r == 0)
        r = vl_advisory_db_verify(db, err);
    if (r < 0 && (err->code == VL_ERR_CORRUPT || err->code == VL_ERR_INVALID)) {
        (void)vl_cli_complain(err);
        return VL_EXIT_FAILS;
    }
    if (r == 0 && !s->common.quiet)
        (void)printf("%s: every page and offset is in order\n", vl_advisory_db_path(db));
    return r < 0 ? r : VL_EXIT_OK;
}

const struct vl_command vl_cli_db_status = {
    .words = "db status",
    .summary = "which feeds the database holds, and of what date",
    .argp = {.options = options,
        .parser = parse,
        .doc = "Prints the feeds in the advisory database, the date of their data and how much there is.",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct settings),
    .run = run_status,
};

const struct vl_command vl_cli_db_search = {
    .words = "db search",
    .summary = "what is known of a CVE or a package",
    .argp = {.options = options,
        .parser = parse_search,
        .args_doc = "ID|PURL",
        .doc = "Prints what the advisory database knows of a vulnerability (any of its ids) or of a package "
               "(a package "
               "URL, with or without version). Exit status 2 where it knows nothing."
               "\v"
               "Examples:\n  vallum db search CVE-2021-44228\n  vallum db search pkg:npm/lodash",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct settings),
    .run = run_search,
};

const struct vl_command vl_cli_db_verify = {
    .words = "db verify",
    .summary = "check every page and offset of the database",
    .argp = {.options = options,
        .parser = parse,
        .doc = "Reads the whole advisory database and checks it. Exit status 2 where it is damaged.",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct settings),
    .run = run_verify,
};
