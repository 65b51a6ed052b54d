/* tests: job_score.c repo_assess.c repo_assessment.c repo_exempt.c repo_resource.c repo_score.c
 *
 * An environment with a few images, assessed by the job; what must come out is worked out beside each. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "posture/posture.h"
#include "posture/repo_assessment.h"
#include "posture/repo_score.h"
#include "store/queue.h"
#include "test_rows.h"

#define KEY    "c0b7cfc6-3172-465a-b378-53c7ff2cc0d5"
#define WAIT_S 20

static int64_t environment, registry, images[5];
static const char *const digests[] = {"sha256:00", "sha256:01", "sha256:02", "sha256:03", "sha256:04"};

static int touch(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    return vl_posture_touch(conn, environment, user, err);
}

/* The job has run, and nothing waits. */
static void work(struct vl_test_server *s, const char *digest)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_queue_counts counts = {.waiting = 1};
    if (vl_store_write(s->app.store, touch, (void *)(uintptr_t)digest, &err) < 0)
        fail_msg("%s", err.msg);
    for (int i = 0; i < WAIT_S * 20 && counts.waiting + counts.running > 0; i++) {
        struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
        (void)usleep(50000);
        assert_int_equal(vl_store_read(s->app.store, &conn, &err), 0);
        assert_int_equal(vl_queue_count(conn, "score", &counts, &err), 0);
        assert_int_equal(counts.dead, 0);
    }
    assert_int_equal(counts.waiting + counts.running, 0);
}

static struct vl_score_state score(struct vl_test_server *s)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_score_state state;
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    assert_int_equal(vl_store_read(s->app.store, &conn, &err), 0);
    if (vl_repo_score_get(conn, environment, &state, &err) < 0 ||
        vl_repo_score_images(conn, environment, &state, &err) < 0)
        fail_msg("%s", err.msg);
    return state;
}

static const struct vl_score_row *control(const struct vl_score_state *state, const char *name)
{
    for (size_t i = 0; i < state->n_controls; i++) {
        if (strcmp(state->controls[i].control->name, name) == 0)
            return &state->controls[i];
    }
    fail_msg("no control %s", name);
    abort(); /* never reached */
}

static size_t list(struct vl_test_server *s, const char *kind, struct vl_assessment **ret)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    const struct vl_assessment_filter filter = {.key = KEY, .kind = kind, .limit = 100};
    size_t n = 0;
    assert_int_equal(vl_store_read(s->app.store, &conn, &err), 0);
    if (vl_repo_assessment_list(conn, environment, &filter, s->arena, ret, &n, &err) < 0)
        fail_msg("%s", err.msg);
    return n;
}

static const struct vl_assessment *find(const struct vl_assessment *rows, size_t n, const char *digest)
{
    for (size_t i = 0; i < n; i++) {
        if (vl_span_ends_with(vl_span_str(rows[i].arm_id), digest))
            return &rows[i];
    }
    return NULL;
}

static const struct vl_assessment *of(const struct vl_assessment *rows, size_t n, const char *digest)
{
    const struct vl_assessment *row = find(rows, n, digest);
    if (!row) {
        fail_msg("no image %s", digest);
        abort(); /* never reached */
    }
    return row;
}

static void image(struct vl_test_server *s, size_t i, bool unfetched, bool not_assessed)
{
    const struct vl_rows_image row = {
        .digest = digests[i], .repository = "team/app", .unfetched = unfetched, .not_assessed = not_assessed};
    images[i] = vl_rows_image(s, environment, registry, &row);
}

static void finding(struct vl_test_server *s, size_t i, const char *cve)
{
    const struct vl_rows_finding row = {.vulnerability = cve,
        .purl = "pkg:deb/debian/openssl@3.0.11-1?distro=debian-12",
        .name = "openssl",
        .version = "3.0.11-1",
        .fixed = "3.0.11-2",
        .severity = VL_SEVERITY_HIGH,
        .epss = 0.5};
    (void)vl_rows_finding(s, images[i], &row);
}

