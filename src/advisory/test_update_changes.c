/* An OSV export by its changes: list, single documents, the whole again where much has changed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "advisory/feed.h"
#include "base/file.h"
#include "update.h"

struct place {
    char dir[64];
    char db[96];
    char npm[96]; /* mirror/npm */
    char url[160];
    char states[256];
    char ranges[512];
};

static void put_bytes(const struct place *p, const char *name, struct vl_span bytes)
{
    struct vl_err err = VL_ERR_INIT;
    char path[200];
    (void)snprintf(path, sizeof(path), "%s/%s", p->npm, name);
    if (vl_file_replace(path, 0644, bytes, &err) < 0)
        fail_msg("%s", err.msg);
}

static void put_text(const struct place *p, const char *name, const char *text)
{
    put_bytes(p, name, vl_span_str(text));
}

#define RECORD(id, name, fixed)                                                                   \
    "{\"id\":\"" id                                                                               \
    "\",\"modified\":\"2026-01-01T00:00:00Z\",\"affected\":[{\"package\":{\"ecosystem\":\"npm\"," \
    "\"name\":\"" name                                                                            \
    "\"},\"ranges\":[{\"type\":\"SEMVER\",\"events\":[{\"introduced\":\"0\"},{\"fixed\":\"" fixed \
    "\"}]}]}]}"

/* POSIX ustar: what a zip would be, and easier to write. */
static void add_member(struct vl_buf *tar, const char *name, const char *text)
{
    char head[512] = {0};
    unsigned sum = 0;
    (void)snprintf(head, 100, "%s", name);
    (void)snprintf(head + 100, 8, "0000644");
    (void)snprintf(head + 124, 12, "%011o", (unsigned)strlen(text));
    memset(head + 148, ' ', 8);
    head[156] = '0';
    memcpy(head + 257, "ustar\00000", 8);
    for (size_t i = 0; i < sizeof(head); i++)
        sum += (unsigned char)head[i];
    (void)snprintf(head + 148, 8, "%06o", sum);
    vl_buf_append(tar, head, sizeof(head));
    vl_buf_append_str(tar, text);
    while (tar->len % 512)
        vl_buf_append_char(tar, 0);
}

static void put_export(const struct place *p, const char *a, const char *b)
{
    struct vl_buf tar;
    vl_buf_init(&tar, 1UL << 20);
    add_member(&tar, "GHSA-a.json", a);
    add_member(&tar, "GHSA-b.json", b);
    for (int i = 0; i < 1024; i++)
        vl_buf_append_char(&tar, 0);
    put_bytes(p, "all.zip", vl_buf_span(&tar));
    vl_buf_done(&tar);
}

static int set_up(void **state)
{
    struct place *p = calloc(1, sizeof(*p));
    struct vl_err err = VL_ERR_INIT;
    if (!p)
        return -1;
    (void)snprintf(p->dir, sizeof(p->dir), "/tmp/vallum-test-changes-%ld", (long)getpid());
    (void)snprintf(p->db, sizeof(p->db), "%s/advisory.vadb", p->dir);
    (void)snprintf(p->npm, sizeof(p->npm), "%s/mirror/npm", p->dir);
    (void)snprintf(p->url, sizeof(p->url), "file://%s/mirror/*/all.zip", p->dir);
    *state = p;
    return vl_file_make_dirs(p->npm, 0755, &err);
}

static int tear_down(void **state)
{
    struct place *p = *state;
    pid_t child = fork();
    if (child == 0) {
        execlp("rm", "rm", "-rf", p->dir, (char *)NULL);
        _exit(1);
    }
    int status;
    waitpid(child, &status, 0);
    free(p);
    return 0;
}

static void on_result(const struct vl_advisory_feed_result *result, void *user)
{
    struct place *p = user;
    if (strcmp(result->name, "osv/npm") == 0)
        (void)snprintf(
            p->states, sizeof(p->states), "%d %llu", (int)result->state, (unsigned long long)result->bytes);
}

static int on_row(uint32_t record, const char *space, const char *package, const char *ranges, void *user,
    struct vl_err *err)
{
    struct place *p = user;
    size_t len = strlen(p->ranges);
    (void)record;
    (void)space;
    (void)err;
    (void)snprintf(p->ranges + len, sizeof(p->ranges) - len, "%s%s%s", len ? " " : "", package, ranges);
    return 0;
}

