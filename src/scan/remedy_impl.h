/* Inside of remedies, shared by remedy.c (order of worth, words), remedy_os.c and remedy_language.c. */
#ifndef VL_SCAN_REMEDY_IMPL_H
#define VL_SCAN_REMEDY_IMPL_H

#include "base/buf.h"
#include "base/map.h"
#include "scan/remedy.h"

#define VL_REMEDY_TEXT_MAX    4096U
#define VL_REMEDY_COMMAND_MAX 2048U
#define VL_REMEDY_NAMED_MAX   32U /* packages of one source that a command names; more: all are upgraded */

#define VL_REMEDY_END UINT32_MAX

/* A group of packages that one upgrade settles: the binaries of one source package; a language package. */
struct vl_remedy_group {
    uint32_t next;      /* next package of the same source, VL_REMEDY_END at the end; by package */
    uint32_t head;      /* first package of the group; by package */
    const char *target; /* of a head: highest fixed version among its open findings */
};

struct vl_remedy_run {
    struct vl_scan_result *result;
    struct vl_arena *arena;         /* of the result */
    const struct vl_package *first; /* the inventory's packages */
    size_t n_packages;
    bool dockerfile;     /* commands are lines of a Dockerfile, not of a shell on the machine */
    struct vl_map names; /* distribution packages by name: index */
    struct vl_map heads; /* source packages: index of the first */
    struct vl_vec tools; /* const struct vl_package *: pip and npm as packages of their own ecosystem */
    struct vl_remedy_group *groups; /* by package, in the arena of the result */
    struct vl_buf text;             /* being written */
    struct vl_buf command;
};

/* Appends an argument for a shell, quoted where it must be. Only [A-Za-z0-9@/._+:~^!=<>,-] may stand in it,
 * and no '-' in front: names and versions come from feeds and images, which must not write commands. Anything
 * else gives up the command of this remedy. A space goes before it unless the words so far end in one or in
 * '='. */
void vl_remedy_arg(struct vl_remedy_run *run, const char *const *parts, size_t n);
#define VL_REMEDY_ARG(run, ...)                              \
    vl_remedy_arg((run), (const char *const[]){__VA_ARGS__}, \
        sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))
/* Appends fixed words of our own. */
void vl_remedy_words(struct vl_remedy_run *run, const char *words);
void vl_remedy_no_command(struct vl_remedy_run *run);

/* Whether a distribution package of this name is in the target. */
bool vl_remedy_has(const struct vl_remedy_run *run, const char *name);

/* Whether the package was read from an SBOM or another document in the target, which no package manager and
 * no compiler changes. What an SBOM is scanned for stands where it says. */
bool vl_remedy_in_document(const struct vl_remedy_run *run, const struct vl_package *package);

/* What to upgrade to: settles all open findings of the group. */
const char *vl_remedy_target(const struct vl_remedy_run *run, const struct vl_finding *finding);

/* "Upgrade WHAT to TARGET or later". */
void vl_remedy_say_upgrade(struct vl_remedy_run *run, const struct vl_finding *finding, const char *what);

/* Each writes run->text and run->command for a finding that has a fixed version, and gives the kind. */
enum vl_remedy_kind vl_remedy_os(struct vl_remedy_run *run, const struct vl_finding *finding);
enum vl_remedy_kind vl_remedy_language(struct vl_remedy_run *run, const struct vl_finding *finding);

#endif
