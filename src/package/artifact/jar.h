/* What a jar without Maven's own files tells about itself. */
#ifndef VL_PACKAGE_ARTIFACT_JAR_H
#define VL_PACKAGE_ARTIFACT_JAR_H

#include "base/arena.h"
#include "base/span.h"

struct jar_coordinates {
    struct vl_span group, artifact, version; /* empty where unknown */
};

/* "log4j-core-2.14.1.jar": artifact and version; false where the name tells no version. */
bool jar_split_name(struct vl_span base, struct vl_span *ret_artifact, struct vl_span *ret_version);

/* The last component without its extension, which nested archives have too. */
struct vl_span jar_stem(struct vl_span path);
bool jar_is_archive(struct vl_span path);

/* From the file's name and META-INF/MANIFEST.MF (may be empty). All three parts are filled where true is
 * returned: a guess without a group would match nothing, and a wrong group something else. Results lie in
 * the arguments, the arena or static tables. */
bool jar_guess(
    struct vl_span path, struct vl_span manifest, struct vl_arena *arena, struct jar_coordinates *ret);

/* content/maven-groups.tsv as the build turns it into C. */
struct jar_group_row {
    const char *artifact; /* "spring-*" stands for all that begin so */
    const char *group;
};
extern const struct jar_group_row jar_groups[];
extern const size_t jar_n_groups;

/* NULL where the table does not know the artifact. */
const char *jar_group_of(struct vl_span artifact);

#endif
