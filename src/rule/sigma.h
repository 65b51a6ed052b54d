/* Sigma rules, correlations and filters (specification 2.1) as rules with trees.
 *
 * Each document is read when it comes; rules are given to the sink at the end, when filters are applied and
 * correlations know their rules. A rule for system calls or the Kubernetes audit log is given twice: with its
 * fields mapped (content/sigma-fields.tsv), and as a rule for log records with its fields as they are
 * written, since the same logs also come as JSON lines from elsewhere. */
#ifndef VL_RULE_SIGMA_H
#define VL_RULE_SIGMA_H

#include "form.h"

#define VL_SIGMA_CONDITION_DEPTH_MAX 100    /* parentheses and `not` of a condition */
#define VL_SIGMA_NODES_MAX           200000 /* of one rule's tree: `all of` and windash multiply */
#define VL_SIGMA_SELECTIONS_MAX      1000
#define VL_SIGMA_VALUES_MAX          20000 /* of one field */
#define VL_SIGMA_MODIFIERS_MAX       8
#define VL_SIGMA_SOME_MAX            100  /* selections of which a number is wanted: "3 of sel*" */
#define VL_SIGMA_CHOICES_MAX         1000 /* ways in which that can be so */
#define VL_SIGMA_WINDASH_MAX         6    /* dashes of one value that are varied: 5^6 values */

struct vl_sigma;

VL_MUST_CHECK int vl_sigma_new(struct vl_rule_sink *sink, struct vl_sigma **ret, struct vl_err *err);
void vl_sigma_free(struct vl_sigma *sigma); /* accepts NULL */
void vl_sigma_cleanup(struct vl_sigma **sigma);

/* A mapping with `detection`, `correlation`, `filter`, `action`, or only a `title`: the rest may be global.
 */
bool vl_sigma_is(const struct vl_doc_node *root);

/* One document. The file's name must live as long as the rule set; the document need not. */
VL_MUST_CHECK int vl_sigma_read(
    struct vl_sigma *sigma, const struct vl_doc_node *root, const char *file, struct vl_err *err);

/* After the last file. */
VL_MUST_CHECK int vl_sigma_finish(struct vl_sigma *sigma, struct vl_err *err);

#endif
