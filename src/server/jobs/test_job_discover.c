/* tests: job_discover.c job_resolve.c discover.c discover_repository.c inventory/repo_place.c
 *
 * Reconciliations of a registry that this test holds in memory: what is new is asked to be scanned, what went
 * goes, and neither is said of anything else. The real registry: tests/functional/test_registry_push. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/time.h"
#include "inventory/repo_place.h"
#include "inventory/repo_registry.h"
#include "jobs/ask.h"
#include "jobs/discover.h"
#include "test_rows.h"

#define ENTRIES_MAX 2000
#define WAIT_MS     20000

/* One tag (or a manifest without one: tag NULL) of the registry. */
struct entry {
    char repository[64], tag[160], digest[80];
    enum { IMAGE, INDEX, OTHER, BROKEN } kind;
    char platforms[2][80]; /* digests, of an index */
};
static struct entry entries[ENTRIES_MAX];
static size_t n_entries;
static enum vl_err_code catalogue_error, tags_error; /* what the registry answers instead */
static size_t asked;                                 /* manifests */

static const char *digest_of(unsigned n)
{
    static char text[8][80];
    static unsigned turn;
    char *t = text[turn++ % 8];
    (void)snprintf(t, 80, "sha256:%064x", n);
    return t;
}

static struct entry *put(const char *repository, const char *tag, unsigned digest, int kind)
{
    assert_true(n_entries < ENTRIES_MAX);
    struct entry *e = &entries[n_entries++];
    memset(e, 0, sizeof(*e));
    (void)snprintf(e->repository, sizeof(e->repository), "%s", repository);
    (void)snprintf(e->tag, sizeof(e->tag), "%s", tag);
    (void)snprintf(e->digest, sizeof(e->digest), "%s", digest_of(digest));
    e->kind = kind == INDEX ? INDEX : kind == OTHER ? OTHER : kind == BROKEN ? BROKEN : IMAGE;
    return e;
}

static void put_index(const char *repository, const char *tag, unsigned digest, unsigned one, unsigned two)
{
    struct entry *e = put(repository, tag, digest, INDEX);
    (void)snprintf(e->platforms[0], 80, "%s", digest_of(one));
    (void)snprintf(e->platforms[1], 80, "%s", digest_of(two));
}

static void take_away(const char *repository, const char *tag)
{
    for (size_t i = 0; i < n_entries; i++) {
        if (strcmp(entries[i].repository, repository) == 0 && (!tag || strcmp(entries[i].tag, tag) == 0))
            entries[i--] = entries[--n_entries];
    }
}

/* --- the stand-in --- */

static int catalogue(const struct vl_fetch_registry *registry, struct vl_arena *arena,
    const char *const **ret_names, size_t *ret_n, struct vl_err *err)
{
    const char **names = vl_arena_array(arena, ENTRIES_MAX, sizeof(*names));
    size_t n = 0;
    assert_string_equal(registry->host, "registry.example:5000");
    assert_string_equal(registry->password, "secret");
    if (catalogue_error)
        return vl_err_set(err, catalogue_error, "the registry has no catalogue");
    for (size_t i = 0; i < n_entries; i++) {
        bool there = false;
        for (size_t k = 0; k < n; k++)
            there |= strcmp(names[k], entries[i].repository) == 0;
        if (!there)
            names[n++] = vl_arena_strdup(arena, entries[i].repository);
    }
    *ret_names = names;
    *ret_n = n;
    return 0;
}

static int tags(const struct vl_fetch_registry *registry, const char *repository, struct vl_arena *arena,
    const char *const **ret_names, size_t *ret_n, struct vl_err *err)
{
    const char **names = vl_arena_array(arena, ENTRIES_MAX, sizeof(*names));
    size_t n = 0;
    bool there = false;
    (void)registry;
    if (tags_error && strcmp(repository, "bad") == 0)
        return vl_err_set(err, tags_error, "you may not");
    for (size_t i = 0; i < n_entries; i++) {
        if (strcmp(entries[i].repository, repository) != 0)
            continue;
        there = true;
        if (entries[i].tag[0])
            names[n++] = vl_arena_strdup(arena, entries[i].tag);
    }
    *ret_names = names;
    *ret_n = n;
    return there ? 0 : vl_err_set(err, VL_ERR_NOT_FOUND, "no such repository");
}

