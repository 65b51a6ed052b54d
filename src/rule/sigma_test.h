/* For tests of trees: holds a tree of Sigma's over the fields of a JSON object? Written from the meaning of
 * the operators alone, beside the real matcher. */
#ifndef VL_RULE_SIGMA_TEST_H
#define VL_RULE_SIGMA_TEST_H

#include "codec/doc.h"
#include "rule/condition.h"

bool test_tree_holds(const struct vl_condition *tree, const struct vl_doc_node *record);

#endif
