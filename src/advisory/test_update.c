/* Updates from mirrors that change, fail and lie; ready databases that are signed, old, damaged.
 * tests: update.c update_fetch.c update_resolve.c bundle.c pack.c build_folder.c feed/input.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "advisory/feed.h"
#include "base/file.h"
#include "update.h"

/* Made for this test with `openssl genpkey -algorithm ed25519`. */
static const char private_key[] = "-----BEGIN PRIVATE KEY-----\n"
                                  "MC4CAQAwBQYDK2VwBCIEINtroqOHaZbZ4yS1PNdsaLq4kfbcg26fUE9TWwFMWMrl\n"
                                  "-----END PRIVATE KEY-----\n";
static const char public_key[] = "-----BEGIN PUBLIC KEY-----\n"
                                 "MCowBQYDK2VwAyEAaPcfY5wO8YJ6CFTCsusFKGw/KvZwtSeBeRjPmKkab7Y=\n"
                                 "-----END PUBLIC KEY-----\n";
static const char other_public_key[] = "-----BEGIN PUBLIC KEY-----\n"
                                       "MCowBQYDK2VwAyEAiV3QV9VOkjHfknR1HWDjiGv9N+YIlpRIvjrhvrHinRc=\n"
                                       "-----END PUBLIC KEY-----\n";

struct place {
    char dir[64];
    char db[96];
    char kev[128], epss[128], tracker[128];
    char states[512]; /* "kev=0 epss=1 …" of the last update */
    char message[512];
    bool die;
};

static void put_file(const char *path, const char *text)
{
    struct vl_err err = VL_ERR_INIT;
    if (vl_file_replace(path, 0644, vl_span_str(text), &err) < 0)
        fail_msg("%s", err.msg);
}

#define TRACKER(version)                                                                                    \
    "{\"zlib\":{\"CVE-2022-37434\":{\"releases\":{\"bookworm\":{\"status\":\"resolved\",\"fixed_version\":" \
    "\"" version "\"}}}}}"
#define KEV(id)     "{\"vulnerabilities\":[{\"cveID\":\"" id "\",\"dateAdded\":\"2023-01-10\"}]}"
#define EPSS(score) "cve,epss,percentile\nCVE-2022-37434," score ",0.5\n"

static int set_up(void **state)
{
    struct place *p = calloc(1, sizeof(*p));
    struct vl_err err = VL_ERR_INIT;
    snprintf(p->dir, sizeof(p->dir), "/tmp/vallum-test-update-%ld", (long)getpid());
    snprintf(p->db, sizeof(p->db), "%s/advisory.vadb", p->dir);
    snprintf(p->kev, sizeof(p->kev), "%s/mirror/kev.json", p->dir);
    snprintf(p->epss, sizeof(p->epss), "%s/mirror/epss.csv", p->dir);
    snprintf(p->tracker, sizeof(p->tracker), "%s/mirror/tracker.json", p->dir);
    char mirror[96];
    snprintf(mirror, sizeof(mirror), "%s/mirror", p->dir);
    int r = vl_file_make_dirs(mirror, 0755, &err);
    put_file(p->kev, KEV("CVE-2022-37434"));
    put_file(p->epss, EPSS("0.1"));
    put_file(p->tracker, TRACKER("1:1.2.11.dfsg-4.1"));
    *state = p;
    return r;
}

static void remove_tree(const char *dir)
{
    char command[160];
    pid_t child = fork();
    if (child == 0) {
        snprintf(command, sizeof(command), "%s", dir);
        execlp("rm", "rm", "-rf", command, (char *)NULL);
        _exit(1);
    }
    int status;
    waitpid(child, &status, 0);
}

static int tear_down(void **state)
{
    struct place *p = *state;
    remove_tree(p->dir);
    free(p);
    return 0;
}

static void on_result(const struct vl_advisory_feed_result *result, void *user)
{
    struct place *p = user;
    size_t len = strlen(p->states);
    snprintf(p->states + len, sizeof(p->states) - len, "%s%s=%d", len ? " " : "", result->name,
        (int)result->state);
    if (result->message[0])
        snprintf(p->message, sizeof(p->message), "%s", result->message);
    if (p->die)
        raise(SIGKILL);
}