static bool find(
    const char *repository, const char *reference, struct vl_arena *arena, struct vl_fetch_manifest *ret)
{
    asked++;
    for (size_t i = 0; i < n_entries; i++) {
        const struct entry *e = &entries[i];
        if (strcmp(e->repository, repository) != 0)
            continue;
        for (size_t p = 0; p < 2 && e->kind == INDEX; p++) {
            if (strcmp(e->platforms[p], reference) == 0) {
                *ret = (struct vl_fetch_manifest){
                    .digest = vl_arena_strdup(arena, e->platforms[p]), .is_image = true};
                return true;
            }
        }
        if (strcmp(e->tag, reference) != 0 && strcmp(e->digest, reference) != 0)
            continue;
        *ret = (struct vl_fetch_manifest){.digest = vl_arena_strdup(arena, e->digest),
            .is_index = e->kind == INDEX,
            .is_image = e->kind == IMAGE};
        if (e->kind == INDEX) {
            static const char *const names[] = {"linux/amd64", "linux/arm64"};
            ret->platforms = vl_arena_array(arena, 2, sizeof(*ret->platforms));
            ret->n_platforms = 2;
            for (size_t p = 0; p < 2; p++)
                ret->platforms[p] =
                    (struct vl_fetch_platform){vl_arena_strdup(arena, e->platforms[p]), names[p]};
        }
        return true;
    }
    return false;
}

static int manifests(const struct vl_fetch_registry *registry, const char *repository,
    const char *const *references, size_t n, struct vl_arena *arena, struct vl_fetch_manifest *ret,
    struct vl_err *err)
{
    (void)registry;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < n_entries; k++) {
            if (entries[k].kind == BROKEN && strcmp(entries[k].repository, repository) == 0 &&
                (strcmp(entries[k].tag, references[i]) == 0 || strcmp(entries[k].digest, references[i]) == 0))
                return vl_err_set(err, VL_ERR_CORRUPT, "%s has another digest", references[i]);
        }
        if (!find(repository, references[i], arena, &ret[i]))
            ret[i] = (struct vl_fetch_manifest){0};
    }
    return 0;
}

static int manifest(const struct vl_fetch_registry *registry, const char *repository, const char *reference,
    struct vl_arena *arena, struct vl_fetch_manifest *ret, struct vl_err *err)
{
    (void)registry;
    return find(repository, reference, arena, ret) ? 0 : vl_err_set(err, VL_ERR_NOT_FOUND, "gone");
}

static const struct vl_fetcher stand_in = {catalogue, tags, manifest, manifests};
static const struct vl_job_handler handlers[] = {
    {.kind = "discover", .tries = 2, .first_pause_ms = 10, .run = vl_job_discover},
    {.kind = "resolve", .tries = 2, .first_pause_ms = 10, .run = vl_job_resolve},
    {0},
};
static const struct vl_job_round rounds[] = {{0}};

/* --- the server's side --- */

static int64_t registry_id;

struct adding {
    struct vl_test_server *s;
    const char *name, *include;
};

static int add_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct adding *a = user;
    struct vl_registry g = {.environment = 1,
        .name = a->name,
        .host = "registry.example:5000",
        .kind = "generic",
        .username = "robot",
        .include = a->include,
        .enabled = true,
        .poll_seconds = 300,
        .concurrency = 2};
    struct vl_registry_secrets secrets = {.seal_key = a->s->app.data.seal_key, .secret = "secret"};
    return vl_repo_registry_add(conn, &g, &secrets, &registry_id, err);
}

