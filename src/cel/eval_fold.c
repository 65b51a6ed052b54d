/* Comprehensions. Source: cel-go interpreter/interpretable.go (evalFold). */
#include "program.h"
#include "value_impl.h"

#define INTERRUPT_EVERY 64 /* rounds, of all comprehensions together (Kubernetes: 100 of one) */

/* A round may cost nothing (exists_one of a constant): work is counted besides. */
static bool is_interrupted(struct vl_cel_run *run)
{
    if (run->work == 0)
        run->over = true;
    else
        run->work--;
    if (run->work % INTERRUPT_EVERY == 0 && atomic_load_explicit(&run->interrupt, memory_order_relaxed)) {
        run->interrupted = true;
        run->over = true;
    }
    return run->over;
}

/* One round. False at its end. */
static bool round_of(struct vl_cel_run *run, const struct vl_cel_loop *loop)
{
    struct vl_cel_value condition = loop->condition->eval(run, loop->condition);
    if (condition.kind == VL_CEL_BOOL && !condition.as.boolean)
        return false;
    struct vl_cel_value value = loop->step->eval(run, loop->step);
    run->slots[loop->accu].value = value;
    run->slots[loop->accu].ready = true;
    return true;
}

struct vl_cel_value vl_cel_eval_fold(struct vl_cel_run *run, const struct vl_cel_op *op)
{
    const struct vl_cel_loop *loop = op->as.loop;
    struct vl_cel_value range = loop->range->eval(run, loop->range);
    if (range.kind == VL_CEL_ERROR)
        return range;
    run->slots[loop->accu] = (struct vl_cel_slot){.init = loop->init};
    if (range.kind != VL_CEL_LIST && range.kind != VL_CEL_MAP) {
        run->offset = op->offset;
        return loop->two ? vl_cel_fail(run, "unsupported comprehension range type: %s", vl_cel_go_type(range))
                         : vl_cel_fail(run, "got '%s', expected iterable type", vl_cel_go_type(range));
    }
    struct vl_cel_iter iter = vl_cel_iterate(range);
    bool keys = loop->two || range.kind == VL_CEL_MAP;
    struct vl_cel_value key = vl_cel_null(), value = vl_cel_null();
    run->slots[loop->iter].ready = true;
    run->slots[loop->iter2].ready = true;
    while (vl_cel_iter_next(&iter, keys ? &key : NULL, &value)) {
        run->slots[loop->iter].value = keys ? key : value;
        if (loop->two)
            run->slots[loop->iter2].value = value;
        if (!round_of(run, loop))
            break;
        if (is_interrupted(run))
            return vl_cel_run_stopped(run);
    }
    return loop->result->eval(run, loop->result);
}

/* accumulator + [item], in place: the list is nobody else's until the comprehension ends. Costs what the two
 * operations and the variable cost. */
struct vl_cel_value vl_cel_eval_append(struct vl_cel_run *run, const struct vl_cel_op *op)
{
    struct vl_cel_value list = vl_cel_slot_value(run, op->as.slot);
    vl_cel_spend(run, 1);
    if (list.kind == VL_CEL_ERROR)
        return list;
    const struct vl_cel_op *item = op->args[0];
    struct vl_cel_value value = item->eval(run, item);
    vl_cel_spend(run, item->is_constant ? 1 : 11);
    if (value.kind == VL_CEL_ERROR)
        return value;
    struct vl_cel_slot *slot = &run->slots[op->as.slot];
    if (!slot->grows) {
        list = vl_cel_list_grow(run->arena);
        slot->grows = true;
    }
    if (!vl_cel_list_push(run->arena, list, value))
        return vl_cel_fail(run, "memory limit of the evaluation exceeded");
    return list;
}

/* cel.@mapInsert(accumulator, key, value) or (accumulator, map), in place. */
struct vl_cel_value vl_cel_eval_insert(struct vl_cel_run *run, const struct vl_cel_op *op)
{
    struct vl_cel_value map = vl_cel_slot_value(run, op->as.slot), args[2] = {map, map};
    vl_cel_spend(run, 1);
    if (map.kind == VL_CEL_ERROR)
        return map;
    for (unsigned i = 0; i < op->n; i++) {
        args[i] = op->args[i]->eval(run, op->args[i]);
        if (args[i].kind == VL_CEL_ERROR) {
            if (i + 1 == op->n)
                vl_cel_spend(run, 1);
            return args[i];
        }
    }
    vl_cel_spend(run, 1);
    run->offset = op->offset;
    struct vl_cel_slot *slot = &run->slots[op->as.slot];
    if (!slot->grows) {
        map = vl_cel_map_grow(run->arena);
        slot->grows = true;
    }
    if (op->n == 2)
        return vl_cel_map_insert(run, map, args[0], args[1]);
    if (args[0].kind != VL_CEL_MAP)
        return vl_cel_fail(run, "no such overload: cel.@mapInsert(map, %s)", vl_cel_type_name(args[0]));
    struct vl_cel_iter iter = vl_cel_iterate(args[0]);
    struct vl_cel_value key, value;
    while (map.kind == VL_CEL_MAP && vl_cel_iter_next(&iter, &key, &value))
        map = vl_cel_map_insert(run, map, key, value);
    return map;
}
