/* What parsers of manifests share: questions about a file's name, lists of licences, one package once a file.
 */
#ifndef VL_PACKAGE_TEXT_UTIL_H
#define VL_PACKAGE_TEXT_UTIL_H

#include <string.h>

#include "base/map.h"
#include "codec/doc.h"
#include "package/parser.h"

/* The part of the path after the last '/'. Costs nothing where vl_package_parser_for() has found it before.
 */
struct vl_span pkg_base(const struct vl_package_file *file);

/* For string literals: the length is compared first, since wants() is asked for every file of an image. */
static inline bool pkg_span_is(struct vl_span s, const char *literal, size_t len)
{
    return s.len == len && memcmp(s.ptr, literal, len) == 0;
}
static inline bool pkg_span_ends(struct vl_span s, const char *literal, size_t len)
{
    return s.len >= len && memcmp(s.ptr + s.len - len, literal, len) == 0;
}
static inline bool pkg_span_starts(struct vl_span s, const char *literal, size_t len)
{
    return s.len >= len && memcmp(s.ptr, literal, len) == 0;
}
#define PKG_IS(s, literal)     pkg_span_is((s), "" literal, sizeof(literal) - 1)
#define PKG_ENDS(s, literal)   pkg_span_ends((s), "" literal, sizeof(literal) - 1)
#define PKG_STARTS(s, literal) pkg_span_starts((s), "" literal, sizeof(literal) - 1)

/* Folder part of the path without the last '/', empty at the root. */
struct vl_span pkg_folder(const struct vl_package_file *file);

/* Whether a component of the folder part is `name`. */
bool pkg_in_folder(const struct vl_package_file *file, const char *name);

/* `path` as written in the file `from`, relative to its folder: clean, in the arena. NULL where it is
 * absolute, leaves the root, or no memory is left (then the arena's check fails). */
char *pkg_join_path(struct vl_arena *arena, struct vl_span from, struct vl_span path);

/* Opens the whole content as a document. `want` is the type the root must have; an empty YAML file is taken
 * for an empty object or array. */
VL_MUST_CHECK int pkg_doc_open(const struct vl_package_file *file, enum vl_doc_format format,
    enum vl_doc_type want, struct vl_doc **ret_doc, struct vl_err *err);

/* Adds a package with flags and line (0: unknown). NULL on failure. */
struct vl_package *pkg_add(struct vl_package_sink *sink, enum vl_ecosystem eco, struct vl_span name,
    struct vl_span version, unsigned flags, uint32_t line, const struct vl_package_file *file,
    struct vl_err *err);

/* Copies the texts, empty ones are left out. */
VL_MUST_CHECK int pkg_set_licenses(struct vl_package_sink *sink, struct vl_package *package,
    const struct vl_span *texts, uint32_t n, struct vl_err *err);

/* One package once in a file, however often the file lists it (a lock file names a library at each place it
 * is installed). */
struct pkg_unique {
    struct vl_package_sink *sink;       /* lent */
    const struct vl_package_file *file; /* lent */
    enum vl_ecosystem eco;
    struct vl_map map; /* "name\0version\0origin" to index in sink->packages */
};

void pkg_unique_init(struct pkg_unique *unique, struct vl_package_sink *sink,
    const struct vl_package_file *file, enum vl_ecosystem eco);
void pkg_unique_done(struct pkg_unique *unique); /* also for VL_CLEANUP */

/* `origin` keeps two sources of the same name and version apart (a commit); mostly empty. A second listing
 * keeps only those of the flags DEV, OPTIONAL, INDIRECT and BUNDLED that both have. *ret_package may be NULL;
 * it is set to NULL where the package was known. */
VL_MUST_CHECK int pkg_unique_add(struct pkg_unique *unique, struct vl_span name, struct vl_span version,
    struct vl_span origin, unsigned flags, uint32_t line, struct vl_package **ret_package,
    struct vl_err *err);

/* Headers as in mail ("Name: value", folded lines, up to the first blank line): wheel METADATA, PKG-INFO, jar
 * manifests. Takes the next header off *rest; the value keeps inner newlines of folded lines. Lines that are
 * neither a header nor folded are passed over. False at the end of the head. */
bool pkg_header_next(struct vl_span *rest, struct vl_span *ret_name, struct vl_span *ret_value);

/* The next token up to white space, taken off *rest; false where only white space is left. */
bool pkg_word(struct vl_span *rest, struct vl_span *ret_word);

/* Without one pair of the same quotes (' or ") around it. */
struct vl_span pkg_unquote(struct vl_span s);

#endif
