#include <stdlib.h>
#include <string.h>

#include "correlate_impl.h"

#define MISSING UINT32_MAX /* as a length in a key */

static void find(struct vl_window_field *ret, enum vl_event_source source, const char *name, const char *arg)
{
    ret->field = vl_field_find(source, vl_span_str(name), vl_span_str(arg), &ret->arg);
}

void cr_known_find(struct cr_known *known)
{
    static const char *const generations[VL_CORRELATE_ANCESTORS] = {"2", "3", "4", "5", "6", "7", "8", "9"};
    find(&known->pid, VL_EVENT_SYSCALL, "proc.pid", NULL);
    find(&known->ppid, VL_EVENT_SYSCALL, "proc.ppid", NULL);
    for (size_t i = 0; i < VL_CORRELATE_ANCESTORS; i++)
        find(&known->ancestors[i], VL_EVENT_SYSCALL, "proc.apid", generations[i]);
    find(&known->container, VL_EVENT_SYSCALL, "container.id", NULL);
    find(&known->namespace_, VL_EVENT_SYSCALL, "k8s.ns.name", NULL);
    find(&known->pod, VL_EVENT_SYSCALL, "k8s.pod.name", NULL);
    find(&known->uid, VL_EVENT_SYSCALL, "user.uid", NULL);
    find(&known->audit_namespace, VL_EVENT_K8S_AUDIT, "ka.target.namespace", NULL);
    find(&known->audit_name, VL_EVENT_K8S_AUDIT, "ka.target.name", NULL);
    find(&known->audit_user, VL_EVENT_K8S_AUDIT, "ka.user.name", NULL);
}

bool cr_field_text(struct vl_correlator *c, const struct vl_event *event, const struct vl_window_field *field,
    struct vl_span *ret)
{
    struct vl_event_value value = {0};
    struct vl_err err = VL_ERR_INIT;
    if (event == NULL || field->field == NULL)
        return false;
    vl_arena_reset(c->scratch);
    vl_event_get(event, field->field, field->arg, c->scratch, &value);
    if (value.kind == VL_VALUE_MISSING)
        return false;
    vl_buf_clear(&c->text);
    /* what is so long that it does not fit counts as empty, and is told */
    if (vl_event_value_text(&value, field->field, &c->text, &err) < 0) {
        c->counts.keys_cut++;
        vl_buf_done(&c->text);
        vl_buf_init(&c->text, CR_TEXT_MAX);
    }
    *ret = vl_buf_span(&c->text);
    return true;
}

bool cr_field_number(
    struct vl_correlator *c, const struct vl_event *event, const struct vl_window_field *field, double *ret)
{
    struct vl_span text;
    if (!cr_field_text(c, event, field, &text) || text.len == 0)
        return false;
    char *end = NULL;
    *ret = strtod(vl_buf_str(&c->text), &end);
    return end == c->text.ptr + text.len && *ret - *ret == 0; /* neither infinite nor no number */
}

/* --- keys --- */

static void put(struct vl_correlator *c, struct vl_buf *key, bool is_there, struct vl_span text)
{
    if (!is_there) {
        vl_buf_append_u32le(key, MISSING);
        return;
    }
    if (text.len > VL_CORRELATE_KEY_MAX) {
        text.len = VL_CORRELATE_KEY_MAX;
        c->counts.keys_cut++;
    }
    vl_buf_append_u32le(key, (uint32_t)text.len);
    vl_buf_append_span(key, text);
}

static void put_field(struct vl_correlator *c, struct vl_buf *key, const struct vl_event *event,
    const struct vl_window_field *field)
{
    struct vl_span text = VL_SPAN_EMPTY;
    bool is_there = cr_field_text(c, event, field, &text);
    put(c, key, is_there, text);
}

/* Two fields as one value: "namespace/pod". */
static void put_pair(struct vl_correlator *c, struct vl_buf *key, const struct vl_event *event,
    const struct vl_window_field *a, const struct vl_window_field *b)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf both;
    vl_buf_init(&both, VL_CORRELATE_KEY_MAX * 2);
    struct vl_span text;
    if (cr_field_text(c, event, a, &text))
        vl_buf_append_span(&both, vl_span_slice(text, 0, VL_CORRELATE_KEY_MAX / 2));
    vl_buf_append_char(&both, '/');
    if (cr_field_text(c, event, b, &text))
        vl_buf_append_span(&both, vl_span_slice(text, 0, VL_CORRELATE_KEY_MAX / 2));
    put(c, key, both.len > 1, vl_buf_span(&both));
}

