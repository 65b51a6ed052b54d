/* Settings of a server as documents: what each kind is made of, what differs, and how the difference is sent.
 *
 * A document has apiVersion vallum/v1, kind, metadata (name, environment) and spec;
 * docs/schema/settings.schema.json. What a document does not say stays as it is; nothing is ever removed
 * because no document speaks of it. */
#ifndef VL_CLI_APPLY_H
#define VL_CLI_APPLY_H

#include "remote/client.h"
#include "base/arena.h"
#include "base/vec.h"

#define VL_APPLY_VERSION    "vallum/v1"
#define VL_APPLY_DOCUMENTS  10000
#define VL_APPLY_FILE_MAX   (16UL * 1024 * 1024)
#define VL_APPLY_FIELDS_MAX 16
#define VL_APPLY_LISTS_MAX  256 /* kinds times environments in one run */

enum vl_apply_type {
    VL_APPLY_PLAIN =
        0,           /* any value: objects compare by the members that are given, lists of scalars as sets */
    VL_APPLY_WORD,   /* text, case-blind */
    VL_APPLY_TIME,   /* RFC 3339 or a day */
    VL_APPLY_SECRET, /* "xFile" or "xEnv" instead of x; never read back */
    VL_APPLY_NAMED,  /* list of objects with a name: those that are given */
    VL_APPLY_LABELS, /* object of texts: the same where all members are */
    VL_APPLY_REGISTRY, /* a registry's name here, its id there */
};

struct vl_apply_field {
    const char *name;
    enum vl_apply_type type;
    bool required;
    bool later; /* cannot be said when it is made: sent after that */
    bool fixed; /* cannot be changed once it is made */
    const char
        *has; /* secrets: the member ("webhook.hasSecret") that says that there is one; NULL: nothing does */
};

struct vl_apply_kind {
    const char *name; /* "Registry" */
    const char *list; /* path */
    const char *put;  /* "/plans/{}", by name: takes the whole; NULL: POST to `list`, PATCH `item` */
    const char *item; /* "/registries/{}", by id */
    bool scoped;
    bool given;        /* the server has them all: none can be made */
    bool one;          /* the path gives one object, or 404: it is called \"default\" */
    bool owner;        /* only an owner sees it */
    bool by_fields;    /* has no name: the same where all fixed fields are */
    const char *usual; /* the name of one that gives none; NULL: a name is needed */
    struct vl_apply_field fields[VL_APPLY_FIELDS_MAX];
    bool (*exported)(const struct vl_doc_node *item); /* NULL: all */
};

extern const struct vl_apply_kind vl_apply_kinds[]; /* ends with a NULL name; in the order of application */

/* One document of the files. */
struct vl_apply_document {
    const struct vl_apply_kind *kind;
    const char *file, *name, *environment; /* environment NULL: the client's */
    const struct vl_doc_node *metadata, *spec;
    uint32_t line;
};

enum vl_apply_result { VL_APPLY_UNCHANGED, VL_APPLY_CREATED, VL_APPLY_CHANGED };

struct vl_apply {
    struct vl_cli_client *client; /* lent */
    struct vl_arena *arena;       /* lent */
    bool dry;                     /* compares only */
    bool secrets;                 /* sends secrets that are there already too */
    struct vl_vec docs;           /* struct vl_doc *, owned */
    struct vl_vec documents;      /* struct vl_apply_document */
    struct vl_vec lists;          /* what the server has, owned */
};

VL_MUST_CHECK int vl_apply_init(
    struct vl_apply *apply, struct vl_cli_client *client, struct vl_arena *arena, struct vl_err *err);
void vl_apply_done(struct vl_apply *apply);

/* Reads a file or the *.yaml, *.yml and *.json of a folder; "-": standard input. Shapes are checked here,
 * before anything is sent: an unknown kind or member is an error with file and line. */
VL_MUST_CHECK int vl_apply_read(struct vl_apply *apply, const char *path, struct vl_err *err);

/* Adds the documents that a document of the guides stands for ({autoProtection: …, alertSettings: …}). */
VL_MUST_CHECK int vl_apply_guides(
    struct vl_apply *apply, const struct vl_doc_node *root, const char *file, struct vl_err *err);
bool vl_apply_is_guides(const struct vl_doc_node *root);

/* Takes one document of ours, as read. */
VL_MUST_CHECK int vl_apply_take(
    struct vl_apply *apply, const struct vl_doc_node *root, const char *file, struct vl_err *err);

/* Compares one document with the server and, unless `dry`, makes the server the same. `changes` gets a line a
 * difference. */
VL_MUST_CHECK int vl_apply_one(struct vl_apply *apply, const struct vl_apply_document *document,
    enum vl_apply_result *ret, struct vl_buf *changes, struct vl_err *err);

/* Appends what the server has of a kind as YAML documents; counts secrets that are left out. */
VL_MUST_CHECK int vl_apply_export(struct vl_apply *apply, const struct vl_apply_kind *kind,
    struct vl_buf *out, unsigned *secrets, struct vl_err *err);

#endif
