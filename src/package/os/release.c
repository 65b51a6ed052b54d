/* What every source of a distribution's name shares: the one believed most wins, the others fill gaps. */
#include "release.h"

#include <string.h>

#define STRINGS 7

static void strings_of(struct vl_distro *distro, const char **slots[STRINGS])
{
    slots[0] = &distro->id;
    slots[1] = &distro->id_like;
    slots[2] = &distro->version_id;
    slots[3] = &distro->codename;
    slots[4] = &distro->pretty_name;
    slots[5] = &distro->variant_id;
    slots[6] = &distro->cpe_name;
}

int os_release_offer(struct vl_package_sink *sink, const struct vl_distro *distro, enum os_release_rank rank,
    const char *what, struct vl_err *err)
{
    struct vl_distro best = *distro, other = sink->distro;
    const char **into[STRINGS], **from[STRINGS];
    bool known = sink->has_distro;
    bool wins = !known || rank >= sink->distro_rank;
    if (!wins) {
        best = sink->distro;
        other = *distro;
    }
    strings_of(&best, into);
    strings_of(&other, from);
    bool same = known && best.id && other.id && strcmp(best.id, other.id) == 0;
    for (size_t i = 0; i < STRINGS; i++) {
        if ((!*into[i] || !**into[i]) && same)
            *into[i] = *from[i];
        *into[i] = vl_arena_strdup(sink->arena, *into[i]);
    }
    if (same && best.support_ends_ms == 0)
        best.support_ends_ms = other.support_ends_ms;
    int r = vl_arena_check(sink->arena, what, err);
    if (r < 0)
        return r;
    sink->distro = best;
    sink->has_distro = true;
    if (wins)
        sink->distro_rank = rank;
    return 0;
}
