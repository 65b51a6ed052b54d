/* Python. Source: PEP 440 (now PyPA's "Version specifiers"): [N!]N(.N)*[{a|b|rc}N][.postN][.devN][+local]
 * with its normal forms; specifiers ==, !=, <=, >=, <, >, ~=, ===, with .* for prefixes. */
#include "scheme.h"

#include <string.h>

enum phase { PHASE_DEV, PHASE_A, PHASE_B, PHASE_RC, PHASE_FINAL };

struct pep440 {
    struct vl_span epoch;
    struct vl_span release; /* "1.2.3" */
    enum phase phase;       /* PHASE_DEV: a development release of the final one */
    struct vl_span pre;     /* its number */
    bool has_post, has_dev, has_local;
    struct vl_span post, dev, local;
};

static void drop(struct vl_span *s, size_t n)
{
    s->ptr += n;
    s->len -= n;
}

static bool is_separator(char c)
{
    return c == '.' || c == '-' || c == '_';
}

static bool take_word(struct vl_span *s, const char *word)
{
    struct vl_span w = vl_span_str(word);
    if (s->len < w.len || !vl_span_eq_nocase((struct vl_span){s->ptr, w.len}, w))
        return false;
    drop(s, w.len);
    return true;
}

/* [separator] word [separator] [number]; nothing is taken where no word fits. */
static bool take_tagged(
    struct vl_span *s, const char *const *words, size_t n_words, size_t *ret_word, struct vl_span *ret_number)
{
    struct vl_span t = *s;
    if (t.len && is_separator(t.ptr[0]))
        drop(&t, 1);
    for (size_t i = 0; i < n_words; i++) {
        if (!take_word(&t, words[i]))
            continue;
        *s = t;
        if (t.len > 1 && is_separator(t.ptr[0]) && vl_char_is_digit(t.ptr[1]))
            drop(s, 1);
        *ret_number = vl_version_take_digits(s);
        *ret_word = i;
        return true;
    }
    return false;
}

static void take_pre(struct vl_span *s, struct pep440 *v)
{
    static const char *const words[] = {"alpha", "beta", "preview", "pre", "rc", "a", "b", "c"};
    static const enum phase phases[] = {
        PHASE_A, PHASE_B, PHASE_RC, PHASE_RC, PHASE_RC, PHASE_A, PHASE_B, PHASE_RC};
    size_t word;
    v->phase = PHASE_FINAL;
    if (take_tagged(s, words, VL_ARRAY_LEN(words), &word, &v->pre))
        v->phase = phases[word];
}

static void take_post(struct vl_span *s, struct pep440 *v)
{
    static const char *const words[] = {"post", "rev", "r"};
    size_t word;
    if (s->len > 1 && s->ptr[0] == '-' && vl_char_is_digit(s->ptr[1])) {
        drop(s, 1);
        v->post = vl_version_take_digits(s);
        v->has_post = true;
        return;
    }
    v->has_post = take_tagged(s, words, VL_ARRAY_LEN(words), &word, &v->post);
}

static bool local_valid(struct vl_span local)
{
    bool separated = true;
    for (size_t i = 0; i < local.len; i++) {
        char c = local.ptr[i];
        if (!is_separator(c) && !vl_char_is_digit(c) && !vl_char_is_letter(c))
            return false;
        if (is_separator(c) && separated)
            return false;
        separated = is_separator(c);
    }
    return !separated;
}

static bool take_release(struct vl_span *s, struct pep440 *v)
{
    const char *start = s->ptr;
    if (vl_version_take_digits(s).len == 0)
        return false;
    if (s->len && s->ptr[0] == '!') {
        v->epoch = (struct vl_span){start, (size_t)(s->ptr - start)};
        drop(s, 1);
        start = s->ptr;
        if (vl_version_take_digits(s).len == 0)
            return false;
    }
    while (s->len > 1 && s->ptr[0] == '.' && vl_char_is_digit(s->ptr[1])) {
        drop(s, 1);
        (void)vl_version_take_digits(s);
    }
    v->release = (struct vl_span){start, (size_t)(s->ptr - start)};
    return true;
}

static bool parse(struct vl_span s, struct pep440 *v)
{
    static const char *const dev[] = {"dev"};
    size_t word;
    *v = (struct pep440){0};
    s = vl_span_trim(s);
    if (s.len && (s.ptr[0] == 'v' || s.ptr[0] == 'V'))
        drop(&s, 1);
    if (!take_release(&s, v))
        return false;
    take_pre(&s, v);
    take_post(&s, v);
    v->has_dev = take_tagged(&s, dev, 1, &word, &v->dev);
    if (v->has_dev && v->phase == PHASE_FINAL && !v->has_post)
        v->phase = PHASE_DEV;
    if (s.len && s.ptr[0] == '+') {
        drop(&s, 1);
        v->local = s;
        v->has_local = true;
        return local_valid(s);
    }
    return s.len == 0;
}