static void begin(struct vl_test_server *s, const char *name, const char *include)
{
    struct vl_err err = VL_ERR_INIT;
    struct adding a = {s, name, include};
    n_entries = 0;
    catalogue_error = tags_error = VL_ERR_NONE;
    if (vl_store_write(s->app.store, add_write, &a, &err) < 0)
        fail_msg("%s", err.msg);
}

static int ask_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    (void)user;
    return vl_ask_discover(conn, registry_id, VL_PRIORITY_ASKED, NULL, err);
}

static const char *resolve_tag, *resolve_digest;

static int resolve_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    return vl_ask_resolve(conn, registry_id, vl_span_str(user), vl_span_str(resolve_digest),
        vl_span_str(resolve_tag), vl_time_now_ms(), err);
}

static void work(
    struct vl_test_server *s, int (*write)(struct vl_store_conn *, void *, struct vl_err *), const char *user)
{
    static const struct vl_store_sql left = {
        "SELECT count(*) FROM job WHERE kind <> 'scan' AND kind <> 'score' AND state <> 2", NULL};
    struct vl_err err = VL_ERR_INIT;
    struct vl_runner *runner = NULL;
    const struct vl_runner_options options = {.workers = 1, .handlers = handlers, .rounds = rounds};
    const struct timespec pause = {.tv_nsec = 5000000};
    s->app.fetcher = &stand_in;
    asked = 0;
    if (vl_store_write(s->app.store, write, (void *)(uintptr_t)user, &err) < 0 ||
        vl_runner_start(&s->app, &options, &runner, &err) < 0)
        fail_msg("%s", err.msg);
    int64_t n = 1;
    for (int i = 0; i < WAIT_MS / 5 && n > 0; i++) {
        (void)nanosleep(&pause, NULL);
        n = vl_rows_sql(s, &left, "");
    }
    vl_runner_stop(runner);
    assert_int_equal(n, 0);
}

static void discover(struct vl_test_server *s)
{
    work(s, ask_write, NULL);
}

static int64_t there(struct vl_test_server *s)
{
    static const struct vl_store_sql sql = {
        "SELECT count(*) FROM registry_image WHERE registry_id = $1 AND deleted_at = 0 AND is_index = 0",
        NULL};
    return vl_rows_sql(s, &sql, "i", registry_id);
}

static int64_t is_there(struct vl_test_server *s, const char *repository, unsigned digest)
{
    static const struct vl_store_sql sql = {"SELECT count(*) FROM registry_image WHERE registry_id = $1 AND "
                                            "deleted_at = 0 AND repository = $2 AND digest = $3",
        NULL};
    return vl_rows_sql(s, &sql, "iss", registry_id, repository, digest_of(digest));
}

static int64_t tag_is(struct vl_test_server *s, const char *repository, const char *tag, unsigned digest)
{
    static const struct vl_store_sql sql = {
        "SELECT count(*) FROM tag WHERE registry_id = $1 AND repository = "
        "$2 AND name = $3 AND digest = $4",
        NULL};
    return vl_rows_sql(s, &sql, "isss", registry_id, repository, tag, digest_of(digest));
}

/* Scans that are asked for; they are taken away. */
static int64_t scans(struct vl_test_server *s)
{
    static const struct vl_store_sql sql = {"DELETE FROM job WHERE kind = 'scan'", NULL};
    return vl_rows_sql(s, &sql, "");
}

/* As if everything had been seen for the last time an hour ago. */
static void age(struct vl_test_server *s)
{
    static const struct vl_store_sql sql = {
        "UPDATE registry_image SET last_seen = last_seen - 3600000, state = 3 WHERE registry_id = $1", NULL};
    static const struct vl_store_sql tags_sql = {
        "UPDATE tag SET changed = changed - 3600000 WHERE registry_id = $1", NULL};
    static const struct vl_store_sql repositories = {
        "UPDATE repository SET first_seen = first_seen - 3600000, "
        "last_seen = last_seen - 3600000 WHERE registry_id = $1",
        NULL};
    (void)vl_rows_sql(s, &sql, "i", registry_id);
    (void)vl_rows_sql(s, &tags_sql, "i", registry_id);
    (void)vl_rows_sql(s, &repositories, "i", registry_id);
}

