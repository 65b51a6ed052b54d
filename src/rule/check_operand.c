/* Fields and transformers: looked up once, read for every event. */
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "check.h"

#define TEXT_MAX (1024UL * 1024) /* bytes of one transformed text; longer is missing */

/* --- making ready --- */

static int problem_at(struct check_problem *problem, const struct vl_operand *source, struct vl_arena *arena,
    const char *message, struct vl_err *err)
{
    problem->offset = source->offset;
    problem->message = message ? message : "out of memory";
    int r = vl_arena_check(arena, "condition", err);
    return r < 0 ? r : vl_err_set(err, VL_ERR_INVALID, "%s", problem->message);
}

static int field_init(struct check_operand *operand, const struct vl_operand *source,
    enum vl_event_source event_source, struct vl_arena *arena, struct check_problem *problem,
    struct vl_err *err)
{
    struct vl_span arg = VL_SPAN_EMPTY;
    const struct vl_field *field = vl_field_find(event_source, source->field, source->arg, &arg);
    if (!field) {
        const struct vl_field *near = vl_field_nearest(event_source, source->field);
        problem->unknown_field = true;
        problem->hint = near ? vl_arena_printf(arena, "did you mean %s?", near->name) : NULL;
        return problem_at(problem, source, arena,
            vl_arena_printf(
                arena, "filter_check called with nonexistent field %.*s", VL_SPAN_FMT(source->field)),
            err);
    }
    if (field->arg_required && arg.len == 0)
        return problem_at(problem, source, arena,
            vl_arena_printf(arena, "field %s requires an argument but none was found", field->name), err);
    if (field->arg == VL_FIELD_ARG_NONE && source->has_arg)
        return problem_at(
            problem, source, arena, vl_arena_printf(arena, "field %s takes no argument", field->name), err);
    uint64_t index;
    if (field->arg == VL_FIELD_ARG_INDEX && arg.len && !vl_span_to_u64(arg, &index))
        return problem_at(problem, source, arena,
            vl_arena_printf(
                arena, "the argument of field %s is not a number: %.*s", field->name, VL_SPAN_FMT(arg)),
            err);
    operand->field = field;
    operand->arg = arg;
    operand->has_arg = arg.len > 0;
    operand->type = field->type;
    operand->result_is_list = field->is_list || (arg.len == 0 && (field->any_ancestor || field->either));
    return 0;
}

static bool is_text(const struct check_operand *o)
{
    return o->type == VL_FIELD_STRING || o->type == VL_FIELD_PATH;
}

/* Transformers of one text each, which keep its type. */
static const char *text_transformer_type(struct check_operand *o, bool bytes_too)
{
    const struct check_operand *first = o->inner;
    if (first->next || first->is_list || first->is_literal)
        return "takes one field";
    o->type = first->type;
    o->result_is_list = first->result_is_list;
    if (bytes_too)
        return first->type == VL_FIELD_STRING || first->type == VL_FIELD_BYTES ? NULL
                                                                               : "takes one text or bytes";
    return is_text(first) ? NULL : "takes one text";
}

static const char *len_type(struct check_operand *o)
{
    const struct check_operand *first = o->inner;
    bool has_len = is_text(first) || first->type == VL_FIELD_BYTES || first->result_is_list;
    o->type = VL_FIELD_UINT;
    return !first->next && has_len ? NULL : "takes one text, bytes or a list";
}

/* Transformers of two arguments. */
static const char *pair_type(struct check_operand *o)
{
    const struct check_operand *first = o->inner, *second = first->next;
    bool two = second && !second->next;
    if (o->transformer == VL_TRANSFORM_GETOPT) {
        o->result_is_list = !o->has_arg;
        return two && first->result_is_list && second->is_literal ? NULL : "takes a list and a text";
    }
    bool joins = two && !first->is_list && is_text(first) && second->result_is_list;
    return joins ? NULL : "takes a text and a list";
}

/* NULL, or what is wrong with the arguments, of which there is one at least. Sets the type of the result. */
static const char *transformer_type(struct check_operand *o)
{
    o->type = VL_FIELD_STRING;
    switch ((enum vl_transformer)o->transformer) {
    case VL_TRANSFORM_VAL:
        o->type = o->inner->type;
        o->result_is_list = o->inner->result_is_list;
        return NULL;
    case VL_TRANSFORM_TOLOWER:
    case VL_TRANSFORM_TOUPPER:
    case VL_TRANSFORM_BASENAME:
        return text_transformer_type(o, false);
    case VL_TRANSFORM_B64:
        return text_transformer_type(o, true);
    case VL_TRANSFORM_LEN:
        return len_type(o);
    case VL_TRANSFORM_JOIN:
    case VL_TRANSFORM_GETOPT:
        return pair_type(o);
    case VL_TRANSFORM_CONCAT:
        return o->inner->next ? NULL : "takes two texts or more";
    default:
        return "is unknown";
    }
}

