/* Two documents as one. */
#ifndef VL_CODEC_DOC_MERGE_H
#define VL_CODEC_DOC_MERGE_H

#include "codec/doc.h"

struct vl_doc_merging {
    const struct vl_doc_node *base;
    const struct vl_doc_node *over; /* NULL: a copy of base */
    const struct vl_doc_node *at;   /* where the result says it stands; NULL: where base does */
    const char *without;            /* a key of the outermost objects that is left out; may be NULL */
    const char *name;               /* for messages */
};

/* Objects are merged member by member, at every depth; of anything else that stands in both, `over` has it.
 * Places are those of the documents that the values come from. The result owns its texts. */
VL_MUST_CHECK int vl_doc_merge(const struct vl_doc_merging *merging, struct vl_doc **ret, struct vl_err *err);

#endif