/* Before anything was scanned: there is no score, and it is not zero. */
static void test_nothing(void **state)
{
    struct vl_test_server *s = *state;
    char text[VL_SCORE_TEXT_MAX];
    struct vl_score_state now = score(s);
    assert_int_equal(now.computed, 0);
    environment = vl_rows_first_environment(s);
    registry = vl_rows_registry(s, environment, "main");
    struct vl_err err = VL_ERR_INIT;
    assert_int_equal(vl_server_app_work(&s->app, &err), 0);
    work(s, NULL);
    now = score(s);
    assert_true(now.computed > 0);
    assert_int_equal(now.points, 0);
    assert_true(now.score.maximum <= 0);
    assert_string_equal(vl_score_text(&now, text), "nothing is assessed; 58 of 58 points not assessed");
    /* the plan is assessed, in a control without points */
    assert_int_equal(control(&now, "Enable enhanced security features")->counts.healthy, 1);
}

/* 0: clean; 1: two findings; 2: without data; 3: not scanned; 4: clean.
 * Healthy 2, unhealthy 1, not applicable 1: 6 / 3 * 2 = 4 of 6 points, 0.6667; of 5 images 4 have a verdict.
 */
static void test_images(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_assessment *rows = NULL;
    char text[VL_SCORE_TEXT_MAX];
    for (size_t i = 0; i < 5; i++)
        image(s, i, i == 3, i == 2);
    finding(s, 1, "CVE-2026-1");
    finding(s, 1, "CVE-2026-2");
    work(s, NULL);
    size_t n = list(s, "image", &rows);
    assert_int_equal(n, 4);
    assert_int_equal(of(rows, n, "00")->status, VL_ASSESSMENT_HEALTHY);
    assert_int_equal(of(rows, n, "01")->status, VL_ASSESSMENT_UNHEALTHY);
    assert_int_equal(of(rows, n, "01")->findings, 2);
    assert_int_equal(of(rows, n, "02")->status, VL_ASSESSMENT_NOT_APPLICABLE);
    assert_string_equal(of(rows, n, "02")->cause, "NoAdvisoryData");
    assert_null(find(rows, n, "03"));
    assert_non_null(strstr(rows[0].arm_id, "/resourceGroups/vallum/providers/Microsoft.ContainerRegistry/"
                                           "registries/main/repositories/team%2Fapp/images/"
                                           "sha256:0"));
    n = list(s, "registry", &rows);
    assert_int_equal(n, 1);
    assert_int_equal(rows[0].status, VL_ASSESSMENT_UNHEALTHY);
    assert_int_equal(rows[0].findings, 2);
    struct vl_score_state now = score(s);
    const struct vl_score_row *row = control(&now, "Remediate vulnerabilities");
    assert_int_equal(row->counts.healthy, 2);
    assert_int_equal(row->counts.unhealthy, 1);
    assert_int_equal(row->counts.not_applicable, 1);
    assert_true(fabs(now.score.current - 4) < 1e-9 && fabs(now.score.maximum - 6) < 1e-9);
    assert_true(fabs(now.score.percentage - 0.6667) < 1e-9);
    assert_true(fabs(row->score.increase - 2) < 1e-9);
    assert_int_equal(now.images, 5);
    assert_int_equal(now.images_assessed, 4);
    assert_string_equal(vl_score_text(&now, text), "67 % of the 6 points assessed; 52 of 58 not assessed");
}

/* One image alone: a new finding in 0. 6 / 3 * 1 = 2. */
static void test_one(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_assessment *rows = NULL;
    finding(s, 0, "CVE-2026-1");
    work(s, digests[0]);
    size_t n = list(s, "image", &rows);
    assert_int_equal(n, 4);
    assert_int_equal(of(rows, n, "00")->status, VL_ASSESSMENT_UNHEALTHY);
    assert_true(of(rows, n, "00")->changed > of(rows, n, "00")->first);
    assert_true(of(rows, n, "01")->changed == of(rows, n, "01")->first);
    struct vl_score_state now = score(s);
    assert_true(fabs(now.score.current - 2) < 1e-9);
}