static int cmp_optional(bool has_a, struct vl_span a, bool has_b, struct vl_span b, int absent)
{
    if (has_a && has_b)
        return vl_version_cmp_number(a, b);
    if (has_a == has_b)
        return 0;
    return has_a ? -absent : absent;
}

/* Numbers are newer than words, words by their letters. */
static int cmp_local(struct vl_span a, struct vl_span b)
{
    struct vl_span x = VL_SPAN_EMPTY, y = VL_SPAN_EMPTY;
    for (;;) {
        bool has_x = vl_version_next_part(&a, ".-_", &x), has_y = vl_version_next_part(&b, ".-_", &y);
        if (!has_x || !has_y)
            return (int)has_x - (int)has_y;
        bool p = vl_version_is_number(x), q = vl_version_is_number(y);
        if (p != q)
            return p ? 1 : -1;
        int r = p ? vl_version_cmp_number(x, y) : vl_version_cmp_nocase(x, y);
        if (r != 0)
            return r;
    }
}

static int cmp_public(const struct pep440 *a, const struct pep440 *b)
{
    int r = vl_version_cmp_number(a->epoch, b->epoch);
    if (r == 0)
        r = vl_version_cmp_core(a->release, b->release);
    if (r == 0)
        r = (int)a->phase - (int)b->phase;
    if (r == 0)
        r = vl_version_cmp_number(a->pre, b->pre);
    if (r == 0)
        r = cmp_optional(a->has_post, a->post, b->has_post, b->post, -1);
    if (r == 0)
        r = cmp_optional(a->has_dev, a->dev, b->has_dev, b->dev, 1);
    return r;
}

static int cmp(const struct pep440 *a, const struct pep440 *b)
{
    int r = cmp_public(a, b);
    if (r == 0)
        r = (int)a->has_local - (int)b->has_local;
    return r == 0 && a->has_local ? cmp_local(a->local, b->local) : r;
}

/* Versions from before PEP 440 are older than all others, in the order that setuptools gave them: numbers
 * with eight digits, words marked by *, "dev" as @, "pre" and "rc" as c, a hyphen as "final-". A NUL ends
 * each part, so that comparing the keys as bytes compares the lists. */
struct legacy {
    char key[VL_VERSION_MAX * 10 + 16];
    size_t len;
};

static void put(struct legacy *k, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        k->key[k->len++] = vl_version_lower(text[i]);
}

static bool drop_last(struct legacy *k, const char *part, size_t len)
{
    if (k->len < len || memcmp(k->key + k->len - len, part, len) != 0 ||
        (k->len > len && k->key[k->len - len - 1] != '\0'))
        return false;
    k->len -= len;
    return true;
}

static void put_part(struct legacy *k, struct vl_span part)
{
    static const char *const other_words[][2] = {
        {"pre", "c"}, {"preview", "c"}, {"-", "final-"}, {"rc", "c"}, {"dev", "@"}};
    static const char final_hyphen[] = "*final-", zeros[] = "00000000";
    if (vl_char_is_digit(part.ptr[0])) {
        for (size_t i = part.len; i < 8; i++)
            put(k, "0", 1);
        put(k, part.ptr, part.len);
        k->key[k->len++] = '\0';
        return;
    }
    for (size_t i = 0; i < VL_ARRAY_LEN(other_words); i++) {
        if (vl_span_eq_nocase(part, vl_span_str(other_words[i][0]))) {
            part = vl_span_str(other_words[i][1]);
            break;
        }
    }
    if (vl_version_cmp_nocase(part, VL_SPAN_LIT("final")) < 0) {
        while (drop_last(k, final_hyphen, sizeof(final_hyphen)))
            continue;
    }
    while (drop_last(k, zeros, sizeof(zeros)))
        continue;
    put(k, "*", 1);
    put(k, part.ptr, part.len);
    k->key[k->len++] = '\0';
}

static int class_of(char c)
{
    return vl_char_is_digit(c) ? 0 : vl_char_is_letter(c) ? 1 : c == '.' ? 2 : c == '-' ? 3 : 4;
}

static void legacy_key(struct vl_span s, struct legacy *k)
{
    k->len = 0;
    s = vl_span_slice(s, 0, VL_VERSION_MAX);
    for (size_t i = 0; i < s.len;) {
        int class = class_of(s.ptr[i]);
        size_t from = i++;
        while (i < s.len && class_of(s.ptr[i]) == class && class != 2 && class != 3)
            i++;
        if (class != 2)
            put_part(k, vl_span_slice(s, from, i));
    }
    put_part(k, VL_SPAN_LIT("final"));
}

static int cmp_legacy(struct vl_span a, struct vl_span b)
{
    struct legacy x, y;
    legacy_key(a, &x);
    legacy_key(b, &y);
    return vl_span_cmp((struct vl_span){x.key, x.len}, (struct vl_span){y.key, y.len});
}

