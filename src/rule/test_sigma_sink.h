/* For tests: a set that takes what the reader of Sigma documents gives. */
#ifndef VL_RULE_TEST_SIGMA_SINK_H
#define VL_RULE_TEST_SIGMA_SINK_H

#include "sigma.h"

#define TEST_RULES_MAX    64
#define TEST_PROBLEMS_MAX 64

struct test_set {
    struct vl_rule_sink sink; /* first */
    struct vl_rule *rules[TEST_RULES_MAX];
    uint32_t n_rules;
    struct vl_rule_problem problems[TEST_PROBLEMS_MAX];
    uint32_t n_problems;
    struct vl_sigma *sigma;
};

/* Reads all documents and finishes; aborts on errors of ours. */
void test_set_read(struct test_set *set, const char *yaml);
void test_set_done(struct test_set *set);
/* Holds the tree of a rule over a record? */
bool test_set_holds(const struct test_set *set, uint32_t rule, const char *json);

#endif
