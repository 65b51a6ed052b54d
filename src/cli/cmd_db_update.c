/* vallum db update: the advisory database from feeds, from a folder, from a ready database, from the starter
 * set. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "advisory/feed.h"
#include "base/text.h"
#include "db_options.h"
#include "db_remote.h"
#include "net/http_client.h"

#define ARENA_MAX     (16UL * 1024 * 1024)
#define SOURCES_MAX   VL_CLI_LIST_MAX
#define MIB           (1024.0 * 1024.0)
#define PROGRESS_STEP (512UL * 1024) /* bytes between two lines of progress */

enum {
    KEY_FEEDS = 2000,
    KEY_FROM,
    KEY_STARTER,
    KEY_STARTER_IF_OFFLINE,
    KEY_FEED,
    KEY_ONLY,
    KEY_KEY,
};

struct settings {
    struct vl_cli_common common;
    const char *db;
    const char *feeds;
    const char *from;
    bool starter;
    bool starter_if_offline;
    struct vl_cli_list feed;
    struct vl_cli_list only;
    struct vl_cli_remote remote;
    /* while it runs */
    uint64_t shown;
    unsigned failed;
    unsigned good;
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
    case KEY_FEEDS:
        s->feeds = arg;
        return 0;
    case KEY_FROM:
        s->from = arg;
        return 0;
    case KEY_STARTER:
        s->starter = true;
        return 0;
    case KEY_STARTER_IF_OFFLINE:
        s->starter_if_offline = true;
        return 0;
    case KEY_FEED:
        if (!strchr(arg, '='))
            argp_error(state, "--feed takes NAME=URL, not '%s'", arg);
        vl_cli_list_add(&s->feed, state, arg, false);
        return 0;
    case KEY_ONLY:
        vl_cli_list_add(&s->only, state, arg, true);
        return 0;
    case KEY_KEY:
        s->remote.key = arg;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument '%s'", arg);
        return 0;
    case ARGP_KEY_END:
        if (!s->common.from_settings && (s->feeds != NULL) + (s->from != NULL) + s->starter > 1)
            argp_error(state, "only one of --feeds, --from and --starter");
        return 0;
    default:
        return vl_cli_remote_parse(key, arg, &s->remote) ? 0 : ARGP_ERR_UNKNOWN;
    }
}

static void on_progress(const struct vl_advisory_progress *p, void *user)
{
    struct settings *s = user;
    if (!vl_cli_progress(&s->common) || (p->done && p->done < s->shown + PROGRESS_STEP && p->done > s->shown))
        return;
    s->shown = p->done;
    if (p->total)
        (void)fprintf(stderr, "\r\033[K%-24s %6.1f of %.1f MiB", p->feed, (double)p->done / MIB,
            (double)p->total / MIB);
    else
        (void)fprintf(stderr, "\r\033[K%-24s %6.1f MiB", p->feed, (double)p->done / MIB);
}

static void on_result(const struct vl_advisory_feed_result *result, void *user)
{
    static const char *const words[] = {"updated", "unchanged", "kept from before", "missing"};
    struct settings *s = user;
    bool failed = result->state == VL_FEED_KEPT || result->state == VL_FEED_MISSING;
    if (failed && !*result->message) /* was not asked for: --only */
        return;
    s->failed += failed ? 1 : 0;
    s->good += failed ? 0 : 1;
    s->shown = 0;
    if (vl_cli_progress(&s->common))
        (void)fputs("\r\033[K", stderr);
    if (failed)
        (void)fprintf(stderr, "warning: feed %s: %s; its data is %s\n", result->name, result->message,
            words[result->state]);
    else if (!s->common.quiet)
        (void)fprintf(stderr, "%-24s %s%s\n", result->name, words[result->state],
            result->state == VL_FEED_UPDATED && result->bytes == 0 ? " (empty)" : "");
}

static void say_built(const struct settings *s, const char *path, const struct vl_advisory_build_stats *stats)
{
    if (!s->common.quiet)
        (void)fprintf(stderr, "%s: %llu records of %llu vulnerabilities, %.1f MB\n", path,
            (unsigned long long)stats->records, (unsigned long long)stats->vulnerabilities,
            (double)stats->file_bytes / 1e6);
}

static int from_folder(struct settings *s, const char *path, struct vl_err *err)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    VL_CLEANUP(vl_notes_done) struct vl_notes notes;
    struct vl_advisory_build_stats stats = {0};
    vl_notes_init(&notes, arena);
    if (!arena)
        return vl_err_nomem(err);
    int r = vl_advisory_update_from_folder(s->feeds, path, VL_CLI_LOCK_WAIT_MS, &notes, &stats, err);
    for (size_t i = 0; i < notes.len; i++) {
        if (notes.items[i].kind == VL_NOTE_PARTIAL || !s->common.quiet)
            vl_cli_warn("%s: %s", notes.items[i].object, notes.items[i].message);
    }
    if (notes.dropped)
        vl_cli_warn("%llu more warnings", (unsigned long long)notes.dropped);
    if (r < 0)
        return r;
    say_built(s, path, &stats);
    return notes.partial ? VL_EXIT_PARTIAL : VL_EXIT_OK;
}

