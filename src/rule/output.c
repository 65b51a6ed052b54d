#include "rule/output.h"

#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "check.h"
#include "codec/json.h"
#include "condition_operand.h"

#define WIDTH_MAX      4096 /* of %NNfield */
#define NAME_TRIED_MAX 256  /* bytes of a field's name that are tried */
#define ELLIPSIS       "\xe2\x80\xa6"
#define VALUE_MAX      (1024UL * 1024) /* bytes of one value before it is cut */

struct piece {
    struct vl_span literal; /* where there is no operand */
    const struct check_operand *operand;
    const struct vl_field *field; /* of a plain field: its form */
    const char *key;              /* "toupper(proc.name)": the name of the JSON member */
    uint32_t width;               /* 0: as it is; else cut and padded to it */
};

struct vl_output {
    struct piece *pieces;
    uint32_t n;
};

struct parser {
    struct lexer lex;
    enum vl_event_source source;
    struct vl_arena *arena;
    struct vl_vec pieces;
    uint32_t n_fields;
    struct vl_err *err;
};

static int fail(const struct parser *p, size_t at, const char *message)
{
    return vl_err_set(p->err, VL_ERR_INVALID, "column %zu: %s", at + 1, message);
}

static int add_literal(struct parser *p, size_t from, size_t to)
{
    if (from == to)
        return 0;
    struct piece *piece = vl_vec_push(&p->pieces, "parts of an output", p->err);
    if (!piece)
        return p->err->err;
    *piece = (struct piece){.literal = vl_span_slice(p->lex.text, from, to)};
    return 0;
}

/* --- names of JSON members --- */

static void write_key(struct vl_buf *out, const struct vl_operand *o)
{
    if (o->is_literal) {
        vl_buf_append_span(out, o->literal);
        return;
    }
    if (o->transformer == VL_TRANSFORM_NONE && !o->is_list)
        vl_buf_append_span(out, o->field);
    else {
        vl_buf_printf(out, "%s(", vl_transformer_name((enum vl_transformer)o->transformer));
        for (const struct vl_operand *in = o->inner; in; in = in->next) {
            write_key(out, in);
            vl_buf_append_str(out, in->next ? "," : "");
        }
        vl_buf_append_char(out, ')');
    }
    if (o->has_arg)
        vl_buf_printf(out, "[%.*s]", VL_SPAN_FMT(o->arg));
}

static const char *key_of(struct parser *p, const struct vl_operand *o)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&out, VL_OUTPUT_TEXT_MAX);
    write_key(&out, o);
    return out.failed ? NULL : vl_arena_dup_span(p->arena, vl_buf_span(&out));
}

/* --- parsing --- */

static bool is_word(char c)
{
    return vl_char_is_letter(c) || vl_char_is_digit(c) || c == '_';
}

/* The argument behind the dot of "evt.arg.path"; labels have dots, slashes and dashes in their names. */
static size_t dotted_len(struct vl_span rest, const struct vl_field *field)
{
    bool label = vl_span_ends_with(vl_span_str(field->name), "label");
    size_t n = 0;
    while (n < rest.len && (is_word(rest.ptr[n]) || (label && strchr("./-", rest.ptr[n]))))
        n++;
    while (n && strchr("./-", rest.ptr[n - 1])) /* the end of a sentence */
        n--;
    return n;
}

/* The longest name of a field at the current place, as the lexer's last token: a name may be followed by
 * anything. */
static bool take_field(struct parser *p)
{
    struct vl_span rest = vl_span_slice(p->lex.text, p->lex.pos, SIZE_MAX), arg;
    size_t len = 0;
    while (len < rest.len && len < NAME_TRIED_MAX && (is_word(rest.ptr[len]) || rest.ptr[len] == '.'))
        len++;
    if (p->source == VL_EVENT_LOG) {
        p->lex.last = vl_span_slice(rest, 0, len);
        p->lex.pos += len;
        return len > 0;
    }
    for (; len > 0; len--) {
        struct vl_span name = vl_span_slice(rest, 0, len);
        const struct vl_field *field = vl_field_find(p->source, name, VL_SPAN_EMPTY, &arg);
        if (!field || arg.len) /* names below a field are taken by their argument */
            continue;
        if (field->arg == VL_FIELD_ARG_KEY && len < rest.len && rest.ptr[len] == '.') {
            size_t more = dotted_len(vl_span_slice(rest, len + 1, SIZE_MAX), field);
            len += more ? more + 1 : 0;
        }
        p->lex.last = vl_span_slice(rest, 0, len);
        p->lex.pos += len;
        return true;
    }
    return false;
}

static int take_operand(struct parser *p, size_t start, struct vl_operand **ret)
{
    enum vl_transformer transformer;
    int r;
    if (take_field(p))
        r = operand_field(&p->lex, p->lex.pos, ret);
    else if (lex_transformer(&p->lex, &transformer) && transformer != VL_TRANSFORM_VAL)
        r = operand_transformer(&p->lex, transformer, start, ret);
    else
        return fail(p, start, "invalid formatting token");
    return r < 0 ? fail(p, p->lex.pos, p->lex.problem ? p->lex.problem : "invalid formatting token") : 0;
}