/* Runs an update; then `ranges` holds the rows of packages a and b. */
static void update(struct place *p)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_advisory_db *db;
    const struct vl_advisory_source sources[] = {{"*", ""}, {"osv/*", p->url}};
    static const char *const only[] = {"osv/npm"};
    struct vl_advisory_update_options options = {.db_path = p->db,
        .sources = sources,
        .n_sources = VL_ARRAY_LEN(sources),
        .only = only,
        .n_only = 1,
        .tries = 1,
        .now_ms = 1700000000000,
        .result = on_result,
        .user = p};
    p->ranges[0] = p->states[0] = 0;
    if (vl_advisory_update(&options, NULL, &err) < 0)
        fail_msg("%s", err.msg);
    if (vl_advisory_db_open(p->db, &db, &err) < 0)
        fail_msg("%s", err.msg);
    assert_int_equal(vl_advisory_search(db, VL_SPAN_LIT("pkg:npm/a"), on_row, p, &err), 0);
    assert_int_equal(vl_advisory_search(db, VL_SPAN_LIT("pkg:npm/b"), on_row, p, &err), 0);
    vl_advisory_db_close(db);
}

static bool has_changes_file(const struct place *p)
{
    char path[160];
    (void)snprintf(path, sizeof(path), "%s.feeds/osv_npm.changes", p->db);
    return access(path, R_OK) == 0;
}

#define OLD "2026-01-02T00:00:00Z,GHSA-a\n2026-01-01T00:00:00Z,GHSA-b\n"

static void test_changes(void **state)
{
    struct place *p = *state;
    put_export(p, RECORD("GHSA-a", "a", "1.0.0"), RECORD("GHSA-b", "b", "1.0.0"));
    put_text(p, "modified_id.csv", OLD);
    update(p);
    assert_string_equal(p->ranges, "a<1.0.0 b<1.0.0");
    assert_false(has_changes_file(p));
    update(p);
    assert_string_equal(p->states, "1 0"); /* unchanged */
    /* one changed, one withdrawn: the export itself is not looked at */
    put_export(p, RECORD("GHSA-a", "a", "9.0.0"), RECORD("GHSA-b", "b", "9.0.0"));
    put_text(p, "GHSA-a.json", RECORD("GHSA-a", "a", "2.0.0"));
    put_text(p, "modified_id.csv", "2026-01-05T00:00:00Z,npm/GHSA-a\n" OLD);
    update(p);
    assert_string_equal(p->ranges, "a<2.0.0 b<1.0.0");
    assert_true(has_changes_file(p));
    put_text(p, "GHSA-b.json", "{\"id\":\"GHSA-b\",\"withdrawn\":\"2026-01-06T00:00:00Z\"}");
    put_text(p, "modified_id.csv", "2026-01-06T00:00:00.5Z,GHSA-b\n2026-01-05T00:00:00Z,GHSA-a\n" OLD);
    update(p);
    assert_string_equal(p->ranges, "a<2.0.0");
    update(p);
    assert_string_equal(p->states, "1 0");
    assert_string_equal(p->ranges, "a<2.0.0");
}

static void test_whole_again(void **state)
{
    struct place *p = *state;
    struct vl_buf list;
    vl_buf_init(&list, 1UL << 20);
    put_export(p, RECORD("GHSA-a", "a", "3.0.0"), RECORD("GHSA-b", "b", "3.0.0"));
    for (unsigned i = 0; i < 250; i++)
        vl_buf_printf(&list, "2026-02-01T00:00:%02uZ,GHSA-%u\n", 59 - i % 60, i);
    vl_buf_append_str(&list, OLD);
    put_text(p, "modified_id.csv", vl_buf_str(&list));
    vl_buf_done(&list);
    update(p);
    assert_string_equal(p->ranges, "a<3.0.0 b<3.0.0");
    assert_false(has_changes_file(p));
    update(p);
    assert_string_equal(p->states, "1 0");
}

/* A document that cannot be had, a list that is none, a file of changes that is damaged: the export is asked.
 */
static void test_trouble(void **state)
{
    struct place *p = *state;
    char path[160];
    struct vl_err err = VL_ERR_INIT;
    put_export(p, RECORD("GHSA-a", "a", "4.0.0"), RECORD("GHSA-b", "b", "4.0.0"));
    put_text(p, "modified_id.csv", "2026-03-01T00:00:00Z,GHSA-absent\n");
    update(p);
    assert_string_equal(p->ranges, "a<4.0.0 b<4.0.0");
    put_export(p, RECORD("GHSA-a", "a", "5.0.0"), RECORD("GHSA-b", "b", "5.0.0"));
    put_text(p, "modified_id.csv", "<html>\n2026-03-05T00:00:00Z,../../../etc/passwd\n");
    update(p);
    assert_string_equal(p->ranges, "a<5.0.0 b<5.0.0");
    (void)snprintf(path, sizeof(path), "%s.feeds/osv_npm.changes", p->db);
    assert_int_equal(vl_file_replace(path, 0644, VL_SPAN_LIT("\xff\xff\xff"), &err), 0);
    put_export(p, RECORD("GHSA-a", "a", "6.0.0"), RECORD("GHSA-b", "b", "6.0.0"));
    put_text(p, "modified_id.csv", "2026-03-09T00:00:00Z,GHSA-a\n");
    update(p);
    assert_string_equal(p->ranges, "a<6.0.0 b<6.0.0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes), cmocka_unit_test(test_whole_again), cmocka_unit_test(test_trouble)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