static int operand_init(struct check_operand **ret, const struct vl_operand *source,
    enum vl_event_source event_source, bool strict, unsigned depth, struct vl_arena *arena,
    struct check_problem *problem, struct vl_err *err)
{
    struct check_operand *o = vl_arena_alloc(arena, sizeof(*o)), **tail;
    if (!o)
        return vl_arena_check(arena, "condition", err);
    if (depth > CHECK_OPERAND_DEPTH_MAX)
        return problem_at(problem, source, arena, "too many transformers within each other", err);
    *ret = o;
    o->transformer = source->transformer;
    o->arg = source->arg;
    o->has_arg = source->has_arg;
    if (source->is_literal) {
        o->is_literal = true;
        o->literal = source->literal;
        o->type = VL_FIELD_STRING;
        return 0;
    }
    if (source->transformer == VL_TRANSFORM_NONE && !source->is_list)
        return field_init(o, source, event_source, arena, problem, err);
    o->is_list = o->result_is_list = source->is_list;
    o->type = VL_FIELD_STRING;
    tail = &o->inner;
    for (const struct vl_operand *in = source->inner; in; in = in->next, tail = &(*tail)->next) {
        int r = operand_init(tail, in, event_source, strict, depth + 1, arena, problem, err);
        if (r < 0)
            return r;
        if (strict && (*tail)->field && (*tail)->field->no_transformer &&
            source->transformer != VL_TRANSFORM_VAL)
            return problem_at(problem, in, arena,
                vl_arena_printf(arena, "field %s takes no transformer", (*tail)->field->name), err);
    }
    if (o->is_list)
        return 0;
    if (!o->inner)
        return problem_at(problem, source, arena, "a transformer without an argument", err);
    const char *wrong = transformer_type(o);
    if (!wrong)
        return 0;
    /* NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange): names[] is asked for its length */
    enum vl_transformer transformer = (enum vl_transformer)o->transformer;
    return problem_at(problem, source, arena,
        vl_arena_printf(arena, "transformer %s %s", vl_transformer_name(transformer), wrong), err);
}

int check_operand_init(struct check_operand **ret, const struct vl_operand *source,
    enum vl_event_source event_source, bool strict, struct vl_arena *arena, struct check_problem *problem,
    struct vl_err *err)
{
    return operand_init(ret, source, event_source, strict, 0, arena, problem, err);
}

/* --- reading --- */

static void set_missing(struct vl_event_value *ret)
{
    *ret = (struct vl_event_value){.kind = VL_VALUE_MISSING};
}

static void set_text(struct vl_event_value *ret, struct vl_span text)
{
    *ret = (struct vl_event_value){.kind = VL_VALUE_STRING, .as.string = text};
}

static bool keep(struct vl_buf *buf, struct vl_arena *scratch, struct vl_span *ret)
{
    const char *copy = buf->failed ? NULL : vl_arena_dup_span(scratch, vl_buf_span(buf));
    *ret = (struct vl_span){copy, copy ? buf->len : 0};
    return copy != NULL;
}

bool check_text_of(const struct vl_event_value *value, struct vl_arena *scratch, struct vl_span *ret)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf buf;
    struct vl_err err;
    vl_buf_init(&buf, TEXT_MAX);
    if (value->kind == VL_VALUE_STRING) {
        *ret = value->as.string;
        return true;
    }
    if (value->kind == VL_VALUE_MISSING || value->kind == VL_VALUE_LIST)
        return false;
    return vl_event_value_text(value, NULL, &buf, &err) >= 0 && keep(&buf, scratch, ret);
}

static bool change_case(struct vl_span in, bool upper, struct vl_arena *scratch, struct vl_span *ret)
{
    char *text = vl_arena_dup_span(scratch, in);
    for (size_t i = 0; text && i < in.len; i++) {
        char c = text[i];
        if (upper ? c >= 'a' && c <= 'z' : c >= 'A' && c <= 'Z')
            text[i] = (char)(c ^ 0x20);
    }
    *ret = (struct vl_span){text, in.len};
    return text != NULL;
}