static int update(struct place *p, struct vl_err *err)
{
    char urls[3][160];
    snprintf(urls[0], sizeof(urls[0]), "file://%s", p->kev);
    snprintf(urls[1], sizeof(urls[1]), "file://%s", p->epss);
    snprintf(urls[2], sizeof(urls[2]), "file://%s", p->tracker);
    const struct vl_advisory_source sources[] = {
        {"*", ""}, {"kev", urls[0]}, {"epss", urls[1]}, {"debian", urls[2]}};
    struct vl_advisory_update_options options = {.db_path = p->db,
        .sources = sources,
        .n_sources = VL_ARRAY_LEN(sources),
        .tries = 1,
        .now_ms = 1700000000000,
        .result = on_result,
        .user = p};
    p->states[0] = p->message[0] = 0;
    return vl_advisory_update(&options, NULL, err);
}

static void must_update(struct place *p)
{
    struct vl_err err = VL_ERR_INIT;
    if (update(p, &err) < 0)
        fail_msg("%s", err.msg);
}

static int take_first(uint32_t record, const char *space, const char *package, const char *ranges, void *user,
    struct vl_err *err)
{
    (void)record;
    (void)space;
    (void)package;
    (void)err;
    snprintf(user, 256, "%s", ranges);
    return 1;
}

/* The range of zlib's one row. */
static const char *range_now(struct place *p, char text[256])
{
    struct vl_advisory_db *db;
    struct vl_err err = VL_ERR_INIT;
    text[0] = 0;
    if (vl_advisory_db_open(p->db, &db, &err) < 0)
        fail_msg("%s", err.msg);
    assert_int_equal(vl_advisory_search(db, VL_SPAN_LIT("CVE-2022-37434"), take_first, text, &err), 0);
    vl_advisory_db_close(db);
    return text;
}

static void test_update_and_again(void **state)
{
    struct place *p = *state;
    char text[256];
    must_update(p);
    assert_string_equal(p->states, "debian=0 kev=0 epss=0");
    assert_string_equal(range_now(p, text), "<1:1.2.11.dfsg-4.1");
    must_update(p);
    assert_string_equal(p->states, "debian=1 kev=1 epss=1");
    put_file(p->tracker, TRACKER("1:1.2.11.dfsg-5"));
    must_update(p);
    assert_string_equal(p->states, "debian=0 kev=1 epss=1");
    assert_string_equal(range_now(p, text), "<1:1.2.11.dfsg-5");
}

static void test_failed_feed_keeps_its_data(void **state)
{
    struct place *p = *state;
    char text[256];
    put_file(p->tracker, TRACKER("1:1.2.11.dfsg-6"));
    must_update(p);
    put_file(p->tracker, "<html>moved</html>");
    put_file(p->kev, KEV("CVE-2022-37434") "   ");
    must_update(p);
    assert_string_equal(p->states, "debian=2 kev=0 epss=1");
    assert_non_null(strstr(p->message, "debian"));
    assert_string_equal(range_now(p, text), "<1:1.2.11.dfsg-6");
    unlink(p->tracker);
    must_update(p);
    assert_string_equal(p->states, "debian=2 kev=1 epss=1");
    assert_string_equal(range_now(p, text), "<1:1.2.11.dfsg-6");
    put_file(p->tracker, TRACKER("1:1.2.11.dfsg-7"));
}

static const char *resolve(const char *url, struct vl_arena *arena, struct vl_err *err)
{
    const char *out;
    vl_err_clear(err);
    return update_resolve(NULL, url, arena, &out, err) < 0 ? NULL : out;
}

