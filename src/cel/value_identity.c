/* Lists whose items are told apart by what they are, not by where they stand. Source: k8s.io/apiserver
 * pkg/cel/common/valuesunstructured.go. */
#include "value_impl.h"

const struct vl_cel_identity *vl_cel_list_identity(struct vl_cel_value list)
{
    return list.kind == VL_CEL_LIST && list.repr == VL_CEL_REPR_OWN ? list.as.list->identity : NULL;
}

bool vl_cel_identity_part(const struct vl_cel_identity *identity, size_t part, struct vl_cel_value a,
    struct vl_cel_value b, struct vl_cel_value *ret_a, struct vl_cel_value *ret_b)
{
    *ret_a = a;
    *ret_b = b;
    if (!identity->n_keys)
        return true;
    *ret_a = *ret_b = vl_cel_null();
    if (a.kind != VL_CEL_MAP || b.kind != VL_CEL_MAP)
        return false;
    (void)vl_cel_map_get_str(a, identity->keys[part], ret_a);
    (void)vl_cel_map_get_str(b, identity->keys[part], ret_b);
    return true;
}

static bool same(
    const struct vl_cel_identity *identity, struct vl_cel_value a, struct vl_cel_value b, uint64_t *work)
{
    struct vl_cel_value x, y;
    size_t n = identity->n_keys ? identity->n_keys : 1;
    for (size_t i = 0; i < n; i++) {
        if (!vl_cel_identity_part(identity, i, a, b, &x, &y) || !vl_cel_equal_within(x, y, work))
            return false;
    }
    return true;
}

bool vl_cel_list_merge(
    struct vl_arena *arena, struct vl_cel_value a, struct vl_cel_value b, struct vl_cel_value *ret)
{
    const struct vl_cel_identity *identity = vl_cel_list_identity(a);
    uint64_t work = VL_CEL_EQUAL_WORK_MAX;
    size_t n = 0, most = vl_cel_list_size(a) + vl_cel_list_size(b);
    struct vl_cel_list *list = vl_arena_alloc(arena, sizeof(*list));
    struct vl_cel_value *items = vl_arena_array(arena, most, sizeof(*items)), item;
    if (!identity || !list || (most && !items)) /* without an identity lists are joined, not merged */
        return false;
    struct vl_cel_iter iter = vl_cel_iterate(a);
    while (n < most && vl_cel_iter_next(&iter, NULL, &items[n]))
        n++;
    iter = vl_cel_iterate(b);
    while (vl_cel_iter_next(&iter, NULL, &item)) {
        size_t at = 0;
        while (at < n && !same(identity, items[at], item, &work))
            at++;
        if (work == 0)
            return false;
        if (at == n || identity->n_keys)
            items[at] = item;
        n += at == n;
    }
    *list = (struct vl_cel_list){.identity = identity, .n = n, .items = items};
    *ret = (struct vl_cel_value){.kind = VL_CEL_LIST, .repr = VL_CEL_REPR_OWN, .as.list = list};
    return true;
}
