#include "language/pom.h"

#include <errno.h>

#define PROPERTIES_MAX   10000
#define EXPANSIONS_MAX   32   /* properties that stand in properties, in turn */
#define EXPANDED_LEN_MAX 4096 /* bytes of a value with everything put in */

static int put(struct vl_pom *pom, struct vl_span key, struct vl_span value, struct vl_err *err)
{
    struct vl_map_slot *slot;
    struct vl_span *copy = vl_arena_alloc(pom->arena, sizeof(*copy));
    if (!copy)
        return vl_arena_check(pom->arena, "properties of a Maven project", err);
    *copy = value;
    int r = vl_map_put(&pom->properties, key, &slot, NULL, err);
    if (r == 0)
        slot->value.ptr = copy;
    return r;
}

static struct vl_span own_or_parent(const struct vl_xml_node *root, const char *name)
{
    struct vl_span own = vl_xml_text(vl_xml_child(root, name));
    return own.len ? own : vl_xml_text(vl_xml_child(vl_xml_child(root, "parent"), name));
}

int vl_pom_init(
    struct vl_pom *pom, const struct vl_xml_node *root, struct vl_arena *arena, struct vl_err *err)
{
    *pom = (struct vl_pom){.arena = arena, .root = root};
    vl_map_init(&pom->properties, PROPERTIES_MAX);
    const struct vl_xml_node *parent = vl_xml_child(root, "parent");
    const struct {
        struct vl_span key, value;
    } built_in[] = {
        {VL_SPAN_LIT("project.groupId"), own_or_parent(root, "groupId")},
        {VL_SPAN_LIT("project.artifactId"), vl_xml_text(vl_xml_child(root, "artifactId"))},
        {VL_SPAN_LIT("project.version"), own_or_parent(root, "version")},
        {VL_SPAN_LIT("pom.groupId"), own_or_parent(root, "groupId")},
        {VL_SPAN_LIT("pom.version"), own_or_parent(root, "version")},
        {VL_SPAN_LIT("groupId"), own_or_parent(root, "groupId")},
        {VL_SPAN_LIT("version"), own_or_parent(root, "version")},
        {VL_SPAN_LIT("project.parent.groupId"), vl_xml_text(vl_xml_child(parent, "groupId"))},
        {VL_SPAN_LIT("project.parent.version"), vl_xml_text(vl_xml_child(parent, "version"))},
        {VL_SPAN_LIT("parent.version"), vl_xml_text(vl_xml_child(parent, "version"))},
    };
    int r = 0;
    for (size_t i = 0; i < VL_ARRAY_LEN(built_in) && r == 0; i++) {
        if (built_in[i].value.len)
            r = put(pom, built_in[i].key, built_in[i].value, err);
    }
    const struct vl_xml_node *n = vl_xml_first(vl_xml_child(root, "properties"));
    for (; n && r == 0; n = vl_xml_next(n))
        r = put(pom, vl_xml_name(n), vl_xml_text(n), err);
    if (r < 0)
        vl_pom_done(pom);
    return r;
}

void vl_pom_done(struct vl_pom *pom)
{
    vl_map_done(&pom->properties);
}

/* Replaces the first variable from *from on. False where there is none that is defined. */
static bool expand_once(const struct vl_pom *pom, struct vl_span *text, size_t *from)
{
    for (;;) {
        size_t start = vl_span_find(vl_span_slice(*text, *from, SIZE_MAX), VL_SPAN_LIT("${"));
        if (start == SIZE_MAX)
            return false;
        start += *from;
        size_t len = vl_span_find_char(vl_span_slice(*text, start, SIZE_MAX), '}');
        if (len == SIZE_MAX)
            return false;
        struct vl_span key = vl_span_slice(*text, start + 2, start + len);
        const struct vl_map_slot *slot = vl_map_get(&pom->properties, key);
        if (!slot) {
            *from = start + 2;
            continue;
        }
        const struct vl_span *value = slot->value.ptr;
        size_t end = start + len + 1, total = text->len - (len + 1) + value->len;
        if (total > EXPANDED_LEN_MAX)
            return false;
        struct vl_span tail = vl_span_slice(*text, end, SIZE_MAX);
        const char *joined = vl_arena_printf(
            pom->arena, "%.*s%.*s%.*s", (int)start, text->ptr, VL_SPAN_FMT(*value), VL_SPAN_FMT(tail));
        if (!joined)
            return false;
        *text = (struct vl_span){joined, total};
        return true;
    }
}

struct vl_span vl_pom_expand(const struct vl_pom *pom, struct vl_span text)
{
    size_t from = 0;
    for (unsigned i = 0; i < EXPANSIONS_MAX && expand_once(pom, &text, &from); i++)
        ;
    return vl_span_trim(text);
}

static struct vl_span copy_resolved(const struct vl_pom *pom, struct vl_span text)
{
    struct vl_span s = vl_pom_expand(pom, text);
    if (vl_span_find(s, VL_SPAN_LIT("${")) != SIZE_MAX)
        return VL_SPAN_EMPTY;
    return vl_span_str(vl_arena_dup_span(pom->arena, s));
}

int vl_pom_coordinates(struct vl_span text, struct vl_arena *arena, struct vl_span *ret_group,
    struct vl_span *ret_artifact, struct vl_span *ret_version)
{
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_xml_cleanup) struct vl_xml *xml = NULL;
    int r = vl_xml_parse(text, "pom.xml", &xml, &err);
    if (r < 0)
        return r;
    const struct vl_xml_node *root = vl_xml_root(xml);
    if (!vl_span_eq_str(vl_xml_name(root), "project"))
        return -EINVAL;
    VL_CLEANUP(vl_pom_done) struct vl_pom pom;
    r = vl_pom_init(&pom, root, arena, &err);
    if (r < 0)
        return r;
    *ret_group = copy_resolved(&pom, own_or_parent(root, "groupId"));
    *ret_artifact = copy_resolved(&pom, vl_xml_text(vl_xml_child(root, "artifactId")));
    *ret_version = copy_resolved(&pom, own_or_parent(root, "version"));
    return 0;
}