static void put_pod(struct vl_correlator *c, struct vl_buf *key, const struct vl_event *event)
{
    struct vl_span text;
    if (event != NULL && event->source == VL_EVENT_K8S_AUDIT)
        put_pair(c, key, event, &c->known.audit_namespace, &c->known.audit_name);
    else if (cr_field_text(c, event, &c->known.pod, &text) && text.len > 0)
        put_pair(c, key, event, &c->known.namespace_, &c->known.pod);
    else
        put_field(c, key, event, &c->known.container);
}

static const struct vl_window_field *tree_field(const struct vl_correlator *c, uint32_t generation)
{
    if (generation == 0)
        return &c->known.pid;
    return generation == 1 ? &c->known.ppid : &c->known.ancestors[generation - 2];
}

/* What a correlation knows of a key by its name. */
static bool inner_value(const struct vl_correlation *inner, const char *name, struct vl_span *ret)
{
    for (uint32_t i = 0; inner != NULL && i < inner->n_group; i++) {
        if (strcmp(inner->keys[i].name, name) == 0) {
            *ret = inner->group[i];
            return true;
        }
    }
    return false;
}

/* The key with the process `generation` steps up; false where the event does not know it. */
static bool key_of(struct vl_correlator *c, const struct cr_window *window, uint32_t member,
    const struct vl_event *event, const struct vl_correlation *inner, uint32_t generation, struct vl_buf *key)
{
    bool known = true;
    for (uint32_t i = 0; i < window->spec->n_keys; i++) {
        const struct vl_window_key *k = &window->spec->keys[i];
        struct vl_span text = VL_SPAN_EMPTY;
        if (inner_value(inner, k->name, &text)) {
            put(c, key, true, text);
        } else if (k->kind == VL_WINDOW_BY_FIELD) {
            put_field(c, key, event, &k->fields[member]);
        } else if (k->kind == VL_WINDOW_BY_POD) {
            put_pod(c, key, event);
        } else if (k->kind == VL_WINDOW_BY_USER) {
            if (event != NULL && event->source == VL_EVENT_K8S_AUDIT)
                put_field(c, key, event, &c->known.audit_user);
            else
                put_pair(c, key, event, &c->known.uid, &c->known.container);
        } else {
            bool is_there = cr_field_text(c, event, tree_field(c, generation), &text);
            /* below the first process everything is related: that says nothing */
            bool tells = is_there && !vl_span_eq_str(text, "0") && !vl_span_eq_str(text, "1");
            known = known && tells;
            put(c, key, is_there, text);
        }
    }
    return known;
}

static bool by_tree(const struct cr_window *window)
{
    for (uint32_t i = 0; i < window->spec->n_keys; i++)
        if (window->spec->keys[i].kind == VL_WINDOW_BY_PROCESS_TREE)
            return true;
    return false;
}

struct cr_group *cr_group_of(struct vl_correlator *c, struct cr_window *window, uint32_t member,
    const struct vl_event *event, const struct vl_correlation *inner)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf key;
    vl_buf_init(&key, (VL_CORRELATE_KEY_MAX + 4UL) * VL_WINDOW_GROUP_BY_MAX);
    uint32_t generations = by_tree(window) ? VL_CORRELATE_ANCESTORS + 2 : 1;
    struct cr_group *group = NULL;
    for (uint32_t g = 0; g < generations && group == NULL; g++) {
        vl_buf_clear(&key);
        if (key_of(c, window, member, event, inner, g, &key) || generations == 1)
            group = cr_group_find(c, window, vl_buf_span(&key));
    }
    if (group == NULL) {
        /* A new tree grows from the parent, so that what else it starts belongs to it. */
        vl_buf_clear(&key);
        if (!key_of(c, window, member, event, inner, generations == 1 ? 0 : 1, &key) && generations > 1) {
            vl_buf_clear(&key);
            (void)key_of(c, window, member, event, inner, 0, &key);
        }
        if (key.failed != 0)
            return NULL;
        group = cr_group_find(c, window, vl_buf_span(&key));
        if (group == NULL)
            group = cr_group_new(c, window, vl_buf_span(&key), event != NULL ? event->time : c->now);
    }
    if (group != NULL)
        cr_group_touch(c, group);
    return group;
}

uint32_t cr_key_values(const struct cr_group *group, struct vl_span values[VL_WINDOW_GROUP_BY_MAX])
{
    uint32_t n = group->window->spec->n_keys, at = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t len = MISSING;
        if (at + 4 <= group->key_len) {
            const unsigned char *p = (const unsigned char *)group->key + at;
            len = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
            at += 4;
        }
        values[i] = VL_SPAN_EMPTY;
        if (len == MISSING)
            continue;
        values[i] = (struct vl_span){group->key + at, len};
        at += len;
    }
    return n;
}
