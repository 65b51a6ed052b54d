#include "markup.h"

#include "base/text.h"

static bool is_xml_char(uint32_t r)
{
    return r == '\t' || r == '\n' || r == '\r' || (r >= 0x20 && r < 0x7f) || (r >= 0xa0 && r <= 0xd7ff) ||
           (r >= 0xe000 && r <= 0xfffd) || r >= 0x10000;
}

/* Turns the direction of what follows, so that a name shows as another ("Trojan Source"). */
static bool turns_direction(uint32_t r)
{
    return (r >= 0x202a && r <= 0x202e) || (r >= 0x2066 && r <= 0x2069);
}

void vl_markup_text(struct vl_buf *out, const char *text)
{
    struct vl_span s = vl_span_str(text);
    while (s.len) {
        uint32_t rune = 0;
        size_t n = vl_utf8_decode(s, &rune);
        if (n == 0 || !is_xml_char(rune) || turns_direction(rune))
            vl_buf_append_str(out, "\xef\xbf\xbd");
        else if (rune == '<')
            vl_buf_append_str(out, "&lt;");
        else if (rune == '>')
            vl_buf_append_str(out, "&gt;");
        else if (rune == '&')
            vl_buf_append_str(out, "&amp;");
        else if (rune == '"')
            vl_buf_append_str(out, "&quot;");
        else if (rune == '\'')
            vl_buf_append_str(out, "&#39;");
        else
            vl_buf_append(out, s.ptr, n);
        s = vl_span_slice(s, n ? n : 1, s.len);
    }
}
