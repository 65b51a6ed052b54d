/* What a condition cannot hold without: "one of these texts in the file's name". Few events have one that any
 * rule needs, and fewer rules are left to ask. */
#include <stdlib.h>
#include <string.h>

#include "program_impl.h"

enum rank {
    RANK_FILE,    /* names of files and arguments: rarely one that a rule knows */
    RANK_PROCESS, /* names of programs */
    RANK_WITHIN,  /* texts within either: a search, not a look-up */
    RANK_NONE,
};

static const struct build_node *node_at(const struct builder *b, uint32_t node)
{
    return vl_vec_at(&b->nodes, node);
}

static bool begins(const char *name, const char *const *with, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strncmp(name, with[i], strlen(with[i])) == 0)
            return true;
    }
    return false;
}

static enum rank rank_of(const struct vl_field *field)
{
    static const char *const file[] = {"fd.name", "fd.directory", "fd.filename", "evt.arg", "fs.path",
        "proc.args", "proc.cmdline", "proc.pcmdline", "proc.exeline", "proc.acmdline", "ka.target.name",
        "ka.uri"};
    static const char *const process[] = {"proc.name", "proc.exe", "proc.pname", "proc.pexe", "proc.aname",
        "proc.aexe", "container.image", "ka.target", "ka.user", "record"};
    if (!field || strcmp(field->name, "fd.name_changed") == 0)
        return RANK_NONE;
    if (begins(field->name, file, VL_ARRAY_LEN(file)))
        return RANK_FILE;
    return begins(field->name, process, VL_ARRAY_LEN(process)) ? RANK_PROCESS : RANK_NONE;
}

static enum rank leaf_rank(const struct builder *b, uint32_t number)
{
    const struct build_node *node = node_at(b, number);
    if (node->kind != PROG_CHECK)
        return RANK_NONE;
    const struct check *check = vl_vec_at(&b->checks, node->check);
    enum text_family family = build_family_of(check);
    if (family >= FAMILIES || check->op == VL_OP_NE)
        return RANK_NONE;
    enum rank rank = rank_of(check->left->field);
    if (family != FAMILY_CONTAINS || rank == RANK_NONE)
        return rank;
    /* Flags have few values: what is within them tells little. */
    return vl_span_eq(check->left->arg, VL_SPAN_LIT("flags")) ? RANK_NONE : RANK_WITHIN;
}

/* Leaves of which one must hold. */
struct needs {
    unsigned rank; /* enum rank */
    uint32_t n;
    size_t length; /* of the text where it is but one: the longer, the rarer */
    uint32_t nodes[BUILD_NEEDS_MAX];
};

/* A graph may have many ways to one node: no more than this are followed. */
struct walk {
    const struct builder *b;
    unsigned left;
};

static void needs_of(struct walk *walk, uint32_t number, unsigned depth, struct needs *ret);

static bool is_better(const struct needs *a, const struct needs *b)
{
    if (a->rank != b->rank)
        return a->rank < b->rank;
    return a->rank != RANK_NONE && (a->n < b->n || (a->n == b->n && a->length > b->length));
}

static size_t one_length(const struct builder *b, uint32_t leaf)
{
    const struct check *check = vl_vec_at(&b->checks, node_at(b, leaf)->check);
    return check->n == 1 ? check->values[0].text.len : 0;
}

static void needs_of_or(struct walk *walk, const struct build_node *node, unsigned depth, struct needs *ret)
{
    struct needs child;
    *ret = (struct needs){.rank = RANK_FILE};
    for (uint32_t i = 0; i < node->n; i++) {
        needs_of(walk, ((const uint32_t *)walk->b->children.items)[node->first + i], depth + 1, &child);
        if (child.rank == RANK_NONE || ret->n + child.n > BUILD_NEEDS_MAX) {
            ret->rank = RANK_NONE;
            return;
        }
        ret->rank = child.rank > ret->rank ? child.rank : ret->rank;
        memcpy(ret->nodes + ret->n, child.nodes, child.n * sizeof(*ret->nodes));
        ret->n += child.n;
    }
}

static void needs_of(struct walk *walk, uint32_t number, unsigned depth, struct needs *ret)
{
    const struct build_node *node = node_at(walk->b, number);
    struct needs child;
    bool stop = depth > BUILD_NEEDS_DEPTH || walk->left == 0;
    ret->rank = stop ? RANK_NONE : leaf_rank(walk->b, number);
    walk->left -= !stop;
    ret->nodes[0] = number;
    ret->n = 1;
    ret->length = ret->rank == RANK_NONE ? 0 : one_length(walk->b, number);
    if (ret->rank != RANK_NONE || stop)
        return;
    if (node->kind == PROG_OR)
        needs_of_or(walk, node, depth, ret);
    for (uint32_t i = 0; i < node->n && node->kind == PROG_AND; i++) {
        needs_of(walk, ((const uint32_t *)walk->b->children.items)[node->first + i], depth + 1, &child);
        if (is_better(&child, ret))
            *ret = child;
    }
}

int build_needs(struct builder *b, const uint32_t *nodes, uint32_t n, struct vl_vec *leaves)
{
    struct needs best = {.rank = RANK_NONE}, one;
    struct walk walk = {b, BUILD_NEEDS_VISITS};
    for (uint32_t i = 0; i < n; i++) {
        needs_of(&walk, nodes[i], 0, &one);
        if (is_better(&one, &best))
            best = one;
    }
    if (best.rank == RANK_NONE)
        return 0;
    for (uint32_t i = 0; i < best.n; i++) {
        uint32_t *leaf = vl_vec_push(leaves, "nodes of a program", b->err);
        if (!leaf)
            return b->err->err;
        *leaf = best.nodes[i];
    }
    return 1;
}
