#include "window_span.h"

bool vl_window_span_parse(struct vl_span text, uint64_t *ret)
{
    static const struct {
        char letter;
        uint64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
    uint64_t n = 0;
    text = vl_span_trim(text);
    if (text.len < 2 || !vl_span_to_u64(vl_span_slice(text, 0, text.len - 1), &n))
        return false;
    for (size_t i = 0; i < VL_ARRAY_LEN(units); i++) {
        if (text.ptr[text.len - 1] != units[i].letter)
            continue;
        uint64_t one = units[i].seconds * 1000000000;
        if (n == 0 || n > VL_WINDOW_SPAN_MAX / one)
            return false;
        *ret = n * one;
        return true;
    }
    return false;
}