static void test_new_ones(void **state)
{
    struct vl_test_server *s = *state;
    begin(s, "new", "");
    put("shop/orders", "1.0", 1, IMAGE);
    put("shop/orders", "latest", 1, IMAGE);
    put_index("shop/web", "2.0", 2, 3, 4);
    put("shop/web", "chart", 5, OTHER);
    put("shop/web", "sha256-0000000000000000000000000000000000000000000000000000000000000002.sig", 6, IMAGE);
    discover(s);
    assert_int_equal(there(s), 3);
    assert_int_equal(scans(s), 3); /* the index has nothing to scan */
    assert_int_equal(tag_is(s, "shop/orders", "1.0", 1), 1);
    assert_int_equal(tag_is(s, "shop/orders", "latest", 1), 1);
    assert_int_equal(tag_is(s, "shop/web", "2.0", 2), 1);
    assert_int_equal(asked, 4); /* a signature's tag is not worth a question */
    static const struct vl_store_sql platform = {
        "SELECT count(*) FROM registry_image WHERE registry_id = $1 AND digest = $2 AND parent = $3 AND "
        "platform = 'linux/arm64' AND state = 0 AND stage = 'waiting for a worker' AND first_seen > 0",
        NULL};
    assert_int_equal(vl_rows_sql(s, &platform, "iss", registry_id, digest_of(4), digest_of(2)), 1);
    static const struct vl_store_sql registry = {
        "SELECT count(*) FROM registry WHERE id = $1 AND error IS NULL AND "
        "progress IS NULL AND discovered_at > 0",
        NULL};
    assert_int_equal(vl_rows_sql(s, &registry, "i", registry_id), 1);
    age(s);
    discover(s); /* again: nothing new, nothing gone */
    assert_int_equal(there(s), 3);
    assert_int_equal(scans(s), 0);
}

static void test_changes(void **state)
{
    struct vl_test_server *s = *state;
    begin(s, "changes", "");
    put("a", "stays", 10, IMAGE);
    put("a", "moves", 11, IMAGE);
    put("a", "goes", 12, IMAGE);
    put("a", "untagged", 13, IMAGE);
    put_index("a", "multi", 14, 15, 16);
    put("b", "1", 17, IMAGE);
    discover(s);
    assert_int_equal(there(s), 7);
    (void)scans(s);
    age(s);
    take_away("a", "moves"); /* and the old one is deleted */
    put("a", "moves", 18, IMAGE);
    take_away("a", "goes");
    take_away("a", "untagged");
    put("a", "", 13, IMAGE); /* still there, by its digest */
    take_away("a", "multi");
    take_away("b", NULL);
    discover(s);
    assert_int_equal(is_there(s, "a", 10), 1);
    assert_int_equal(is_there(s, "a", 11), 0);
    assert_int_equal(is_there(s, "a", 18), 1);
    assert_int_equal(tag_is(s, "a", "moves", 18), 1);
    assert_int_equal(is_there(s, "a", 12), 0);
    assert_int_equal(tag_is(s, "a", "goes", 12), 0);
    assert_int_equal(is_there(s, "a", 13), 1);
    assert_int_equal(tag_is(s, "a", "untagged", 13), 0);
    assert_int_equal(is_there(s, "a", 14) + is_there(s, "a", 15) + is_there(s, "a", 16), 0);
    assert_int_equal(is_there(s, "b", 17), 0);
    assert_int_equal(there(s), 3);
    assert_int_equal(scans(s), 1);
    static const struct vl_store_sql gone = {
        "SELECT count(*) FROM repository WHERE registry_id = $1 AND name = 'b' AND gone_at > 0", NULL};
    assert_int_equal(vl_rows_sql(s, &gone, "i", registry_id), 1);
    put("b", "1", 17, IMAGE); /* and back */
    discover(s);
    assert_int_equal(is_there(s, "b", 17), 1);
    assert_int_equal(vl_rows_sql(s, &gone, "i", registry_id), 0);
    assert_int_equal(scans(s), 2); /* and the new one's, which this test took away */
}