static bool transform_text(
    enum vl_transformer transformer, struct vl_span in, struct vl_arena *scratch, struct vl_span *ret)
{
    if (transformer == VL_TRANSFORM_TOLOWER || transformer == VL_TRANSFORM_TOUPPER)
        return change_case(in, transformer == VL_TRANSFORM_TOUPPER, scratch, ret);
    if (transformer == VL_TRANSFORM_BASENAME) {
        size_t slash = vl_span_rfind_char(in, '/');
        *ret = vl_span_slice(in, slash == SIZE_MAX ? 0 : slash + 1, SIZE_MAX);
        return true;
    }
    VL_CLEANUP(vl_buf_done) struct vl_buf buf;
    vl_buf_init(&buf, TEXT_MAX);
    return vl_base64_decode(in, &buf) && keep(&buf, scratch, ret);
}

/* A transformer of one text, over a list item by item. */
static void get_text(const struct check_operand *o, struct vl_event_value *value, struct vl_arena *scratch)
{
    struct vl_span text;
    if (value->kind == VL_VALUE_STRING) {
        bool made = transform_text((enum vl_transformer)o->transformer, value->as.string, scratch, &text);
        if (made && value->other.len) {
            value->as.string = text;
            made = transform_text((enum vl_transformer)o->transformer, value->other, scratch, &value->other);
        } else if (made)
            set_text(value, text);
        if (!made)
            set_missing(value);
        return;
    }
    if (value->kind != VL_VALUE_LIST)
        return;
    struct vl_event_value *items = vl_arena_array(scratch, value->n, sizeof(*items));
    for (uint32_t i = 0; items && i < value->n; i++) {
        set_missing(&items[i]);
        if (value->as.items[i].kind == VL_VALUE_STRING &&
            transform_text((enum vl_transformer)o->transformer, value->as.items[i].as.string, scratch, &text))
            set_text(&items[i], text);
    }
    value->as.items = items;
    if (!items)
        set_missing(value);
}

static void get_len(struct vl_event_value *value)
{
    uint64_t n = value->kind == VL_VALUE_LIST     ? value->n
                 : value->kind == VL_VALUE_STRING ? value->as.string.len
                                                  : 0;
    *value = (struct vl_event_value){.kind = VL_VALUE_UINT, .as.u = n};
}

/* The values of operands one after the other, lists taken apart. False where one is missing. */
static bool gather(const struct check_operand *first, const struct vl_event *event, struct vl_arena *scratch,
    struct vl_span *ret_texts, uint32_t max, uint32_t *ret_n)
{
    struct vl_event_value value;
    uint32_t n = 0;
    for (const struct check_operand *o = first; o; o = o->next) {
        check_operand_get(o, event, scratch, &value);
        const struct vl_event_value *items = value.kind == VL_VALUE_LIST ? value.as.items : &value;
        uint32_t count = value.kind == VL_VALUE_LIST ? value.n : 1;
        for (uint32_t i = 0; i < count; i++, n++) {
            if (n == max || !check_text_of(&items[i], scratch, &ret_texts[n]))
                return false;
        }
    }
    *ret_n = n;
    return true;
}

/* Every operand as text, with `separator` between. */
static void get_joined(const struct check_operand *first, struct vl_span separator,
    const struct vl_event *event, struct vl_arena *scratch, struct vl_event_value *ret)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf buf;
    struct vl_span *texts = vl_arena_array(scratch, VL_EVENT_VALUES_MAX, sizeof(*texts)), text;
    uint32_t n = 0;
    vl_buf_init(&buf, TEXT_MAX);
    set_missing(ret);
    if (!texts || !gather(first, event, scratch, texts, VL_EVENT_VALUES_MAX, &n))
        return;
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            vl_buf_append_span(&buf, separator);
        vl_buf_append_span(&buf, texts[i]);
    }
    if (keep(&buf, scratch, &text))
        set_text(ret, text);
}

/* A list of operands, items that are missing left out. */
static void get_list(const struct check_operand *first, const struct vl_event *event,
    struct vl_arena *scratch, struct vl_event_value *ret)
{
    struct vl_event_value *items = vl_arena_array(scratch, VL_EVENT_VALUES_MAX, sizeof(*items)), value;
    uint32_t n = 0;
    for (const struct check_operand *o = first; o && items; o = o->next) {
        check_operand_get(o, event, scratch, &value);
        const struct vl_event_value *from = value.kind == VL_VALUE_LIST ? value.as.items : &value;
        uint32_t count = value.kind == VL_VALUE_LIST ? value.n : value.kind != VL_VALUE_MISSING;
        for (uint32_t i = 0; i < count && n < VL_EVENT_VALUES_MAX; i++)
            items[n++] = from[i];
    }
    set_missing(ret);
    if (items && n)
        *ret = (struct vl_event_value){.kind = VL_VALUE_LIST, .n = n, .as.items = items};
}

/* --- getopt --- */

