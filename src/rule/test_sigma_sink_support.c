/* tests: test_sigma_sink.h */
#include "test_sigma_sink.h"

#include <stdio.h>
#include <stdlib.h>

#include "sigma_test.h"

#define ARENA_MAX (256UL * 1024 * 1024)

static int add(struct vl_rule_sink *sink, struct vl_rule *rule, struct vl_err *err)
{
    struct test_set *set = (struct test_set *)sink;
    if (set->n_rules == TEST_RULES_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "too many rules");
    rule->index = set->n_rules;
    set->rules[set->n_rules++] = rule;
    return 0;
}

static int problem(struct vl_rule_sink *sink, const struct vl_rule_problem *p, struct vl_err *err)
{
    struct test_set *set = (struct test_set *)sink;
    if (set->n_problems == TEST_PROBLEMS_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "too many problems");
    set->problems[set->n_problems++] = *p;
    return 0;
}

static void must(int r, const struct vl_err *err)
{
    if (r >= 0)
        return;
    fprintf(stderr, "%s\n", err->msg);
    abort();
}

static int each(struct vl_doc *doc, void *user, struct vl_err *err)
{
    struct test_set *set = user;
    int r = vl_sigma_is(vl_doc_root(doc)) ? vl_sigma_read(set->sigma, vl_doc_root(doc), "test.yml", err)
                                          : vl_err_set(err, VL_ERR_INVALID, "no Sigma document");
    vl_doc_free(doc);
    return r;
}

void test_set_read(struct test_set *set, const char *yaml)
{
    struct vl_err err = VL_ERR_INIT;
    *set = (struct test_set){.sink = {.arena = vl_arena_new(ARENA_MAX), .add = add, .problem = problem}};
    must(vl_sigma_new(&set->sink, &set->sigma, &err), &err);
    must(vl_doc_parse_stream(vl_span_str(yaml), VL_DOC_YAML, "test.yml", each, set, &err), &err);
    must(vl_sigma_finish(set->sigma, &err), &err);
}

void test_set_done(struct test_set *set)
{
    vl_sigma_free(set->sigma);
    vl_arena_free(set->sink.arena);
}

bool test_set_holds(const struct test_set *set, uint32_t rule, const char *json)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_doc *doc = NULL;
    must(vl_doc_parse(vl_span_str(json), VL_DOC_JSON, "record", &doc, &err), &err);
    bool yes = test_tree_holds(set->rules[rule]->condition, vl_doc_root(doc));
    vl_doc_free(doc);
    return yes;
}
