#include "remedies.h"

#include "base/map.h"
#include "chains.h"

#define REMEDIES_MAX 5000000
#define NONE         UINT64_MAX

/* The remedy of a text, command or package; NONE where it has none yet. */
static uint64_t look_up(const struct vl_map *map, const char *key)
{
    const struct vl_map_slot *slot = key ? vl_map_get(map, vl_span_str(key)) : NULL;
    return slot ? slot->value.num : NONE;
}

static int put(struct vl_map *map, const char *key, uint64_t number, struct vl_err *err)
{
    struct vl_map_slot *slot;
    bool added;
    if (!key)
        return 0;
    int r = vl_map_put(map, vl_span_str(key), &slot, &added, err);
    if (r == 0 && added)
        slot->value.num = number;
    return r < 0 ? r : 0;
}

struct search {
    struct vl_map texts;
    uint32_t *of_package; /* remedy + 1 of each package; 0: none yet */
};

static int add(struct search *s, const struct vl_scan_result *result, const struct vl_finding *f,
    struct vl_report_remedies *ret, struct vl_err *err)
{
    uint32_t package = vl_report_package_index(result, f->package);
    uint64_t number = look_up(&s->texts, f->remedy.command);
    if (number == NONE)
        number = look_up(&s->texts, f->remedy.text);
    if (number == NONE && package != VL_PACKAGE_NONE && s->of_package[package])
        number = s->of_package[package] - 1;
    if (number == NONE) {
        number = ret->total++;
        if (ret->n < VL_REPORT_REMEDIES_SHOWN)
            ret->items[ret->n++].finding = f;
    }
    if (number < ret->n)
        ret->items[number].settles++;
    if (package != VL_PACKAGE_NONE && !s->of_package[package])
        s->of_package[package] = (uint32_t)number + 1;
    int r = put(&s->texts, f->remedy.command, number, err);
    return r < 0 ? r : put(&s->texts, f->remedy.text, number, err);
}

int vl_report_remedies(
    const struct vl_scan_result *result, struct vl_report_remedies *ret, struct vl_err *err)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_report_arena_new();
    struct search s = {0};
    int r = 0;
    if (!arena)
        return vl_err_nomem(err);
    s.of_package = vl_arena_array(arena, result->inventory->packages.len + 1, sizeof(*s.of_package));
    if (!s.of_package)
        return vl_arena_check(arena, "remedies", err);
    *ret = (struct vl_report_remedies){0};
    vl_map_init(&s.texts, REMEDIES_MAX);
    for (size_t i = 0; i < result->findings.len && r == 0; i++) {
        const struct vl_finding *f = vl_vec_at(&result->findings, i);
        if (f->status == VL_FINDING_OPEN && f->remedy.text && f->remedy.kind != VL_REMEDY_NONE)
            r = add(&s, result, f, ret, err);
    }
    vl_map_done(&s.texts);
    return r;
}
