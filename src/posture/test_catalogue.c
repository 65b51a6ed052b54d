/* The catalogue against the foreign facts (VALLUM_SHARED, facts/defender-recommendations.tsv and the
 * published examples); what needs no facts is checked first. Exits 77 where they are not there. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "codec/doc.h"
#include "posture/catalogue.h"

#define FILE_MAX (16UL * 1024 * 1024)

static char folder[512];

static void path_of(const char *name, char *ret, size_t size)
{
    (void)snprintf(ret, size, "%s/facts/%s", folder, name);
}

static void read_facts(const char *name, struct vl_buf *out)
{
    char path[1024];
    struct vl_err err = VL_ERR_INIT;
    path_of(name, path, sizeof(path));
    vl_buf_init(out, FILE_MAX);
    if (vl_file_read(path, FILE_MAX, out, &err) < 0)
        fail_msg("%s", err.msg);
}

/* 10 + 8 + 6 + 6 + 4*5 + 3 + 2 + 2 + 1 + 0 + 0 = 58. */
static void test_points(void **state)
{
    (void)state;
    unsigned sum = 0, categories[VL_SCORE_CATEGORIES] = {0};
    assert_int_equal(vl_posture_n_controls, 15);
    for (size_t i = 0; i < vl_posture_n_controls; i++) {
        sum += vl_posture_controls[i].maximum;
        categories[vl_posture_controls[i].category] += vl_posture_controls[i].maximum;
    }
    assert_int_equal(sum, VL_SCORE_POINTS);
    /* MFA 10 + access 4; the rest; at rest 4; ports 8 + in transit 4 + network 4 + DDoS 2 */
    assert_int_equal(categories[VL_SCORE_IDENTITY], 14);
    assert_int_equal(categories[VL_SCORE_COMPUTE], 22);
    assert_int_equal(categories[VL_SCORE_STORAGE], 4);
    assert_int_equal(categories[VL_SCORE_NETWORKING], 18);
}

static void test_find(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *key;
    } kinds[] = {{"acr", "c0b7cfc6-3172-465a-b378-53c7ff2cc0d5"},
        {"generic", "c0b7cfc6-3172-465a-b378-53c7ff2cc0d5"}, {"ecr", "c27441ae-775c-45be-8ffa-655de37362ce"},
        {"gar", "5cc3a2c1-8397-456f-8792-fe9d0d4c9145"},
        {"dockerhub", "f064651f-2459-47f2-9731-0c5a782891d3"},
        {"something new", "c0b7cfc6-3172-465a-b378-53c7ff2cc0d5"}};
    for (size_t i = 0; i < VL_ARRAY_LEN(kinds); i++)
        assert_string_equal(vl_posture_assessment_of_registry(kinds[i].kind)->key, kinds[i].key);
    const struct vl_posture_assessment *a =
        vl_posture_assessment_find(VL_SPAN_LIT("C0B7CFC6-3172-465A-B378-53C7FF2CC0D5"));
    assert_non_null(a);
    assert_ptr_equal(vl_posture_assessment_find(vl_span_str(a->name)), a);
    assert_string_equal(a->control->name, "Remediate vulnerabilities");
    assert_true(vl_posture_assessment_scores(a));
    assert_false(vl_posture_assessment_scores(vl_posture_assessment_of_registry("dockerhub"))); /* preview */
    assert_string_equal(
        vl_posture_assessment_of_plan()->name, "Microsoft Defender for Containers should be enabled");
    assert_null(vl_posture_assessment_find(VL_SPAN_LIT("c0b7cfc6")));
    assert_string_equal(
        vl_posture_control_find(VL_SPAN_LIT("34a42fb3-e6db-409c-b56b-7b1db6b8aee0"))->name, "Enable MFA");
}

static bool cell(struct vl_span *line, struct vl_span *ret)
{
    return vl_span_split(line, '\t', ret);
}

/* Every current container row of the facts is in the catalogue, with its key, severity, cloud and control. */
static void test_recommendations(void **state)
{
    (void)state;
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    struct vl_span line;
    size_t rows = 0, keys = 0;
    read_facts("defender-recommendations.tsv", &text);
    struct vl_span rest = vl_buf_span(&text);
    while (vl_span_split_line(&rest, &line)) {
        struct vl_span c[14] = {0};
        for (size_t i = 0; i < VL_ARRAY_LEN(c) && cell(&line, &c[i]); i++)
            ;
        if (!vl_span_eq_str(c[2], "container") || !vl_span_eq_str(c[10], "current"))
            continue;
        rows++;
        const struct vl_posture_assessment *a = vl_posture_assessment_find(c[1]);
        if (!a)
            fail_msg("missing: %.*s", VL_SPAN_FMT(c[1]));
        assert_true(vl_span_eq_str(c[3], a->cloud));
        assert_true(vl_span_eq_nocase(c[4], vl_span_str(vl_severity_name(a->severity))));
        if (c[0].len) {
            keys++;
            assert_true(vl_span_eq_str(c[0], a->key));
            assert_false(a->own);
        }
        if (c[6].len) {
            assert_true(vl_span_eq_str(c[6], a->control->name));
            assert_int_equal(a->control->maximum, (unsigned)(c[7].ptr[0] - '0'));
        }
    }
    assert_int_equal(rows, vl_posture_n_assessments);
    assert_true(keys >= 40);
}

/* Ids and names of the controls as the example of secureScoreControls has them. */
static void test_controls(void **state)
{
    (void)state;
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    struct vl_err err = VL_ERR_INIT;
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    size_t n = 0;
    read_facts(
        "examples/stable/2020-01-01/secureScores/ListSecureScoreControlsForName_builtin_example.json", &text);
    if (vl_doc_parse(vl_buf_span(&text), VL_DOC_JSON, "example", &doc, &err) < 0)
        fail_msg("%s", err.msg);
    const struct vl_doc_node *value =
        vl_doc_get(vl_doc_get(vl_doc_get(vl_doc_get(vl_doc_root(doc), "responses"), "200"), "body"), "value");
    for (const struct vl_doc_node *c = vl_doc_first(value); c; c = vl_doc_next(c)) {
        struct vl_span name = vl_doc_get_str(vl_doc_get(c, "properties"), "displayName");
        const struct vl_posture_control *ours = vl_posture_control_find(vl_doc_get_str(c, "name"));
        assert_non_null(ours);
        assert_false(ours->own);
        n++;
        if (!vl_span_eq_str(name, "Enable Advanced Threat Protection")) /* its name of 2020 */
            assert_true(vl_span_eq_str(name, ours->name));
    }
    assert_int_equal(n, 12);
}

int main(void)
{
    char path[1024];
    const char *shared = getenv("VALLUM_SHARED");
    const struct CMUnitTest own[] = {cmocka_unit_test(test_points), cmocka_unit_test(test_find)};
    const struct CMUnitTest foreign[] = {
        cmocka_unit_test(test_recommendations),
        cmocka_unit_test(test_controls),
    };
    (void)snprintf(folder, sizeof(folder), "%s", shared ? shared : "../shared");
    int r = cmocka_run_group_tests(own, NULL, NULL);
    path_of("defender-recommendations.tsv", path, sizeof(path));
    if (r != 0)
        return r;
    if (access(path, R_OK) < 0) {
        (void)printf("no foreign facts: %s\n", path);
        return 77;
    }
    return cmocka_run_group_tests(foreign, NULL, NULL);
}