/* Amazon's list of mirrors leads to repomd.xml, that to updateinfo.xml; Red Hat names its newest archive. */
static void test_resolve(void **state)
{
    struct place *p = *state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_arena *arena = vl_arena_new(1 << 20);
    char text[300];
    char path[160];
    char url[200];
    snprintf(path, sizeof(path), "%s/mirror/guid/repodata", p->dir);
    assert_int_equal(vl_file_make_dirs(path, 0755, &err), 0);
    snprintf(path, sizeof(path), "%s/mirror/guid/repodata/repomd.xml", p->dir);
    put_file(path,
        "<repomd xmlns=\"http://linux.duke.edu/metadata/repo\"><data type=\"primary_db\"><location "
        "href=\"repodata/primary.sqlite.bz2\"/></data><data type=\"updateinfo\"><location "
        "href=\"repodata/updateinfo.xml.gz\"/></data></repomd>");
    snprintf(path, sizeof(path), "%s/mirror/mirror.list", p->dir);
    snprintf(text, sizeof(text), "file://%s/mirror/guid\nhttps://example.com/other\n", p->dir);
    put_file(path, text);
    snprintf(url, sizeof(url), "file://%s/mirror/mirror.list", p->dir);
    snprintf(text, sizeof(text), "file://%s/mirror/guid/repodata/updateinfo.xml.gz", p->dir);
    assert_string_equal(resolve(url, arena, &err), text);
    snprintf(path, sizeof(path), "%s/mirror/archive_latest.txt", p->dir);
    put_file(path, "csaf_vex_2026-11-20.tar.zst\n");
    snprintf(url, sizeof(url), "file://%s/mirror/archive_latest.txt", p->dir);
    snprintf(text, sizeof(text), "file://%s/mirror/csaf_vex_2026-11-20.tar.zst", p->dir);
    assert_string_equal(resolve(url, arena, &err), text);
    put_file(path, "../../etc/passwd\n");
    assert_null(resolve(url, arena, &err));
    assert_int_equal(err.code, VL_ERR_INVALID);
    assert_string_equal(resolve("https://example.com/all.zip", arena, &err), "https://example.com/all.zip");
    vl_arena_free(arena);
}

/* A feed of many files: each is fetched, kept and reported under a name of its own. */
static void test_braces(void **state)
{
    struct place *p = *state;
    struct vl_err err = VL_ERR_INIT;
    char path[200];
    char url[200];
    snprintf(path, sizeof(path), "%s/mirror/v3.22", p->dir);
    assert_int_equal(vl_file_make_dirs(path, 0755, &err), 0);
    snprintf(path, sizeof(path), "%s/mirror/v3.22/main.json", p->dir);
    put_file(path,
        "{\"distroversion\":\"v3.22\",\"packages\":[{\"pkg\":{\"name\":\"xen\",\"secfixes\":{\"4.1-r0\":["
        "\"CVE-2022-0001\"]}}}]}");
    snprintf(url, sizeof(url), "file://%s/mirror/{v3.22,v3.23}/{main,community}.json", p->dir);
    const struct vl_advisory_source sources[] = {{"*", ""}, {"alpine", url}};
    struct vl_advisory_update_options options = {.db_path = p->db,
        .sources = sources,
        .n_sources = VL_ARRAY_LEN(sources),
        .tries = 1,
        .result = on_result,
        .user = p};
    p->states[0] = 0;
    if (vl_advisory_update(&options, NULL, &err) < 0)
        fail_msg("%s", err.msg);
    assert_string_equal(p->states, "alpine/v3.22/main=0 alpine/v3.22/community=3 alpine/v3.23/main=3 "
                                   "alpine/v3.23/community=3");
}

static void test_http_date(void **state)
{
    (void)state;
    assert_int_equal(update_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777000); /* RFC 9110 §5.6.7 */
    assert_int_equal(update_http_date("Sunday, 06-Nov-94 08:49:37 GMT"), 0);
    assert_int_equal(update_http_date("yesterday"), 0);
    assert_int_equal(update_http_date(""), 0);
}

static void test_second_updater(void **state)
{
    struct place *p = *state;
    struct vl_err err = VL_ERR_INIT;
    int fd;
    assert_int_equal(update_lock(p->db, 0, &fd, &err), 0);
    assert_true(update(p, &err) < 0);
    assert_int_equal(err.code, VL_ERR_CONFLICT);
    vl_file_close(&fd);
    must_update(p);
}

