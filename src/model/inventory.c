#include "model/inventory.h"

#include <stdlib.h>

#define ARENA_MAX        (512UL * 1024 * 1024)
#define UNIDENTIFIED_MAX 1000000
#define SECRETS_MAX      100000
#define UPDATES_MAX      10000

struct vl_inventory *vl_inventory_new(void)
{
    struct vl_inventory *inv = calloc(1, sizeof(*inv));
    struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    if (!inv || !arena) {
        free(inv);
        vl_arena_free(arena);
        return NULL;
    }
    inv->arena = arena;
    vl_vec_init(&inv->layers, sizeof(struct vl_layer), VL_INVENTORY_LAYERS_MAX);
    vl_vec_init(&inv->packages, sizeof(struct vl_package), VL_INVENTORY_PACKAGES_MAX);
    vl_vec_init(&inv->unidentified, sizeof(struct vl_unidentified), UNIDENTIFIED_MAX);
    vl_vec_init(&inv->secrets, sizeof(struct vl_secret), SECRETS_MAX);
    vl_vec_init(&inv->updates, sizeof(const char *), UPDATES_MAX);
    vl_vec_init(&inv->edges, sizeof(struct vl_inventory_edge), VL_INVENTORY_EDGES_MAX);
    vl_notes_init(&inv->notes, arena);
    inv->distro = (struct vl_distro){"", "", "", "", "", "", "", VL_SUPPORT_UNKNOWN, 0, 0};
    return inv;
}

void vl_inventory_free(struct vl_inventory *inv)
{
    if (!inv)
        return;
    vl_vec_done(&inv->layers);
    vl_vec_done(&inv->packages);
    vl_vec_done(&inv->unidentified);
    vl_vec_done(&inv->secrets);
    vl_vec_done(&inv->updates);
    vl_vec_done(&inv->edges);
    vl_notes_done(&inv->notes);
    vl_arena_free(inv->arena);
    free(inv);
}

void vl_inventory_cleanup(struct vl_inventory **inventory)
{
    vl_inventory_free(*inventory);
    *inventory = NULL;
}
