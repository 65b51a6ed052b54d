/* `action:` of a file with several documents. Private to sigma*.c. */
#ifndef VL_RULE_SIGMA_ACTION_H
#define VL_RULE_SIGMA_ACTION_H

#include "codec/doc.h"

/* Values that the merged documents of a file may have together: each of n documents can repeat all before it.
 */
#define VL_SIGMA_MERGED_MAX 5000000

/* What earlier documents of a file left for later ones. All zero at the beginning. */
struct vl_sigma_actions {
    const char *file;      /* the one that the rest is about; nothing goes from file to file */
    uint64_t merged;       /* values so far */
    struct vl_doc *global; /* NULL: none */
    struct vl_doc *last;   /* the rule that `repeat` goes back to; NULL: none */
};

void vl_sigma_actions_done(struct vl_sigma_actions *actions);

/* Takes the document's part: *ret is the document to read instead of it, NULL where it is read as it is, and
 * *ret_done says that nothing is left to read. Sigma specification 1, "Rule Collections", as pySigma has it:
 * a member of a global document is the one that counts. VL_ERR_LIMIT at VL_SIGMA_MERGED_MAX. */
VL_MUST_CHECK int vl_sigma_actions_take(struct vl_sigma_actions *actions, const struct vl_doc_node *root,
    const char *file, struct vl_doc **ret, bool *ret_done, struct vl_err *err);

#endif