/* A child does it; returns its exit status, or the signal negated. */
static int in_child(struct place *p, bool die, rlim_t file_size)
{
    pid_t child = fork();
    if (child == 0) {
        struct vl_err err = VL_ERR_INIT;
        struct rlimit limit = {file_size, file_size};
        p->die = die;
        signal(SIGXFSZ, SIG_IGN);
        if (file_size)
            setrlimit(RLIMIT_FSIZE, &limit);
        int r = update(p, &err);
        _exit(r == 0 ? 0 : err.msg[0] ? 1 : 2);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void test_killed_and_full_disk(void **state)
{
    struct place *p = *state;
    char text[256];
    put_file(p->tracker, TRACKER("1:1.2.11.dfsg-8"));
    must_update(p);
    put_file(p->tracker, TRACKER("1:1.2.11.dfsg-9"));
    assert_int_equal(in_child(p, true, 0), -SIGKILL);
    assert_string_equal(range_now(p, text), "<1:1.2.11.dfsg-8");
    assert_int_equal(in_child(p, false, 1024), 1); /* a clear error, not a crash */
    assert_string_equal(range_now(p, text), "<1:1.2.11.dfsg-8");
    must_update(p);
    assert_string_equal(range_now(p, text), "<1:1.2.11.dfsg-9");
}

static void test_folder_and_starter(void **state)
{
    struct place *p = *state;
    char path[160];
    char text[256];
    struct vl_err err = VL_ERR_INIT;
    struct vl_notes notes;
    struct vl_arena *arena = vl_arena_new(1 << 20);
    vl_notes_init(&notes, arena);
    snprintf(path, sizeof(path), "%s/feeds/debian", p->dir);
    assert_int_equal(vl_file_make_dirs(path, 0755, &err), 0);
    snprintf(path, sizeof(path), "%s/feeds/debian/tracker.json", p->dir);
    put_file(path, TRACKER("1:2"));
    snprintf(path, sizeof(path), "%s/feeds/kev", p->dir);
    assert_int_equal(vl_file_make_dirs(path, 0755, &err), 0);
    snprintf(path, sizeof(path), "%s/feeds/kev/kev.json", p->dir);
    put_file(path, "not json");
    snprintf(path, sizeof(path), "%s/feeds", p->dir);
    if (vl_advisory_update_from_folder(path, p->db, 0, &notes, NULL, &err) < 0)
        fail_msg("%s", err.msg);
    assert_string_equal(range_now(p, text), "<1:2");
    assert_int_equal(notes.len, 1);
    assert_string_equal(notes.items[0].object, "kev");
    snprintf(path, sizeof(path), "%s/mirror", p->dir);
    assert_true(vl_advisory_update_from_folder(path, p->db, 0, &notes, NULL, &err) < 0);
    assert_string_equal(range_now(p, text), "<1:2");
    vl_notes_done(&notes);
    vl_arena_free(arena);
}

static int install(
    struct place *p, const char *from, const char *key, bool older, bool *changed, struct vl_err *err)
{
    struct vl_advisory_install_options o = {
        .db_path = p->db, .public_pem = vl_span_str(key), .allow_older = older};
    vl_err_clear(err);
    return vl_advisory_install(&o, from, changed, err);
}

static void test_signed_databases(void **state)
{
    struct place *p = *state;
    char folder[128];
    char bundle[128];
    char meta[160];
    char text[256];
    bool changed;
    struct vl_err err = VL_ERR_INIT;
    snprintf(folder, sizeof(folder), "%s/published", p->dir);
    snprintf(bundle, sizeof(bundle), "%s/bundle.vadx", p->dir);
    put_file(p->tracker, TRACKER("1:3"));
    put_file(p->epss, "#score_date:2026-01-01T00:00:00+0000\n" EPSS("0.3"));
    must_update(p);
    assert_int_equal(vl_advisory_publish_folder(p->db, vl_span_str(private_key), folder, &err), 0);
    assert_int_equal(vl_advisory_export(p->db, vl_span_str(private_key), bundle, &err), 0);
    assert_int_equal(install(p, folder, public_key, false, &changed, &err), 0);
    assert_false(changed); /* the same */
    put_file(p->tracker, TRACKER("1:4"));
    put_file(p->epss, "#score_date:2026-02-01T00:00:00+0000\n" EPSS("0.4"));
    must_update(p);
    assert_true(install(p, bundle, public_key, false, &changed, &err) < 0); /* roll-back */
    assert_int_equal(err.code, VL_ERR_CONFLICT);
    assert_string_equal(range_now(p, text), "<1:4");
    assert_true(install(p, bundle, other_public_key, true, &changed, &err) < 0);
    assert_int_equal(err.code, VL_ERR_CORRUPT);
    assert_true(install(p, bundle, "", true, &changed, &err) < 0);
    assert_int_equal(err.code, VL_ERR_AUTH);
    assert_int_equal(install(p, bundle, public_key, true, &changed, &err), 0);
    assert_true(changed);
    assert_string_equal(range_now(p, text), "<1:3");
    /* a changed description */
    snprintf(meta, sizeof(meta), "%s/%s", folder, VL_ADVISORY_FILE_META);
    put_file(meta, "vallum-advisory-database 1\nsize 5\n");
    assert_true(install(p, folder, public_key, true, &changed, &err) < 0);
    assert_int_equal(err.code, VL_ERR_CORRUPT);
    /* a damaged bundle */
    assert_int_equal(truncate(bundle, 70000), 0);
    unlink(p->db);
    assert_true(install(p, bundle, public_key, true, &changed, &err) < 0);
    assert_true(access(p->db, F_OK) < 0);
}

/* Cut anywhere or with one bit turned over, a published database is refused, and the one in place works on.
 */
static void test_damaged_on_the_way(void **state)
{
    struct place *p = *state;
    char folder[128];
    char packed[160];
    char text[256];
    bool changed;
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_buf_done) struct vl_buf whole;
    vl_buf_init(&whole, 1 << 20);
    snprintf(folder, sizeof(folder), "%s/published", p->dir);
    snprintf(packed, sizeof(packed), "%s/%s", folder, VL_ADVISORY_FILE_DB);
    put_file(p->tracker, TRACKER("1:4"));
    must_update(p);
    assert_int_equal(vl_advisory_publish_folder(p->db, vl_span_str(private_key), folder, &err), 0);
    assert_int_equal(vl_file_read(packed, 1 << 20, &whole, &err), 0);
    put_file(p->tracker, TRACKER("1:5"));
    must_update(p);
    for (size_t i = 0; i < whole.len; i += whole.len / 31) {
        whole.ptr[i] ^= 0x10;
        assert_int_equal(vl_file_replace(packed, 0644, vl_buf_span(&whole), &err), 0);
        whole.ptr[i] ^= 0x10;
        int r = install(p, folder, public_key, true, &changed, &err);
        /* A bit that zstd has no use for changes nothing in what it holds. */
        if (r < 0)
            assert_int_equal(err.code, VL_ERR_CORRUPT);
        assert_string_equal(range_now(p, text), r < 0 ? "<1:5" : "<1:4");
        if (r == 0)
            must_update(p);
        assert_int_equal(vl_file_replace(packed, 0644, vl_span_slice(vl_buf_span(&whole), 0, i), &err), 0);
        assert_true(install(p, folder, public_key, true, &changed, &err) < 0);
        assert_int_equal(err.code, VL_ERR_CORRUPT);
        assert_string_equal(range_now(p, text), "<1:5");
    }
    assert_int_equal(vl_file_replace(packed, 0644, vl_buf_span(&whole), &err), 0);
    assert_int_equal(install(p, folder, public_key, true, &changed, &err), 0);
    assert_string_equal(range_now(p, text), "<1:4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_update_and_again),
        cmocka_unit_test(test_failed_feed_keeps_its_data),
        cmocka_unit_test(test_second_updater),
        cmocka_unit_test(test_killed_and_full_disk),
        cmocka_unit_test(test_folder_and_starter),
        cmocka_unit_test(test_http_date),
        cmocka_unit_test(test_resolve),
        cmocka_unit_test(test_braces),
        cmocka_unit_test(test_signed_databases),
        cmocka_unit_test(test_damaged_on_the_way),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
