#include "package/parser.h"

#define OWNED_MAX        1000000
#define UNIDENTIFIED_MAX 1000000
#define UPDATES_MAX      10000
#define PACKAGES_MAX     1000000
#define LICENSES_MAX     1000000

int vl_package_sink_init(
    struct vl_package_sink *sink, struct vl_arena *arena, struct vl_notes *notes, struct vl_err *err)
{
    (void)err;
    *sink = (struct vl_package_sink){.arena = arena, .notes = notes};
    vl_vec_init(&sink->packages, sizeof(struct vl_package), PACKAGES_MAX);
    vl_vec_init(&sink->owned, sizeof(struct vl_package_owned), OWNED_MAX);
    vl_vec_init(&sink->unidentified, sizeof(struct vl_package_unidentified), UNIDENTIFIED_MAX);
    vl_vec_init(&sink->updates, sizeof(const char *), UPDATES_MAX);
    vl_vec_init(&sink->licenses, sizeof(struct vl_package_license), LICENSES_MAX);
    return 0;
}

void vl_package_sink_done(struct vl_package_sink *sink)
{
    vl_vec_done(&sink->packages);
    vl_vec_done(&sink->owned);
    vl_vec_done(&sink->unidentified);
    vl_vec_done(&sink->updates);
    vl_vec_done(&sink->licenses);
}

struct vl_package *vl_package_sink_add(struct vl_package_sink *sink, enum vl_ecosystem eco,
    struct vl_span name, struct vl_span version, const char *path, struct vl_err *err)
{
    struct vl_package *package = vl_vec_push(&sink->packages, "packages", err);
    if (!package)
        return NULL;
    package->ecosystem = eco;
    package->layer = VL_LAYER_NONE;
    package->owner = VL_PACKAGE_NONE;
    package->name = vl_arena_dup_span(sink->arena, name);
    package->version = vl_arena_dup_span(sink->arena, version);
    package->path = vl_arena_strdup(sink->arena, path);
    if (!package->name || !package->version || !package->path) {
        int r = vl_arena_check(sink->arena, path, err);
        (void)r;
        sink->packages.len--;
        return NULL;
    }
    return package;
}
