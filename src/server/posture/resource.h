/* Ids of resources, as Azure Resource Manager writes them: the one parser and writer.
 *
 *   /subscriptions/G
 *   /subscriptions/G/resourceGroups/RG
 *   /subscriptions/G[/resourceGroups/RG]/providers/NAMESPACE/TYPE/NAME[/TYPE/NAME…]
 *
 * Names are percent-encoded (RFC 3986, 2.1): the repository "team/app" is "team%2Fapp". Two ids are the same
 * resource where their keys are equal: ARM compares its own words, the group, the namespace, types and the
 * name of the first resource case-blind; names below that (repositories, digests, objects of Kubernetes) are
 * compared exactly. Pure; the bytes are a stranger's. */
#ifndef VL_SERVER_RESOURCE_H
#define VL_SERVER_RESOURCE_H

#include "base/arena.h"
#include "base/buf.h"

#define VL_RESOURCE_ID_MAX    2048 /* bytes as written */
#define VL_RESOURCE_PARTS_MAX 8    /* pairs of type and name */
#define VL_RESOURCE_GROUP     "vallum"

/* Decoded, in the arena that was given. */
struct vl_resource_id {
    const char *subscription; /* GUID, lower case */
    const char *group;        /* NULL: none */
    const char *provider;     /* "Microsoft.ContainerRegistry"; NULL: the subscription or group itself */
    struct vl_resource_part {
        const char *type, *name;
    } parts[VL_RESOURCE_PARTS_MAX];
    size_t n_parts;
};

/* VL_ERR_INVALID names what is wrong. A trailing "/" is passed over. */
VL_MUST_CHECK int vl_resource_parse(
    struct vl_span text, struct vl_arena *arena, struct vl_resource_id *ret, struct vl_err *err);

/* Appends the id; the buffer's own check tells of overflow. */
void vl_resource_format(const struct vl_resource_id *id, struct vl_buf *out);
/* Appends what it is compared by. */
void vl_resource_key(const struct vl_resource_id *id, struct vl_buf *out);

/* An environment, a registry in it, and an image in a repository of that. Texts are lent. */
void vl_resource_environment(const char *guid, struct vl_resource_id *ret);
void vl_resource_registry(const char *guid, const char *registry, struct vl_resource_id *ret);
void vl_resource_image(const char *guid, const char *registry, const char *repository, const char *digest,
    struct vl_resource_id *ret);

/* "environment", "registry", "image"; "other" for all else (a group, a resource that is not ours). */
const char *vl_resource_kind(const struct vl_resource_id *id);

#endif
