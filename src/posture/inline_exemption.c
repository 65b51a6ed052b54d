#include "inline_exemption.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"

#define MARK       "# vallum:exempt "
#define ANNOTATION "exempt.vallum.io/"
#define DAY_MS     (24 * 60 * 60 * 1000LL)
#define KEY_MAX    320 /* a prefix of 253 bytes and a name of 63 */

static struct vl_span next_word(struct vl_span *rest)
{
    struct vl_span word;
    *rest = vl_span_trim(*rest);
    return vl_span_split(rest, ' ', &word) ? word : VL_SPAN_EMPTY;
}

int vl_inline_exemption_parse(struct vl_span text, const char *check, struct vl_arena *arena,
    struct vl_inline_exemption *ret, struct vl_err *err)
{
    struct vl_span rest = text, id = check ? vl_span_str(check) : next_word(&rest), until, reason;
    until = next_word(&rest);
    if (id.len == 0 || !vl_span_starts_with(until, "until="))
        return vl_err_set(err, VL_ERR_INVALID, "an exemption is written \"%suntil=2027-01-31 reason=…\"",
            check ? "" : "CHECK ");
    until = vl_span_slice(until, strlen("until="), until.len);
    reason = vl_span_trim(rest);
    if (until.len != strlen("2027-01-31") || !vl_time_parse(until, &ret->until_ms))
        return vl_err_set(err, VL_ERR_INVALID, "exemption of %.*s: \"%.*s\" is no day (2027-01-31)",
            VL_SPAN_FMT(id), VL_SPAN_FMT(until));
    reason = vl_span_starts_with(reason, "reason=")
                 ? vl_span_trim(vl_span_slice(reason, strlen("reason="), reason.len))
                 : VL_SPAN_EMPTY;
    if (reason.len == 0)
        return vl_err_set(err, VL_ERR_INVALID, "exemption of %.*s: no reason=… is given", VL_SPAN_FMT(id));
    ret->until_ms += DAY_MS - 1;
    ret->check = vl_arena_dup_span(arena, id);
    ret->reason = vl_arena_dup_span(arena, reason);
    return vl_arena_check(arena, "exemptions", err);
}

/* A "#" begins a comment at the start of a line or after a blank. */
static bool find_mark(struct vl_span line, struct vl_span *ret_text)
{
    size_t at = vl_span_find(line, VL_SPAN_LIT(MARK));
    if (at == SIZE_MAX || (at && line.ptr[at - 1] != ' ' && line.ptr[at - 1] != '\t'))
        return false;
    *ret_text = vl_span_slice(line, at + strlen(MARK), line.len);
    return true;
}

int vl_inline_exemption_comments(struct vl_span text, struct vl_arena *arena, struct vl_vec *ret_list,
    int (*problem)(uint32_t line, const char *message, void *user, struct vl_err *err), void *user,
    struct vl_err *err)
{
    struct vl_span line, written;
    if (vl_span_find(text, VL_SPAN_LIT(MARK)) == SIZE_MAX)
        return 0;
    for (uint32_t number = 1; vl_span_split_line(&text, &line); number++) {
        struct vl_inline_exemption found = {.line = number};
        struct vl_err bad = VL_ERR_INIT;
        if (!find_mark(line, &written))
            continue;
        if (vl_inline_exemption_parse(written, NULL, arena, &found, &bad) < 0) {
            int r = problem(number, bad.msg, user, err);
            if (r < 0)
                return r;
            continue;
        }
        struct vl_inline_exemption *kept = vl_vec_push(ret_list, "exemptions of one file", err);
        if (!kept)
            return err->err;
        *kept = found;
    }
    return 0;
}

int vl_inline_exemption_annotation(const struct vl_doc_node *annotations, const char *check,
    struct vl_arena *arena, struct vl_inline_exemption *ret, struct vl_err *err)
{
    char key[KEY_MAX];
    if (!annotations || snprintf(key, sizeof(key), ANNOTATION "%s", check) >= (int)sizeof(key))
        return 0;
    const struct vl_doc_node *value = vl_doc_get(annotations, key);
    if (!value)
        return 0;
    struct vl_inline_exemption found = {0};
    int r = vl_inline_exemption_parse(vl_doc_span(value), check, arena, &found, err);
    if (r < 0)
        return vl_err_wrap(err, "annotation %s", key);
    *ret = found;
    return 1;
}