struct options {
    struct vl_span letters; /* "ab:c": b takes a value */
    struct vl_event_value *items;
    uint32_t n;
    bool by_name; /* only values of `name` */
    struct vl_span name;
};

static void add_text(struct options *o, struct vl_span text)
{
    if (o->n < VL_EVENT_VALUES_MAX)
        set_text(&o->items[o->n++], text);
}

/* A letter of a cluster: 0 unknown, 1 known, 2 takes a value. */
static int letter_kind(const struct options *o, char c)
{
    size_t at = c == ':' ? SIZE_MAX : vl_span_find_char(o->letters, c);
    if (at == SIZE_MAX)
        return 0;
    return at + 1 < o->letters.len && o->letters.ptr[at + 1] == ':' ? 2 : 1;
}

static void add_option(struct options *o, struct vl_span letter, const struct vl_span *value)
{
    if (!o->by_name) {
        add_text(o, letter);
        if (value)
            add_text(o, *value);
    } else if (vl_span_eq(letter, o->name))
        add_text(o, value ? *value : VL_SPAN_EMPTY);
}

/* One word "-abcVALUE"; true when the word behind it was taken as a value. */
static bool add_word(struct options *o, struct vl_span word, const struct vl_span *next)
{
    for (size_t i = 1; i < word.len; i++) {
        struct vl_span letter = vl_span_slice(word, i, i + 1), value = VL_SPAN_EMPTY;
        int kind = letter_kind(o, word.ptr[i]);
        if (kind == 2) {
            bool joined = i + 1 < word.len;
            if (joined)
                value = vl_span_slice(word, i + 1, SIZE_MAX);
            else if (next)
                value = *next;
            add_option(o, letter, &value);
            return !joined && next;
        }
        add_option(o, kind ? letter : VL_SPAN_LIT("?"), NULL);
    }
    return false;
}

/* Options as getopt(3) of POSIX takes them: up to the first word that is none, or "--". */
static void get_options(const struct check_operand *operand, const struct vl_event *event,
    struct vl_arena *scratch, struct vl_event_value *ret)
{
    struct vl_span *words = vl_arena_array(scratch, VL_EVENT_VALUES_MAX, sizeof(*words));
    struct options o = {.letters = operand->inner->next->literal,
        .items = vl_arena_array(scratch, VL_EVENT_VALUES_MAX, sizeof(*o.items)),
        .by_name = operand->has_arg,
        .name = operand->arg};
    uint32_t n = 0;
    struct vl_event_value list;
    set_missing(ret);
    check_operand_get(operand->inner, event, scratch, &list);
    if (!words || !o.items)
        return;
    for (uint32_t i = 0; list.kind == VL_VALUE_LIST && i < list.n; i++) {
        if (check_text_of(&list.as.items[i], scratch, &words[n]))
            n++;
    }
    for (uint32_t i = 0; i < n && words[i].len > 1 && words[i].ptr[0] == '-'; i++) {
        if (vl_span_eq_str(words[i], "--"))
            break;
        i += add_word(&o, words[i], i + 1 < n ? &words[i + 1] : NULL);
    }
    if (o.n && o.by_name)
        *ret = o.items[o.n - 1];
    else if (o.n)
        *ret = (struct vl_event_value){.kind = VL_VALUE_LIST, .n = o.n, .as.items = o.items};
}

void check_operand_get(const struct check_operand *operand, const struct vl_event *event,
    struct vl_arena *scratch, struct vl_event_value *ret)
{
    if (operand->is_literal) {
        set_text(ret, operand->literal);
        return;
    }
    if (operand->is_list) {
        get_list(operand->inner, event, scratch, ret);
        return;
    }
    switch ((enum vl_transformer)operand->transformer) {
    case VL_TRANSFORM_NONE:
        vl_event_get(event, operand->field, operand->arg, scratch, ret);
        return;
    case VL_TRANSFORM_JOIN:
        check_operand_get(operand->inner, event, scratch, ret);
        if (ret->kind == VL_VALUE_STRING)
            get_joined(operand->inner->next, ret->as.string, event, scratch, ret);
        return;
    case VL_TRANSFORM_CONCAT:
        get_joined(operand->inner, VL_SPAN_EMPTY, event, scratch, ret);
        return;
    case VL_TRANSFORM_GETOPT:
        get_options(operand, event, scratch, ret);
        return;
    default:
        break;
    }
    check_operand_get(operand->inner, event, scratch, ret);
    if (operand->transformer == VL_TRANSFORM_LEN)
        get_len(ret);
    else if (operand->transformer != VL_TRANSFORM_VAL)
        get_text(operand, ret, scratch);
}