/* In outputs the pid of any ancestor means the process itself. */
static void default_argument(struct vl_operand *o)
{
    if (vl_span_eq_str(o->field, "proc.apid") && !o->has_arg) {
        o->arg = VL_SPAN_LIT("0");
        o->has_arg = true;
    }
}

/* What stands behind a "%". */
static int parse_token(struct parser *p)
{
    struct check_problem problem = {0};
    struct vl_operand *source = NULL;
    struct check_operand *operand = NULL;
    size_t start = p->lex.pos, width = 0;
    while (p->lex.pos < p->lex.text.len && p->lex.text.ptr[p->lex.pos] >= '0' &&
           p->lex.text.ptr[p->lex.pos] <= '9' && width <= WIDTH_MAX)
        width = width * 10 + (size_t)(p->lex.text.ptr[p->lex.pos++] - '0');
    if (width > WIDTH_MAX)
        return fail(p, start, "a width of more than 4096");
    int r = take_operand(p, start, &source);
    if (r < 0 || !source) /* either with the other, which gcc -fanalyzer does not see */
        return r;
    const char *key = key_of(p, source);
    default_argument(source);
    r = check_operand_init(&operand, source, p->source, true, p->arena, &problem, p->err);
    if (r < 0)
        return vl_err_wrap(p->err, "column %zu", start + 1);
    if (operand->field && !operand->field->printable)
        return fail(p, start, "this field may stand in conditions only");
    if (++p->n_fields > VL_OUTPUT_FIELDS_MAX)
        return vl_err_set(
            p->err, VL_ERR_LIMIT, "column %zu: more than %d fields", start + 1, VL_OUTPUT_FIELDS_MAX);
    struct piece *piece = vl_vec_push(&p->pieces, "parts of an output", p->err);
    if (!piece)
        return p->err->err;
    *piece =
        (struct piece){.operand = operand, .field = operand->field, .key = key, .width = (uint32_t)width};
    return key ? 0 : vl_arena_check(p->arena, "output", p->err);
}

static int parse_all(struct parser *p)
{
    struct vl_span text = p->lex.text;
    int r = 0;
    while (r >= 0 && p->lex.pos < text.len) {
        size_t from = p->lex.pos, next = vl_span_find_char(vl_span_slice(text, from, SIZE_MAX), '%');
        size_t end = next == SIZE_MAX ? text.len : from + next;
        r = add_literal(p, from, end);
        p->lex.pos = end;
        if (r >= 0 && end < text.len) {
            p->lex.pos++;
            r = parse_token(p);
        }
    }
    return r;
}

int vl_output_parse(enum vl_event_source source, const char *text, struct vl_arena *arena,
    struct vl_output **ret, struct vl_err *err)
{
    struct parser p = {.source = source, .arena = arena, .err = err};
    struct vl_output *output = vl_arena_alloc(arena, sizeof(*output));
    p.lex = (struct lexer){.text = vl_span_str(text), .arena = arena};
    if (!output)
        return vl_arena_check(arena, "output", err);
    if (p.lex.text.len > VL_OUTPUT_TEXT_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "an output of more than %lu bytes", VL_OUTPUT_TEXT_MAX);
    vl_vec_init(&p.pieces, sizeof(struct piece), 2 * VL_OUTPUT_FIELDS_MAX + 1);
    int r = parse_all(&p);
    if (r >= 0) {
        output->n = (uint32_t)p.pieces.len;
        output->pieces = vl_arena_array(arena, p.pieces.len + 1, sizeof(*output->pieces));
        if (output->pieces && p.pieces.len)
            memcpy(output->pieces, p.pieces.items, p.pieces.len * sizeof(*output->pieces));
        r = vl_arena_check(arena, "output", err);
    }
    vl_vec_done(&p.pieces);
    if (r >= 0)
        *ret = output;
    return r;
}

/* --- rendering --- */

/* Cuts at the beginning of a character. */
static size_t cut_at(struct vl_span text, size_t max)
{
    if (text.len <= max)
        return text.len;
    while (max && ((unsigned char)text.ptr[max] & 0xc0) == 0x80)
        max--;
    return max;
}

static void append_width(struct vl_buf *out, struct vl_span text, uint32_t width)
{
    size_t n = width ? cut_at(text, width) : text.len;
    vl_buf_append(out, text.ptr, n);
    for (; n < width; n++)
        vl_buf_append_char(out, ' ');
}

