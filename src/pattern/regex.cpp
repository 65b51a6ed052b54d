/* RE2 for C. No exception and no RE2 type leaves this file. */
#include <new>

#include <re2/re2.h>

extern "C" {
#include "pattern/regex.h"
}

namespace
{

constexpr int64_t memory_max = 8 << 20; /* program and automata of one expression */

RE2::Options options_of(bool ignore_case)
{
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(memory_max);
    options.set_case_sensitive(!ignore_case);
    return options;
}

re2::StringPiece piece_of(struct vl_span s)
{
    return s.len ? re2::StringPiece(s.ptr, s.len) : re2::StringPiece("", 0);
}

} // namespace

struct vl_regex {
    RE2 re;
    vl_regex(struct vl_span pattern, bool ignore_case) : re(piece_of(pattern), options_of(ignore_case))
    {
    }
};

extern "C" int vl_regex_new(
    struct vl_span pattern, bool ignore_case, struct vl_regex **ret, struct vl_err *err)
{
    if (pattern.len > VL_REGEX_PATTERN_MAX)
        return vl_err_set(
            err, VL_ERR_LIMIT, "a regular expression of more than %d bytes", VL_REGEX_PATTERN_MAX);
    try {
        vl_regex *regex = new vl_regex(pattern, ignore_case);
        if (regex->re.ok()) {
            *ret = regex;
            return 0;
        }
        const bool large = regex->re.error_code() == RE2::ErrorPatternTooLarge;
        const int r = vl_err_set(err, large ? VL_ERR_LIMIT : VL_ERR_INVALID,
            "regular expression \"%.*s\": %s", static_cast<int>(pattern.len < 200 ? pattern.len : 200),
            pattern.len ? pattern.ptr : "", regex->re.error().c_str());
        delete regex;
        return r;
    } catch (const std::bad_alloc &) {
        return vl_err_nomem(err);
    }
}

extern "C" size_t vl_regex_size(const struct vl_regex *regex)
{
    return static_cast<size_t>(regex->re.ProgramSize());
}

extern "C" void vl_regex_free(struct vl_regex *regex)
{
    delete regex;
}

extern "C" void vl_regex_cleanup(struct vl_regex **regex)
{
    delete *regex;
    *regex = nullptr;
}

extern "C" bool vl_regex_find_from(
    const struct vl_regex *regex, struct vl_span text, size_t from, struct vl_span *groups, size_t n_groups)
{
    re2::StringPiece found[VL_REGEX_GROUPS_MAX];
    const size_t n = n_groups < VL_REGEX_GROUPS_MAX ? n_groups : VL_REGEX_GROUPS_MAX;
    const re2::StringPiece input = piece_of(text);
    const bool matched = from <= input.size() && regex->re.Match(input, from, input.size(), RE2::UNANCHORED,
                                                     found, static_cast<int>(n));
    for (size_t i = 0; matched && i < n_groups; i++) {
        groups[i].ptr = i < n ? found[i].data() : nullptr;
        groups[i].len = i < n ? found[i].size() : 0;
    }
    return matched;
}

extern "C" bool vl_regex_find(
    const struct vl_regex *regex, struct vl_span text, struct vl_span *groups, size_t n_groups)
{
    return vl_regex_find_from(regex, text, 0, groups, n_groups);
}

extern "C" bool vl_regex_full_match(const struct vl_regex *regex, struct vl_span text)
{
    const re2::StringPiece input = piece_of(text);
    return regex->re.Match(input, 0, input.size(), RE2::ANCHOR_BOTH, nullptr, 0);
}
