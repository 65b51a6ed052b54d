/* The published example of the API (Azure REST API specifications, security 2020-01-01, secureScores and
 * secureScoreControls for "ascScore"): its counts give its points, 23.53 of 39, 0.6033. And rows worked out
 * by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "posture/score.h"

#define NEAR 1e-9

/* maximum of the control, healthy, unhealthy, not applicable; then what the example answers. */
static const struct {
    unsigned maximum;
    struct vl_score_counts counts;
    double current, shown_maximum, percentage;
    uint64_t weight;
} example[] = {
    {2, {.not_applicable = 1}, 0, 0, 0, 0},                  /* DDoS: left out */
    {10, {.healthy = 1}, 10, 10, 1, 1},                      /* MFA */
    {0, {.healthy = 7, .not_applicable = 1}, 0, 0, 0, 7},    /* best practices: no points */
    {0, {.unhealthy = 1}, 0, 0, 0, 1},                       /* enhanced features: no points */
    {1, {.healthy = 1, .unhealthy = 4}, 0.2, 1, 0.2, 5},     /* auditing */
    {4, {.healthy = 1, .unhealthy = 1}, 2, 4, 0.5, 2},       /* access */
    {4, {.unhealthy = 1}, 0, 4, 0, 1},                       /* configurations */
    {2, {.unhealthy = 1}, 0, 2, 0, 1},                       /* endpoint protection */
    {6, {.unhealthy = 1}, 0, 6, 0, 1},                       /* updates */
    {4, {.healthy = 5, .unhealthy = 1}, 3.33, 4, 0.8325, 6}, /* in transit */
    {4, {.healthy = 1}, 4, 4, 1, 1},                         /* network */
    {4, {.healthy = 1}, 4, 4, 1, 1},                         /* at rest */
};

static void test_example(void **state)
{
    (void)state;
    struct vl_score_control controls[VL_ARRAY_LEN(example)];
    struct vl_score score;
    for (size_t i = 0; i < VL_ARRAY_LEN(example); i++) {
        vl_score_control(example[i].maximum, &example[i].counts, &controls[i]);
        assert_float_equal(controls[i].current, example[i].current, NEAR);
        assert_float_equal(controls[i].maximum, example[i].shown_maximum, NEAR);
        assert_float_equal(controls[i].percentage, example[i].percentage, NEAR);
        assert_int_equal(controls[i].weight, example[i].weight);
    }
    vl_score_sum(controls, VL_ARRAY_LEN(controls), &score);
    assert_float_equal(score.current, 23.53, NEAR);
    assert_float_equal(score.maximum, 39, NEAR);
    assert_float_equal(score.percentage, 0.6033, NEAR);
    assert_int_equal(score.weight, 27);   /* 1+7+1+5+2+1+1+1+6+1+1 */
    assert_int_equal(score.controls, 11); /* all but the one without resources */
}

/* The published page's own example of one control: 4 of 78 resources healthy, 6 points: 6/78*4 = 0.3077. The
 * other 74 would bring 6/78*74 = 5.6923; one of them 6/78 = 0.0769. */
static void test_control(void **state)
{
    (void)state;
    const struct vl_score_counts counts = {.healthy = 4, .unhealthy = 74};
    struct vl_score_control c;
    vl_score_control(6, &counts, &c);
    assert_float_equal(c.current, 0.31, NEAR);
    assert_float_equal(c.percentage, 0.0517, NEAR); /* 0.31 / 6 */
    assert_float_equal(c.increase, 5.69, NEAR);
    assert_float_equal(vl_score_increase(6, &counts, 1), 0.08, NEAR);
    assert_float_equal(vl_score_increase(6, &(struct vl_score_counts){0}, 1), 0, NEAR);
}

#define H {VL_ASSESSMENT_HEALTHY, VL_EXEMPT_NONE, false}
#define U {VL_ASSESSMENT_UNHEALTHY, VL_EXEMPT_NONE, false}
#define N {VL_ASSESSMENT_NOT_APPLICABLE, VL_EXEMPT_NONE, false}
#define W {VL_ASSESSMENT_NOT_APPLICABLE, VL_EXEMPT_WAIVER, false}
#define M {VL_ASSESSMENT_HEALTHY, VL_EXEMPT_MITIGATED, false}
#define G {VL_ASSESSMENT_UNHEALTHY, VL_EXEMPT_NONE, true}

/* Nine resources of one control with 6 points:
 *   healthy everywhere: healthy; healthy and unhealthy: unhealthy; healthy and not applicable: healthy;
 *   only waived: in neither number; waived and healthy: healthy; waived and unhealthy: unhealthy;
 *   mitigated: in neither number; in grace: in neither number; not applicable: in neither.
 * So 3 healthy, 2 unhealthy: 6/5*3 = 3.6. */
static void test_resources(void **state)
{
    (void)state;
    static const struct {
        struct vl_score_verdict verdicts[2];
        size_t n;
    } resources[] = {{{H, H}, 2}, {{H, U}, 2}, {{H, N}, 2}, {{W}, 1}, {{W, H}, 2}, {{U, W}, 2}, {{M, H}, 2},
        {{G, H}, 2}, {{N}, 1}};
    struct vl_score_counts counts = {0};
    struct vl_score_control c;
    for (size_t i = 0; i < VL_ARRAY_LEN(resources); i++)
        vl_score_add(&counts, resources[i].verdicts, resources[i].n);
    assert_int_equal(counts.healthy, 3);
    assert_int_equal(counts.unhealthy, 2);
    assert_int_equal(counts.waived, 1);
    assert_int_equal(counts.mitigated, 1);
    assert_int_equal(counts.grace, 1);
    assert_int_equal(counts.not_applicable, 1);
    vl_score_control(6, &counts, &c);
    assert_float_equal(c.current, 3.6, NEAR);
    assert_float_equal(c.increase, 2.4, NEAR);
}

/* A waiver on the last resource takes the control out of both sums; a mitigated one does too. */
static void test_left_out(void **state)
{
    (void)state;
    const struct vl_score_counts waived = {.waived = 1}, mitigated = {.mitigated = 3};
    struct vl_score_control c[2];
    struct vl_score score;
    double over = 7;
    vl_score_control(6, &waived, &c[0]);
    vl_score_control(10, &mitigated, &c[1]);
    vl_score_sum(c, 2, &score);
    assert_float_equal(score.maximum, 0, NEAR);
    assert_int_equal(score.controls, 0);
    assert_false(vl_score_over(&score, 1, &over));
    assert_float_equal(over, 7, NEAR);
}

/* 0.5 with 10 resources and 0.8 with 30: (0.5*10 + 0.8*30) / 40 = 29/40 = 0.725, not the plain 0.65; one in
 * which nothing is assessed changes nothing. */
static void test_environments(void **state)
{
    (void)state;
    const struct vl_score scores[] = {{.maximum = 6, .percentage = 0.5, .weight = 10},
        {.maximum = 16, .percentage = 0.8, .weight = 30}, {.maximum = 0, .weight = 0}};
    double over;
    assert_true(vl_score_over(scores, VL_ARRAY_LEN(scores), &over));
    assert_float_equal(over, 0.725, NEAR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_example),
        cmocka_unit_test(test_control),
        cmocka_unit_test(test_resources),
        cmocka_unit_test(test_left_out),
        cmocka_unit_test(test_environments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