/* What no tag names is not asked for each time, but within the hour. */
static void test_untagged(void **state)
{
    struct vl_test_server *s = *state;
    begin(s, "untagged", "");
    put("a", "x", 20, IMAGE);
    discover(s);
    take_away("a", "x");
    put("a", "", 20, IMAGE);
    discover(s); /* it lost its tag: looked up */
    assert_int_equal(asked, 1);
    assert_int_equal(is_there(s, "a", 20), 1);
    discover(s);
    assert_int_equal(asked, 0);
    age(s);
    take_away("a", NULL);
    put("a", "y", 21, IMAGE);
    discover(s);
    assert_int_equal(is_there(s, "a", 20), 0);
    assert_int_equal(is_there(s, "a", 21), 1);
    (void)scans(s);
}

static void test_include(void **state)
{
    struct vl_test_server *s = *state;
    begin(s, "include", "shop/*\nalone\n");
    put("shop/a", "1", 30, IMAGE);
    put("other", "1", 31, IMAGE);
    put("alone", "1", 32, IMAGE);
    discover(s);
    assert_int_equal(there(s), 2);
    /* Without a catalogue: those that were named, and those that are known. */
    catalogue_error = VL_ERR_UNSUPPORTED;
    put("shop/a", "2", 33, IMAGE);
    put("alone", "2", 34, IMAGE);
    discover(s);
    assert_int_equal(there(s), 4);
    (void)scans(s);
}

static void test_failures(void **state)
{
    struct vl_test_server *s = *state;
    static const struct vl_store_sql error = {
        "SELECT count(*) FROM registry WHERE id = $1 AND error LIKE $2", NULL};
    begin(s, "failures", "");
    put("good", "1", 40, IMAGE);
    put("bad", "1", 41, IMAGE);
    tags_error = VL_ERR_AUTH;
    discover(s);
    assert_int_equal(is_there(s, "good", 40), 1);
    assert_int_equal(vl_rows_sql(s, &error, "is", registry_id, "bad: you may not; give the registry%"), 1);
    tags_error = VL_ERR_NONE;
    discover(s);
    assert_int_equal(is_there(s, "bad", 41), 1);
    static const struct vl_store_sql fine = {
        "SELECT count(*) FROM registry WHERE id = $1 AND error IS NULL", NULL};
    assert_int_equal(vl_rows_sql(s, &fine, "i", registry_id), 1);
    /* Nothing is said to be gone by a registry that does not answer. */
    catalogue_error = VL_ERR_UNREACHABLE;
    age(s);
    discover(s);
    assert_int_equal(there(s), 2);
    assert_int_equal(
        vl_rows_sql(s, &error, "is", registry_id, "the registry has no catalogue; is the host%"), 1);
    begin(s, "no catalogue", "");
    catalogue_error = VL_ERR_UNSUPPORTED;
    discover(s);
    assert_int_equal(vl_rows_sql(s, &error, "is", registry_id, "%Name repositories in the registry's%"), 1);
    (void)scans(s);
}

/* One manifest that cannot be read is no reason not to read the others; and it is not gone. */
static void test_broken(void **state)
{
    struct vl_test_server *s = *state;
    static const struct vl_store_sql error = {
        "SELECT count(*) FROM registry WHERE id = $1 AND error LIKE $2", NULL};
    char tag[32];
    begin(s, "broken", "");
    for (unsigned i = 0; i < 300; i++) {
        (void)snprintf(tag, sizeof(tag), "t%u", i);
        put("a", tag, 7000 + i, IMAGE);
    }
    discover(s);
    assert_int_equal(there(s), 300);
    age(s);
    entries[7].kind = BROKEN;
    entries[250].kind = BROKEN;
    put("a", "new", 8000, IMAGE);
    discover(s);
    assert_int_equal(there(s), 301);
    assert_int_equal(
        vl_rows_sql(s, &error, "is", registry_id, "a: 2 manifests cannot be read%another digest"), 1);
    (void)scans(s);
}

