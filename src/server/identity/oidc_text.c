#include "identity/oidc_text.h"

#include "base/text.h"

#define HOST_MAX 255
#define URL_MAX  2048

static bool is_alnum(char c)
{
    return vl_char_is_letter(c) || vl_char_is_digit(c);
}

static void percent(struct vl_buf *out, const char *text)
{
    static const char digits[] = "0123456789ABCDEF";
    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (is_alnum(*p) || c == '-' || c == '.' || c == '_' || c == '~') {
            vl_buf_append_char(out, *p);
        } else {
            vl_buf_append_char(out, '%');
            vl_buf_append_char(out, digits[c >> 4]);
            vl_buf_append_char(out, digits[c & 15]);
        }
    }
}

void vl_oidc_param(struct vl_buf *out, char lead, const char *name, const char *value)
{
    if (lead)
        vl_buf_append_char(out, lead);
    if (*name) {
        percent(out, name);
        vl_buf_append_char(out, '=');
    }
    percent(out, value);
}

bool vl_oidc_url_is(struct vl_span url)
{
    static const char scheme[] = "https://";
    if (!vl_span_starts_with(url, scheme) || url.len == sizeof(scheme) - 1 || url.len > URL_MAX)
        return false;
    for (size_t i = 0; i < url.len; i++) {
        unsigned char c = (unsigned char)url.ptr[i];
        if (c <= ' ' || c >= 0x7f || c == '#' || c == '@' || c == '\\' || c == '"')
            return false;
    }
    return url.ptr[sizeof(scheme) - 1] != '/';
}

bool vl_oidc_host_is(struct vl_span host)
{
    if (host.len == 0 || host.len > HOST_MAX)
        return false;
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];
        if (!is_alnum(c) && c != '.' && c != '-' && c != ':' && c != '[' && c != ']' && c != '_')
            return false;
    }
    return true;
}