static int from_starter(struct settings *s, const char *path, struct vl_err *err)
{
    struct vl_advisory_build_stats stats = {0};
    int r = vl_advisory_update_from_starter(path, VL_CLI_LOCK_WAIT_MS, &stats, err);
    if (r < 0)
        return r;
    say_built(s, path, &stats);
    (void)fputs("This is the starter set: it covers the demonstration image, nothing else. "
                "'vallum db update' with a network fetches the public feeds.\n",
        stderr);
    return VL_EXIT_OK;
}

static int from_feeds(struct settings *s, const char *path, struct vl_err *err)
{
    struct vl_advisory_source sources[SOURCES_MAX];
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    struct vl_advisory_build_stats stats = {0};
    const struct vl_http_options http = {.ca_file = s->remote.ca_file, .insecure = s->remote.insecure};
    if (!arena)
        return vl_err_nomem(err);
    for (size_t i = 0; i < s->feed.len; i++) {
        struct vl_span url = vl_span_str(s->feed.items[i]);
        struct vl_span name;
        (void)vl_span_split(&url, '=', &name);
        sources[i] = (struct vl_advisory_source){
            vl_arena_dup_span(arena, name), url.len ? vl_arena_dup_span(arena, url) : ""};
    }
    int r = vl_arena_check(arena, "the list of feeds", err);
    const struct vl_advisory_update_options options = {
        .db_path = path,
        .sources = sources,
        .n_sources = s->feed.len,
        .only = s->only.len ? s->only.items : NULL,
        .n_only = s->only.len,
        .http = &http,
        .lock_wait_ms = VL_CLI_LOCK_WAIT_MS,
        .progress = on_progress,
        .result = on_result,
        .user = s,
        /* A machine without a network shall fall back at once, not after minutes of trying. */
        .tries = s->starter_if_offline ? 1 : 0,
    };
    if (r == 0)
        r = vl_advisory_update(&options, &stats, err);
    if (r < 0 && s->starter_if_offline && s->good == 0 && access(path, F_OK) != 0) {
        (void)fprintf(stderr, "The public feeds cannot be reached: %s\n", err->msg);
        vl_err_clear(err);
        return from_starter(s, path, err);
    }
    if (r < 0)
        return r;
    say_built(s, path, &stats);
    return s->failed ? VL_EXIT_PARTIAL : VL_EXIT_OK;
}

static int run(void *settings, struct vl_err *err)
{
    struct settings *s = settings;
    char path[4096];
    int r = vl_cli_db_path(s->db, path, err);
    if (r == 0)
        r = vl_cli_make_parent(path, err);
    if (r < 0)
        return r;
    if (s->feeds)
        return from_folder(s, path, err);
    if (s->from)
        return vl_cli_install(&s->common, &s->remote, path, s->from, err);
    return s->starter ? from_starter(s, path, err) : from_feeds(s, path, err);
}

static const struct argp_option options[] = {
    {"db", 'd', "FILE", 0, "The advisory database to replace (default ~/.cache/vallum/advisories.vadb)", 0},
    {"feeds", KEY_FEEDS, "DIR", 0, "Build it from feeds that lie in a folder, without network", 0},
    {"from", KEY_FROM, "WHERE", 0,
        "Take a ready database: oci://HOST/REPOSITORY:TAG, https://…, a folder, a bundle", 0},
    {"starter", KEY_STARTER, NULL, 0, "Take the built-in starter set (demonstration image only)", 0},
    {"starter-if-offline", KEY_STARTER_IF_OFFLINE, NULL, 0, "The same, where no feed can be reached", 0},
    {"feed", KEY_FEED, "NAME=URL", 0,
        "Another address of a feed: https://, http:// or file://; empty leaves it out", 1},
    {"only", KEY_ONLY, "NAME,…", 0, "Fetch these feeds alone; the others stay as they are", 1},
    {"key", KEY_KEY, "FILE", 0, "Public key (Ed25519, PEM) that must have signed a ready database", 2},
    {"allow-unsigned", VL_CLI_REMOTE_UNSIGNED, NULL, 0, "Take a ready database without a signature", 2},
    {"allow-older", VL_CLI_REMOTE_OLDER, NULL, 0, "Take a ready database that is older than the one in place",
        2},
    {"auth-file", VL_CLI_REMOTE_AUTH, "FILE", 0, "Registry credentials (default ~/.docker/config.json)", 2},
    {"ca-file", VL_CLI_REMOTE_CA, "FILE", 0, "Trust the certificates in this file too (PEM)", 3},
    {"insecure", VL_CLI_REMOTE_INSECURE, NULL, 0, "Do not check certificates", 3},
    {0},
};

const struct vl_command vl_cli_db_update = {
    .words = "db update",
    .summary = "fetch advisories and build the database",
    .argp = {.options = options,
        .parser = parse,
        .doc = "Fetches the public advisory feeds, only what changed, and replaces the database in one step. "
               "A feed that "
               "fails leaves its data from before in place and is told; exit status 5 then."
               "\v"
               "Examples:\n  vallum db update\n  vallum db update --from "
               "oci://registry.example/vallum/advisories:latest "
               "--key advisories.pub\n  vallum db update --feed 'osv/*=https://mirror.example/osv/*/all.zip' "
               "--only osv/npm",
        .children = vl_cli_common_options},
    .settings_size = sizeof(struct settings),
    .run = run,
};