static int append_piece(const struct piece *piece, const struct vl_event *event, struct vl_arena *scratch,
    struct vl_buf *out, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    struct vl_event_value value;
    vl_buf_init(&text, VALUE_MAX);
    check_operand_get(piece->operand, event, scratch, &value);
    if (value.kind == VL_VALUE_STRING) { /* of any length: it is cut below */
        size_t n = cut_at(value.as.string, VL_OUTPUT_TEXT_MAX + 1);
        append_width(out, vl_span_slice(value.as.string, 0, n), piece->width);
        return 0;
    }
    int r = vl_event_value_text(&value, piece->field, &text, err);
    if (r >= 0)
        append_width(out, vl_buf_span(&text), piece->width);
    else if (text.failed != -E2BIG)
        return r;
    else
        vl_buf_append_str(out, ELLIPSIS);
    return 0;
}

int vl_output_text(const struct vl_output *output, const struct vl_event *event, struct vl_arena *scratch,
    struct vl_buf *out, struct vl_err *err)
{
    size_t start = out->len;
    for (uint32_t i = 0; i < output->n; i++) {
        const struct piece *piece = &output->pieces[i];
        int r = 0;
        if (piece->operand)
            r = append_piece(piece, event, scratch, out, err);
        else
            vl_buf_append_span(out, piece->literal);
        if (r < 0)
            return r;
        if (out->len - start <= VL_OUTPUT_TEXT_MAX || out->failed)
            continue;
        /* What does not fit is seen to be missing. */
        struct vl_span text = vl_span_slice(vl_buf_span(out), start, SIZE_MAX);
        vl_buf_truncate(out, start + cut_at(text, VL_OUTPUT_TEXT_MAX - strlen(ELLIPSIS)));
        vl_buf_append_str(out, ELLIPSIS);
        break;
    }
    return vl_buf_check(out, "the text of an output", err);
}

static void write_scalar(struct vl_json *json, const struct vl_event_value *value)
{
    switch ((enum vl_value_kind)value->kind) {
    case VL_VALUE_STRING:
        if (value->as.string.len > VL_OUTPUT_TEXT_MAX) {
            VL_CLEANUP(vl_buf_done) struct vl_buf cut;
            vl_buf_init(&cut, VL_OUTPUT_TEXT_MAX + 8);
            vl_buf_append(&cut, value->as.string.ptr, cut_at(value->as.string, VL_OUTPUT_TEXT_MAX));
            vl_buf_append_str(&cut, ELLIPSIS);
            vl_json_span(json, vl_buf_span(&cut));
        } else
            vl_json_span(json, value->as.string);
        return;
    case VL_VALUE_INT:
        vl_json_int(json, value->as.i);
        return;
    case VL_VALUE_UINT:
        vl_json_uint(json, value->as.u);
        return;
    case VL_VALUE_DOUBLE:
        vl_json_double(json, value->as.d);
        return;
    case VL_VALUE_BOOL:
        vl_json_bool(json, value->as.boolean);
        return;
    default:
        vl_json_null(json);
    }
}

static int write_value(
    struct vl_json *json, const struct piece *piece, const struct vl_event_value *value, struct vl_err *err)
{
    if (value->kind != VL_VALUE_LIST) {
        write_scalar(json, value);
        return 0;
    }
    if (piece->field && piece->field->any_ancestor) {
        VL_CLEANUP(vl_buf_done) struct vl_buf text;
        vl_buf_init(&text, VALUE_MAX);
        int r = vl_event_value_text(value, piece->field, &text, err);
        if (r >= 0)
            vl_json_span(json, vl_buf_span(&text));
        return r;
    }
    vl_json_array(json);
    for (uint32_t i = 0; i < value->n; i++)
        write_scalar(json, &value->as.items[i]);
    vl_json_array_end(json);
    return 0;
}

static bool is_repeated(const struct vl_output *output, uint32_t at)
{
    for (uint32_t i = 0; i < at; i++) {
        if (output->pieces[i].operand && strcmp(output->pieces[i].key, output->pieces[at].key) == 0)
            return true;
    }
    return false;
}

int vl_output_fields(const struct vl_output *output, const struct vl_event *event, struct vl_arena *scratch,
    struct vl_buf *out, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf object;
    struct vl_json json;
    int r = 0;
    vl_buf_init(&object, VL_OUTPUT_FIELDS_MAX * (VL_OUTPUT_TEXT_MAX * 6));
    vl_json_init(&json, &object, false);
    vl_json_object(&json);
    for (uint32_t i = 0; i < output->n && r >= 0; i++) {
        const struct piece *piece = &output->pieces[i];
        struct vl_event_value value;
        if (!piece->operand || is_repeated(output, i))
            continue;
        check_operand_get(piece->operand, event, scratch, &value);
        vl_json_key(&json, piece->key);
        r = write_value(&json, piece, &value, err);
    }
    vl_json_object_end(&json);
    if (r >= 0)
        r = vl_json_check(&json, "output fields", err);
    if (r < 0)
        return r;
    vl_buf_append_span(out, vl_span_slice(vl_buf_span(&object), 1, object.len - 1));
    return vl_buf_check(out, "output fields", err);
}
