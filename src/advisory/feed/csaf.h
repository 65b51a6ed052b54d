/* The product tree of a CSAF document: which package of which platform a product id stands for. */
#ifndef VL_ADVISORY_FEED_CSAF_H
#define VL_ADVISORY_FEED_CSAF_H

#include "base/map.h"
#include "feed/parse.h"

#define CSAF_PRODUCTS_MAX 2000000U
#define CSAF_DEPTH_MAX    32U /* branches */
#define CSAF_CHAIN_MAX    4U  /* "package of module of platform" */

struct csaf_tree {
    struct vl_arena *arena;
    struct vl_map products;  /* product id -> full product (a node) */
    struct vl_map relations; /* product id -> relationship (a node) */
};

/* A product resolved. */
struct csaf_component {
    struct vl_span space;   /* "rhel:9"; empty for layered products and everything that is no rpm */
    struct vl_span package; /* name without version */
    struct vl_span module;  /* "nodejs:18"; empty otherwise */
    struct vl_span version; /* "[epoch:]version-release"; empty where the product is every version */
    bool source;            /* of architecture src */
};

/* The tree is used until csaf_tree_done(); its nodes are lent by the document. */
VL_MUST_CHECK int csaf_tree_init(
    struct csaf_tree *tree, const struct vl_doc_node *root, struct vl_arena *arena, struct vl_err *err);
void csaf_tree_done(struct csaf_tree *tree);

/* False where the product is none of a platform that we judge. Allocates in the arena of the tree. */
bool csaf_resolve(const struct csaf_tree *tree, struct vl_span product_id, struct csaf_component *ret);

#endif
