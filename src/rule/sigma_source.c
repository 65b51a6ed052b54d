#include "sigma_source.h"

#include <string.h>

#include "base/buf.h"

#define NAME_MAX_BYTES 4096

static bool same(const char *a, const char *b)
{
    return vl_span_eq_nocase(vl_span_str(a), vl_span_str(b));
}

/* The table's row wants `row`, the rule says `rule`. Where a rule names no product it is for all of them;
 * without its category it is about something else. */
static bool row_takes(const struct vl_sigma_source *row, const struct vl_sigma_logsource *rule)
{
    if (row->category != NULL && (rule->category == NULL || !same(row->category, rule->category)))
        return false;
    if (row->product != NULL && rule->product != NULL && !same(row->product, rule->product))
        return false;
    if (row->service != NULL && rule->service != NULL && !same(row->service, rule->service))
        return false;
    /* something must be named that stands in the table */
    return row->category != NULL || (row->product != NULL && rule->product != NULL);
}

const struct vl_sigma_source *vl_sigma_source_find(const struct vl_sigma_logsource *logsource)
{
    for (unsigned i = 0; i < vl_sigma_n_sources; i++)
        if (row_takes(&vl_sigma_sources[i], logsource))
            return &vl_sigma_sources[i];
    return NULL;
}

static bool covers(const char *general, const char *special)
{
    return general == NULL || (special != NULL && same(general, special));
}

bool vl_sigma_logsource_covers(
    const struct vl_sigma_logsource *general, const struct vl_sigma_logsource *special)
{
    return covers(general->product, special->product) && covers(general->category, special->category) &&
           covers(general->service, special->service);
}

static const struct vl_sigma_field *field_find(const struct vl_sigma_source *source, struct vl_span name)
{
    for (uint32_t i = 0; i < source->n_fields; i++)
        if (vl_span_eq_str(name, source->fields[i].name))
            return &source->fields[i];
    return NULL;
}

/* "objectRef.resource" as "/objectRef/resource" (RFC 6901: ~ and / are escaped). */
static int pointer_of(struct vl_span name, struct vl_arena *arena, struct vl_span *ret, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, NAME_MAX_BYTES);
    struct vl_span part;
    while (vl_span_split(&name, '.', &part)) {
        vl_buf_append_char(&text, '/');
        for (size_t i = 0; i < part.len; i++) {
            if (part.ptr[i] == '~')
                vl_buf_append_str(&text, "~0");
            else if (part.ptr[i] == '/')
                vl_buf_append_str(&text, "~1");
            else
                vl_buf_append_char(&text, part.ptr[i]);
        }
    }
    int r = vl_buf_check(&text, "a field's name", err);
    if (r < 0)
        return r;
    const char *kept = vl_arena_dup_span(arena, vl_buf_span(&text));
    if (kept == NULL)
        return vl_err_nomem(err);
    *ret = (struct vl_span){kept, text.len};
    return 0;
}

static int target_of(struct vl_span text, struct vl_span name, struct vl_arena *arena,
    struct vl_sigma_target *ret, struct vl_err *err)
{
    *ret = (struct vl_sigma_target){0};
    if (vl_span_eq_str(text, "true")) {
        ret->always = true;
        return 0;
    }
    size_t bracket = vl_span_find_char(text, '[');
    ret->field = vl_span_slice(text, 0, bracket);
    if (bracket == SIZE_MAX)
        return 0;
    ret->has_arg = true;
    ret->arg = vl_span_slice(text, bracket + 1, text.len - 1);
    return vl_span_eq_str(ret->arg, "/") ? pointer_of(name, arena, &ret->arg, err) : 0;
}

/* Not in the table, but it looks like one of our own names ("proc.name"): a rule may be written for them. */
static bool is_own_field(struct vl_span name)
{
    return vl_span_find_char(name, '.') != SIZE_MAX;
}

int vl_sigma_source_targets(const struct vl_sigma_source *source, struct vl_span name, struct vl_arena *arena,
    struct vl_sigma_target ret[VL_SIGMA_TARGETS_MAX], uint32_t *ret_n, struct vl_err *err)
{
    *ret_n = 0;
    if (source == NULL) { /* a log record: by its name; all of it is "*" */
        bool keywords = vl_span_eq_str(name, VL_SIGMA_KEYWORDS);
        const char *kept = keywords ? "*" : vl_arena_dup_span(arena, name);
        if (kept == NULL)
            return vl_err_nomem(err);
        ret[0] = (struct vl_sigma_target){.field = vl_span_str(kept)};
        *ret_n = 1;
        return 0;
    }
    const struct vl_sigma_field *field = field_find(source, name);
    struct vl_span targets;
    if (field != NULL) {
        targets = vl_span_str(field->targets);
    } else if (source->source == VL_EVENT_SYSCALL && is_own_field(name)) {
        const char *kept = vl_arena_dup_span(arena, name);
        if (kept == NULL)
            return vl_err_nomem(err);
        targets = (struct vl_span){kept, name.len};
    } else {
        field = field_find(source, VL_SPAN_LIT("(any)"));
        if (field == NULL || vl_span_eq_str(name, VL_SIGMA_KEYWORDS))
            return 0;
        targets = vl_span_str(field->targets);
    }
    struct vl_span text;
    while (*ret_n < VL_SIGMA_TARGETS_MAX && vl_span_split(&targets, ',', &text)) {
        int r = target_of(text, name, arena, &ret[*ret_n], err);
        if (r < 0)
            return r;
        (*ret_n)++;
    }
    return 0;
}