static void test_many(void **state)
{
    struct vl_test_server *s = *state;
    char tag[32];
    begin(s, "many", "");
    for (unsigned i = 0; i < 1200; i++) {
        (void)snprintf(tag, sizeof(tag), "t%u", i);
        put("big", tag, 1000 + i, IMAGE);
    }
    discover(s);
    assert_int_equal(there(s), 1200);
    assert_int_equal(scans(s), 1200);
    age(s);
    take_away("big", NULL);
    put("big", "last", 5000, IMAGE);
    discover(s);
    assert_int_equal(there(s), 1);
    (void)scans(s);
}

static void test_resolve(void **state)
{
    struct vl_test_server *s = *state;
    begin(s, "resolve", "");
    put_index("shop/web", "3.0", 50, 51, 52);
    resolve_digest = digest_of(50);
    resolve_tag = "3.0";
    work(s, resolve_write, "shop/web");
    assert_int_equal(there(s), 2);
    assert_int_equal(is_there(s, "shop/web", 51), 1);
    assert_int_equal(tag_is(s, "shop/web", "3.0", 50), 1);
    static const struct vl_store_sql pushed = {
        "SELECT count(*) FROM job WHERE kind = 'scan' AND priority = $1", NULL};
    assert_int_equal(vl_rows_sql(s, &pushed, "i", (int64_t)VL_PRIORITY_PUSHED), 2);
    resolve_digest = ""; /* as Docker Hub tells it */
    put("shop/web", "4.0", 53, IMAGE);
    resolve_tag = "4.0";
    work(s, resolve_write, "shop/web");
    assert_int_equal(tag_is(s, "shop/web", "4.0", 53), 1);
    resolve_tag = "gone"; /* meanwhile */
    work(s, resolve_write, "shop/web");
    assert_int_equal(there(s), 3);
    (void)scans(s);
}

/* The clock asks for what is due, once. */
static void test_round(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_err err = VL_ERR_INIT;
    static const struct vl_store_sql waiting = {
        "SELECT count(*) FROM job WHERE kind = 'discover' AND key = $1", NULL};
    char key[24];
    begin(s, "round", "");
    (void)snprintf(key, sizeof(key), "%lld", (long long)registry_id);
    assert_true(vl_round_discover(&s->app, &err) >= 0);
    assert_true(vl_round_discover(&s->app, &err) >= 0);
    assert_int_equal(vl_rows_sql(s, &waiting, "s", key), 1);
    static const struct vl_store_sql clean = {"DELETE FROM job WHERE kind = 'discover'", NULL};
    (void)vl_rows_sql(s, &clean, "");
    static const struct vl_store_sql off = {"UPDATE plan SET tier = 0 WHERE name = 'Containers'", NULL};
    (void)vl_rows_sql(s, &off, "");
    assert_true(vl_round_discover(&s->app, &err) >= 0);
    assert_int_equal(vl_rows_sql(s, &waiting, "s", key), 0);
    put("a", "1", 60, IMAGE);
    discover(s); /* a job that waited when the plan was switched off */
    assert_int_equal(there(s), 0);
    static const struct vl_store_sql on = {"UPDATE plan SET tier = 1 WHERE name = 'Containers'", NULL};
    (void)vl_rows_sql(s, &on, "");
    assert_true(vl_round_discover(&s->app, &err) >= 0);
    assert_int_equal(vl_rows_sql(s, &waiting, "s", key), 1);
}

int main(void)
{
    const struct CMUnitTest tests_[] = {
        cmocka_unit_test(test_new_ones),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_untagged),
        cmocka_unit_test(test_include),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_resolve),
        cmocka_unit_test(test_round),
    };
    return cmocka_run_group_tests(tests_, vl_test_server_start, vl_test_server_stop);
}
