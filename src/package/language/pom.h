/* Maven project files. Source: maven.apache.org/pom.html. One file alone: what stands in a parent or in an
 * imported bill of materials is unknown here. */
#ifndef VL_PACKAGE_LANGUAGE_POM_H
#define VL_PACKAGE_LANGUAGE_POM_H

#include "base/arena.h"
#include "base/map.h"
#include "codec/xml.h"

struct vl_pom {
    struct vl_arena *arena;         /* lent */
    const struct vl_xml_node *root; /* lent: <project> */
    struct vl_map properties;       /* name -> value text, as written; values are spans in the arena */
};

/* `root` must outlive the pom. */
VL_MUST_CHECK int vl_pom_init(
    struct vl_pom *pom, const struct vl_xml_node *root, struct vl_arena *arena, struct vl_err *err);
void vl_pom_done(struct vl_pom *pom); /* also for VL_CLEANUP */

/* The text with ${properties} put in, in the arena or as given; a variable that nothing here defines stays as
 * it is. */
struct vl_span vl_pom_expand(const struct vl_pom *pom, struct vl_span text);

/* Own coordinates; group and version are those of the parent where the project has none. -EINVAL or the like
 * where the text is no project; empty spans where a part is missing or unresolved. Results lie in the arena.
 */
VL_MUST_CHECK int vl_pom_coordinates(struct vl_span text, struct vl_arena *arena, struct vl_span *ret_group,
    struct vl_span *ret_artifact, struct vl_span *ret_version);

#endif
