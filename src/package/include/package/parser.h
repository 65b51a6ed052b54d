/* Package databases and manifests to packages: which files matter, and what is in them.
 *
 * A parser sees one whole file at a time and writes into a sink; it does no I/O. What it needs from elsewhere
 * (a package that owns a file, a version pinned in another file) is settled later, when layers are merged. */
#ifndef VL_PACKAGE_PARSER_H
#define VL_PACKAGE_PARSER_H

#include "base/arena.h"
#include "base/notes.h"
#include "base/vec.h"
#include "model/distro.h"
#include "model/package.h"

/* What the caller wants to find. */
enum vl_package_scope {
    VL_PACKAGE_SCOPE_INSTALLED = 1U << 0, /* databases, installed metadata, binaries: images and rootfs */
    VL_PACKAGE_SCOPE_LOCKED = 1U << 1,    /* lock files and manifests: fs */
};

/* A file offered to the parsers. */
struct vl_package_file {
    const char *path; /* relative to the root, clean, no leading '/' */
    uint32_t mode;    /* permission bits; 0 where unknown */
    uint64_t size;
    struct vl_span
        head; /* first bytes as far as known when asked (may be empty); at least 4 help to see binaries */
    struct vl_span content; /* whole content when parsed; empty when asked */
    struct vl_span
        base; /* last component of the path; vl_package_parser_for() fills it, empty means unknown */
    const struct vl_package_others
        *others; /* lent; NULL where only this file is at hand (layers of an image) */
};

/* Other files of the same target, for the few manifests that say nothing without them ("-r base.txt", a
 * gemspec whose version is a constant of lib/NAME/version.rb). Only a target on disk can give them. */
struct vl_package_others {
    /* Reads a file below the root, never through links that leave it, at most `max` bytes into the arena.
     * `path` is clean and relative as vl_package_file.path is. -ENOENT where there is none. */
    int (*read)(void *user, const char *path, size_t max, struct vl_arena *arena, struct vl_span *ret_content,
        struct vl_err *err);
    void *user;
    bool all_offered; /* every file of the target is offered to the parsers on its own too (a folder, not one
                         file) */
};

/* Loads the libraries that parsers need, which come otherwise with the first file that needs them: too late
 * for who may open no files any more. */
VL_MUST_CHECK int vl_package_load(struct vl_err *err);

/* Everything parsers produce. The arena holds all strings. */
struct vl_package_sink {
    struct vl_arena *arena;     /* lent */
    struct vl_notes *notes;     /* lent: damaged or cut files */
    struct vl_vec packages;     /* struct vl_package; path, line, ecosystem filled; layer and owner are not */
    struct vl_vec owned;        /* struct vl_package_owned */
    struct vl_vec unidentified; /* struct vl_package_unidentified */
    struct vl_vec updates;      /* const char *: Windows KBs */
    struct vl_vec licenses;     /* struct vl_package_license: told by another file than the package's own */
    bool has_distro;
    struct vl_distro
        distro; /* from os-release and the like; of the support dates only what os-release says itself */
    unsigned distro_rank; /* etc/os-release beats usr/lib/os-release beats others */
};

/* A file that a distribution package owns. Large: kept as spans of `paths`, in the arena. */
struct vl_package_owned {
    const char *package; /* name of the owning package as in its database */
    const char *arch;    /* or NULL */
    const char
        *paths; /* '\n'-separated, relative to the root, no leading '/', files only where the format tells */
    size_t paths_len;
};

/* A licence of a distribution package that a file of its own tells (usr/share/doc/NAME/copyright): given to
 * the package of that name when layers are merged. */
struct vl_package_license {
    const char *package;
    const char *license; /* the words of the file: "GPL-2+", "Expat" */
};

struct vl_package_unidentified {
    const char *path;
    const char *kind;
};

VL_MUST_CHECK int vl_package_sink_init(
    struct vl_package_sink *sink, struct vl_arena *arena, struct vl_notes *notes, struct vl_err *err);
void vl_package_sink_done(struct vl_package_sink *sink);

/* Adds a zeroed package with ecosystem, name, version ("" for none) and path set (copied). NULL on failure
 * (err set). */
struct vl_package *vl_package_sink_add(struct vl_package_sink *sink, enum vl_ecosystem eco,
    struct vl_span name, struct vl_span version, const char *path, struct vl_err *err);

/* Largest content any parser takes: a bigger file is a VL_NOTE_PARTIAL by the caller. */
#define VL_PACKAGE_FILE_MAX (512UL * 1024 * 1024)

struct vl_package_parser {
    const char *name; /* "dpkg", "npm/package-lock": stable, used in coverage */
    unsigned scopes;  /* enum vl_package_scope */
    bool (*wants)(const struct vl_package_file *file);
    /* Parses file->content. A damaged file is an error (-errno): the caller notes it as partial and goes on
     * with what is in the sink; out of memory and limits of the sink are errors too. */
    int (*parse)(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err);
    bool needs_others; /* says more when vl_package_file.others is given: see package/shelf.h */
};

/* All parsers, in the order they are asked; NULL beyond the last. */
const struct vl_package_parser *vl_package_parser_at(size_t index);

/* First parser that wants the file within the scopes; NULL where none does. */
const struct vl_package_parser *vl_package_parser_for(const struct vl_package_file *file, unsigned scopes);

#define VL_PACKAGE_PLACE_MAX 4096 /* bytes of a path incl. the NUL */

/* For a file that was named alone: who reads it, and the path to show it under. That is its own path
 * (file->path, clean, whole) as far up as some parser needs it, else the folder that databases of its name
 * have
 * ("Packages" is "var/lib/rpm/Packages"). NULL where nobody wants it; ret_path is its last component then. */
const struct vl_package_parser *vl_package_place(
    const struct vl_package_file *file, unsigned scopes, char ret_path[VL_PACKAGE_PLACE_MAX]);

const struct vl_package_parser *vl_package_parser_by_name(const char *name);

/* Fills package->purl from its fields (canonical; distribution packages get namespace and distro qualifier).
 */
VL_MUST_CHECK int vl_package_set_purl(
    struct vl_package *package, const struct vl_distro *distro, struct vl_arena *arena, struct vl_err *err);

#endif