int vl_version_pep440_order(struct vl_span a, struct vl_span b)
{
    struct pep440 x, y;
    bool p = parse(a, &x), q = parse(b, &y);
    if (p && q)
        return cmp(&x, &y);
    return p ? 1 : q ? -1 : cmp_legacy(a, b);
}

/* The numbers of `release` begin with those of `prefix`, missing ones being 0. */
static bool release_starts_with(struct vl_span release, struct vl_span prefix)
{
    struct vl_span x = VL_SPAN_EMPTY, y = VL_SPAN_EMPTY;
    while (vl_version_next_part(&prefix, ".", &y)) {
        if (!vl_version_next_part(&release, ".", &x))
            x = VL_SPAN_EMPTY;
        if (vl_version_cmp_number(x, y) != 0)
            return false;
    }
    return true;
}

static bool matches_prefix(const struct pep440 *v, const struct pep440 *prefix)
{
    if (vl_version_cmp_number(v->epoch, prefix->epoch) != 0)
        return false;
    bool whole = prefix->phase != PHASE_FINAL || prefix->has_post;
    if (!whole)
        return release_starts_with(v->release, prefix->release);
    if (vl_version_cmp_core(v->release, prefix->release) != 0 || v->phase != prefix->phase ||
        vl_version_cmp_number(v->pre, prefix->pre) != 0)
        return false;
    return !prefix->has_post || (v->has_post && vl_version_cmp_number(v->post, prefix->post) == 0);
}

static bool is_prerelease(const struct pep440 *v)
{
    return v->phase != PHASE_FINAL || v->has_dev;
}

static bool same_base(const struct pep440 *a, const struct pep440 *b)
{
    return vl_version_cmp_number(a->epoch, b->epoch) == 0 && vl_version_cmp_core(a->release, b->release) == 0;
}

static bool compatible(const struct pep440 *v, const struct pep440 *spec)
{
    struct pep440 prefix = {.epoch = spec->epoch, .release = spec->release, .phase = PHASE_FINAL};
    size_t dot = vl_span_rfind_char(prefix.release, '.');
    if (dot == SIZE_MAX)
        return false;
    prefix.release.len = dot;
    return cmp_public(v, spec) >= 0 && matches_prefix(v, &prefix);
}

static bool less(const struct pep440 *v, const struct pep440 *spec)
{
    if (spec->has_local)
        return cmp(v, spec) < 0;
    return cmp_public(v, spec) < 0 && (is_prerelease(spec) || !is_prerelease(v) || !same_base(v, spec));
}

static bool greater(const struct pep440 *v, const struct pep440 *spec)
{
    if (spec->has_local)
        return cmp(v, spec) > 0;
    return cmp_public(v, spec) > 0 && (spec->has_post || !v->has_post || !same_base(v, spec)) &&
           (!v->has_local || !same_base(v, spec));
}

static bool holds(const struct pep440 *v, enum vl_version_op op, const struct pep440 *spec)
{
    switch (op) {
    case VL_VERSION_OP_EQ:
        return spec->has_local ? cmp(v, spec) == 0 : cmp_public(v, spec) == 0;
    case VL_VERSION_OP_NE:
        return spec->has_local ? cmp(v, spec) != 0 : cmp_public(v, spec) != 0;
    case VL_VERSION_OP_LT:
        return less(v, spec);
    case VL_VERSION_OP_GT:
        return greater(v, spec);
    case VL_VERSION_OP_LE:
        return (spec->has_local ? cmp(v, spec) : cmp_public(v, spec)) <= 0;
    case VL_VERSION_OP_GE:
        return (spec->has_local ? cmp(v, spec) : cmp_public(v, spec)) >= 0;
    case VL_VERSION_OP_TILDE: /* "~1.2" of people who know other ecosystems */
    case VL_VERSION_OP_PESSIMISTIC:
    case VL_VERSION_OP_CARET:
    case VL_VERSION_OP_COMPATIBLE:
    default:
        return compatible(v, spec);
    }
}

bool vl_version_pep440_clause(struct vl_span version, const struct vl_version_clause *clause)
{
    struct pep440 v, spec;
    struct vl_span text = clause->version;
    if (clause->op == VL_VERSION_OP_ARBITRARY)
        return vl_span_eq_nocase(version, text);
    if (vl_span_eq_str(text, "*"))
        return clause->op != VL_VERSION_OP_NE;
    bool wild = vl_span_ends_with(text, ".*");
    if (wild)
        text.len -= 2;
    if (!parse(text, &spec) || !parse(version, &v))
        return vl_version_op_holds(clause->op, vl_version_pep440_order(version, text));
    if (wild && clause->op == VL_VERSION_OP_EQ)
        return matches_prefix(&v, &spec);
    if (wild && clause->op == VL_VERSION_OP_NE)
        return !matches_prefix(&v, &spec);
    return holds(&v, clause->op, &spec);
}
