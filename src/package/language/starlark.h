/* The little of Starlark that dependency lists of Bazel are written in: assignments, texts, lists, "+",
 * calls. Source: bazelbuild/starlark, spec.md. Everything else has no value, and bodies of functions are read
 * over. */
#ifndef VL_PACKAGE_LANGUAGE_STARLARK_H
#define VL_PACKAGE_LANGUAGE_STARLARK_H

#include "base/arena.h"

#define STAR_DEPTH_MAX     64     /* brackets in brackets */
#define STAR_ARGUMENTS_MAX 200    /* of one call */
#define STAR_NAMES_MAX     10000  /* different names of a file */
#define STAR_ITEMS_MAX     200000 /* items of one list */

enum star_kind {
    STAR_NONE, /* unknown to us */
    STAR_TEXT,
    STAR_LIST,
    STAR_FOREIGN, /* loaded, or made by something loaded: `text` is the label it came from */
};

/* Lies in the arena. */
struct star_value {
    enum star_kind kind;
    struct vl_span text;
    const struct star_value *items;
    size_t n_items;
};

struct star_argument {
    struct vl_span name; /* empty where positional */
    struct star_value value;
};

struct star_call {
    struct vl_span name;             /* last part of what is called: "install" of "maven.install" */
    const struct star_value *callee; /* value of the first part: `maven`, or of the function itself */
    const struct star_argument *arguments;
    size_t n_arguments;
    uint32_t line;
};

/* By name, or by position (SIZE_MAX: by name only); NULL where absent. */
const struct star_value *star_argument(const struct star_call *call, const char *name, size_t position);

/* Runs the file; every call but load() is handed over, and may give a value. Unbalanced brackets and unended
 * texts are errors. */
VL_MUST_CHECK int star_run(struct vl_span text, const char *path, struct vl_arena *arena,
    int (*on_call)(void *user, const struct star_call *call, struct star_value *ret, struct vl_err *err),
    void *user, struct vl_err *err);

#endif