static const struct vl_store_sql sql_delete = {
    "UPDATE registry_image SET deleted_at = 5 WHERE digest = $1", NULL};
static const struct vl_store_sql sql_forget = {"DELETE FROM registry_image WHERE digest = $1", NULL};
static const struct vl_store_sql sql_gone = {"SELECT count(*) FROM resource WHERE gone_at > 0", NULL};
static const struct vl_store_sql sql_days = {"SELECT count(*) FROM score_day WHERE control = ''", NULL};

static int64_t count(struct vl_test_server *s, const struct vl_store_sql *sql)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    assert_int_equal(vl_store_read(s->app.store, &conn, &err), 0);
    assert_int_equal(vl_stmt_begin(conn, sql, &stmt, &err), 0);
    assert_int_equal(vl_stmt_step(stmt, &err), 1);
    return vl_stmt_get_int(stmt, 0);
}

/* 1 is deleted in the registry, 4 has vanished with its row: what is left is 0 (unhealthy), 2: 6 / 1 * 0. */
static void test_gone(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_assessment *rows = NULL;
    (void)vl_rows_sql(s, &sql_delete, "s", digests[1]);
    work(s, digests[1]);
    assert_int_equal(list(s, "image", &rows), 3);
    (void)vl_rows_sql(s, &sql_forget, "s", digests[4]);
    work(s, NULL);
    assert_int_equal(list(s, "image", &rows), 2);
    assert_int_equal(count(s, &sql_gone), 2);
    struct vl_score_state now = score(s);
    assert_true(fabs(now.score.current) < 1e-9 && fabs(now.score.maximum - 6) < 1e-9);
    assert_int_equal(count(s, &sql_days), 1); /* of today, whatever happened in it */
}

#define MANY 200
static const struct vl_store_sql sql_told = {"SELECT count(*) FROM change WHERE topic = 'score'", NULL};

static int touch_many(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    int r = 0;
    (void)user;
    for (int i = 0; i < MANY && r >= 0; i++) {
        char digest[32];
        (void)snprintf(digest, sizeof(digest), "sha256:many%d", i);
        r = vl_posture_touch(conn, environment, digest, err);
    }
    return r;
}

/* The score reads every assessment: images that wait together have it once, not each (a worker or two may
 * come between). */
static void test_many(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_err err = VL_ERR_INIT;
    int64_t before = count(s, &sql_told);
    finding(s, 0, "CVE-2026-7");
    assert_true(vl_store_write(s->app.store, touch_many, NULL, &err) >= 0);
    work(s, digests[0]);
    int64_t told = count(s, &sql_told) - before;
    assert_true(told >= 1);
    assert_true(told <= MANY / 10);
    struct vl_assessment *rows = NULL;
    size_t n = list(s, "image", &rows);
    assert_int_equal(of(rows, n, "00")->findings, 2);
    assert_int_equal(list(s, "registry", &rows), 1);
    assert_int_equal(rows[0].findings, 2);
}

/* What another environment has is nobody's business here. */
static void test_other(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_assessment *rows = NULL;
    int64_t first = environment, mine = registry;
    environment = vl_rows_environment(s, "other", NULL);
    registry = vl_rows_registry(s, environment, "main");
    image(s, 0, false, false);
    work(s, NULL);
    assert_int_equal(list(s, "image", &rows), 1);
    struct vl_score_state now = score(s);
    assert_int_equal(control(&now, "Remediate vulnerabilities")->counts.unhealthy, 1);
    assert_int_equal(control(&now, "Enable enhanced security features")->counts.unhealthy, 1); /* no plan */
    environment = first;
    registry = mine;
    assert_int_equal(list(s, "image", &rows), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_images),
        cmocka_unit_test(test_one),
        cmocka_unit_test(test_gone),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_other),
    };
    return cmocka_run_group_tests(tests, vl_test_server_start, vl_test_server_stop);
}
