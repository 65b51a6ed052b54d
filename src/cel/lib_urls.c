/* URLs as Go's net/url reads and prints them. Results are valid UTF-8: other bytes, which "%ff" can bring in,
 * become U+FFFD. Source: RFC 3986; Go, net/url (behaviour); k8s.io/apiserver pkg/cel/library/urls.go. */
#include <string.h>

#include "base/text.h"
#include "lib_net.h"
#include "lib_support.h"
#include "lib_urls.h"

#define PARAMS_MAX  10000 /* of a query, as in Go */
#define MESSAGE_MAX 8192

/* What stands for itself in which part. */
enum part {
    PATH = 1,
    HOST = 2,
    ZONE = 4,
    USER = 8,
    QUERY = 16,
    FRAGMENT = 32,
};

struct url {
    const struct vl_cel_opaque_ops *ops;
    struct vl_span scheme, opaque, host, path, raw_path, query, fragment, raw_fragment, user, password;
    bool has_user, has_password, force_query, omit_host;
};

static bool plain(unsigned char c, enum part part)
{
    if (vl_char_is_digit(c) || vl_char_is_letter(c) || (c && strchr("-._~", c)))
        return true;
    if (!c || c >= 0x80)
        return false;
    switch (part) {
    case PATH:
        return strchr("$&+,/:;=@", c) != NULL;
    case HOST:
    case ZONE:
        return strchr("!\"$&'()*+,:;<=>[]", c) != NULL;
    case USER:
        return strchr("$&+,;=", c) != NULL;
    case FRAGMENT:
        return strchr("!$&()*+,/:;=?@", c) != NULL;
    default:
        return false;
    }
}

static int unhex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

struct reader {
    struct vl_cel_run *run;
    struct vl_buf *message; /* what is wrong */
};

static bool wrong(const struct reader *r, const char *text)
{
    vl_buf_append_str(r->message, text);
    return false;
}

static bool wrong_quoted(const struct reader *r, const char *prefix, struct vl_span text, const char *suffix)
{
    vl_buf_append_str(r->message, prefix);
    vl_cel_quote(r->run, r->message, text);
    vl_buf_append_str(r->message, suffix);
    return false;
}

/* One "%xx" at i. */
static bool check_escape(const struct reader *r, struct vl_span s, size_t i, enum part part)
{
    struct vl_span three = vl_span_slice(s, i, i + 3);
    if (i + 2 >= s.len || unhex(s.ptr[i + 1]) < 0 || unhex(s.ptr[i + 2]) < 0)
        return wrong_quoted(r, "invalid URL escape ", three, "");
    int value = unhex(s.ptr[i + 1]) << 4 | unhex(s.ptr[i + 2]);
    bool percent = vl_span_eq_str(three, "%25");
    /* In a host only bytes that are not ASCII are escaped; in a zone nothing that could not stand bare. */
    if ((part == HOST && value < 0x80 && !percent) ||
        (part == ZONE && !percent && value != ' ' && !plain((unsigned char)value, HOST)))
        return wrong_quoted(r, "invalid URL escape ", three, "");
    return true;
}

/* False after writing what is wrong; *ret is the text itself or made in the run. */
static bool unescape(const struct reader *r, struct vl_span s, enum part part, struct vl_span *ret)
{
    size_t n = 0;
    bool plus = false;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c == '%') {
            if (!check_escape(r, s, i, part))
                return false;
            n++;
            i += 2;
        } else if (c == '+') {
            plus = plus || part == QUERY;
        } else if ((part == HOST || part == ZONE) && c < 0x80 && !plain(c, part)) {
            return wrong_quoted(r, "invalid character ", vl_span_slice(s, i, i + 1), " in host name");
        }
    }
    *ret = s;
    if (n == 0 && !plus)
        return true;
    char *out = vl_cel_text_room(r->run, s.len - 2 * n);
    if (!out)
        return wrong(r, "memory limit of the evaluation exceeded");
    size_t len = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '%') {
            out[len++] = (char)(unhex(s.ptr[i + 1]) << 4 | unhex(s.ptr[i + 2]));
            i += 2;
        } else {
            out[len++] = s.ptr[i] == '+' && part == QUERY ? ' ' : s.ptr[i];
        }
    }
    *ret = (struct vl_span){out, len};
    return true;
}

static void put_percent(struct vl_buf *out, unsigned char c)
{
    static const char digits[] = "0123456789ABCDEF";
    const char text[] = {'%', digits[c >> 4], digits[c & 15]};
    vl_buf_append(out, text, sizeof(text));
}

static void put_escaped(struct vl_buf *out, struct vl_span s, enum part part)
{
    for (size_t i = 0; i < s.len; i++) {
        if (plain((unsigned char)s.ptr[i], part))
            vl_buf_append_char(out, s.ptr[i]);
        else
            put_percent(out, (unsigned char)s.ptr[i]);
    }
}

/* May this stand as it was written? */
static bool valid_encoded(struct vl_span s, enum part part)
{
    for (size_t i = 0; i < s.len; i++)
        if (!s.ptr[i] || (!strchr("!$&'()*+,;=:@[]%", s.ptr[i]) && !plain((unsigned char)s.ptr[i], part)))
            return false;
    return true;
}

static void put_path(const struct url *url, struct vl_buf *out)
{
    if (url->raw_path.len && valid_encoded(url->raw_path, PATH))
        vl_buf_append_span(out, url->raw_path);
    else if (vl_span_eq_str(url->path, "*"))
        vl_buf_append_char(out, '*');
    else
        put_escaped(out, url->path, PATH);
}

static void put_authority(const struct url *url, struct vl_buf *out)
{
    if (!url->scheme.len && !url->host.len && !url->has_user)
        return;
    if (url->omit_host && !url->host.len && !url->has_user)
        return;
    if (url->host.len || url->path.len || url->has_user)
        vl_buf_append_str(out, "//");
    if (url->has_user) {
        put_escaped(out, url->user, USER);
        if (url->has_password) {
            vl_buf_append_char(out, ':');
            put_escaped(out, url->password, USER);
        }
        vl_buf_append_char(out, '@');
    }
    put_escaped(out, url->host, HOST);
}

static void url_text(const void *payload, struct vl_buf *out)
{
    const struct url *url = payload;
    if (url->scheme.len) {
        vl_buf_append_span(out, url->scheme);
        vl_buf_append_char(out, ':');
    }
    if (url->opaque.len) {
        vl_buf_append_span(out, url->opaque);
    } else {
        put_authority(url, out);
        if (url->path.len && url->path.ptr[0] != '/' && url->host.len)
            vl_buf_append_char(out, '/');
        put_path(url, out);
    }
    if (url->force_query || url->query.len) {
        vl_buf_append_char(out, '?');
        vl_buf_append_span(out, url->query);
    }
    if (url->fragment.len) {
        vl_buf_append_char(out, '#');
        if (url->raw_fragment.len && valid_encoded(url->raw_fragment, FRAGMENT))
            vl_buf_append_span(out, url->raw_fragment);
        else
            put_escaped(out, url->fragment, FRAGMENT);
    }
}

static bool url_equal(const void *a, const void *b)
{
    struct vl_buf x VL_CLEANUP(vl_buf_done), y VL_CLEANUP(vl_buf_done);
    vl_buf_init(&x, VL_CEL_TEXT_MAX);
    vl_buf_init(&y, VL_CEL_TEXT_MAX);
    url_text(a, &x);
    url_text(b, &y);
    return !x.failed && !y.failed && vl_span_eq(vl_buf_span(&x), vl_buf_span(&y));
}

static const struct vl_cel_opaque_ops ops = {
    .type_name = "kubernetes.URL", .equal = url_equal, .text = url_text};

/* --- reading --- */

/* Text before and after the first c; false where there is none. */
static bool cut(struct vl_span s, char c, struct vl_span *ret_before, struct vl_span *ret_after)
{
    size_t at = vl_span_find_char(s, c);
    *ret_before = vl_span_slice(s, 0, at == SIZE_MAX ? s.len : at);
    *ret_after = at == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(s, at + 1, s.len);
    return at != SIZE_MAX;
}

static bool read_scheme(const struct reader *r, struct vl_span s, struct url *url, struct vl_span *ret_rest)
{
    *ret_rest = s;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool letter = vl_char_is_letter(c);
        if (letter || (i && ((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.')))
            continue;
        if (c != ':')
            return true;
        if (i == 0)
            return wrong(r, "missing protocol scheme");
        char *scheme = vl_cel_text_room(r->run, i);
        for (size_t k = 0; scheme && k < i; k++)
            scheme[k] = s.ptr[k] >= 'A' && s.ptr[k] <= 'Z' ? (char)(s.ptr[k] | 0x20) : s.ptr[k];
        url->scheme = (struct vl_span){scheme, scheme ? i : 0};
        *ret_rest = vl_span_slice(s, i + 1, s.len);
        return true;
    }
    return true;
}

static bool valid_port(struct vl_span port)
{
    for (size_t i = 0; i < port.len; i++)
        if (i == 0 ? port.ptr[i] != ':' : port.ptr[i] < '0' || port.ptr[i] > '9')
            return false;
    return true;
}

static struct vl_span join(struct vl_cel_run *run, const struct vl_span *parts, unsigned n)
{
    size_t len = 0, at = 0;
    for (unsigned i = 0; i < n; i++)
        len += parts[i].len;
    char *out = vl_cel_text_room(run, len);
    for (unsigned i = 0; out && i < n; at += parts[i++].len)
        if (parts[i].len)
            memcpy(out + at, parts[i].ptr, parts[i].len);
    return out ? (struct vl_span){out, len} : VL_SPAN_EMPTY;
}

static bool unescape_zone(const struct reader *r, struct vl_span name, struct vl_span *ret)
{
    size_t zone = vl_span_find(name, VL_SPAN_LIT("%25"));
    if (zone == SIZE_MAX)
        return unescape(r, name, HOST, ret);
    struct vl_span parts[2];
    if (!unescape(r, vl_span_slice(name, 0, zone), HOST, &parts[0]) ||
        !unescape(r, vl_span_slice(name, zone, name.len), ZONE, &parts[1]))
        return false;
    *ret = join(r->run, parts, 2);
    return true;
}

/* "[::1]:80" */
static bool read_literal(const struct reader *r, struct vl_span host, struct vl_span *ret)
{
    size_t close = vl_span_rfind_char(host, ']');
    if (close == SIZE_MAX)
        return wrong(r, "missing ']' in host");
    struct vl_span port = vl_span_slice(host, close + 1, host.len), name,
                   inner = vl_span_slice(host, 1, close);
    if (!valid_port(port))
        return wrong_quoted(r, "invalid port ", port, " after host");
    if (!unescape_zone(r, inner, &name))
        return false;
    struct vl_cel_address address;
    struct vl_cel_address_error error;
    if (!vl_cel_address_read(name, &address, &error)) {
        vl_buf_append_str(r->message, "invalid host: ");
        vl_cel_address_error_text(r->run, name, &error, r->message);
        return false;
    }
    if (address.v4)
        return wrong(r, "invalid IP-literal");
    const struct vl_span parts[] = {VL_SPAN_LIT("["), name, VL_SPAN_LIT("]"), port};
    *ret = join(r->run, parts, 4);
    return true;
}

static bool read_host(const struct reader *r, struct vl_span host, struct url *url)
{
    size_t open = vl_span_rfind_char(host, '[');
    if (open != SIZE_MAX)
        return open ? wrong(r, "invalid IP-literal") : read_literal(r, host, &url->host);
    if (vl_span_find_char(host, ':') != SIZE_MAX) {
        /* More colons are let through: databases use lists of hosts. Newer Go is stricter for http. */
        struct vl_span port = vl_span_slice(host, vl_span_rfind_char(host, ':'), host.len);
        if (!valid_port(port))
            return wrong_quoted(r, "invalid port ", port, " after host");
    }
    return unescape(r, host, HOST, &url->host);
}

static bool valid_user(struct vl_span s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (!plain(c, QUERY) && (!c || c >= 0x80 || !strchr(":!$&'()*+,;=%@", c)))
            return false;
    }
    return true;
}

static bool read_authority(const struct reader *r, struct vl_span authority, struct url *url)
{
    size_t at = vl_span_rfind_char(authority, '@');
    if (at == SIZE_MAX)
        return read_host(r, authority, url);
    if (!read_host(r, vl_span_slice(authority, at + 1, authority.len), url))
        return false;
    struct vl_span user = vl_span_slice(authority, 0, at), name, password;
    if (!valid_user(user))
        return wrong(r, "net/url: invalid userinfo");
    url->has_user = true;
    url->has_password = cut(user, ':', &name, &password);
    return unescape(r, name, USER, &url->user) && unescape(r, password, USER, &url->password);
}

/* The path or fragment as it was written, where printing would change it. */
static struct vl_span raw_of(struct vl_span written, struct vl_span read, enum part part)
{
    struct vl_buf again VL_CLEANUP(vl_buf_done);
    vl_buf_init(&again, VL_CEL_TEXT_MAX);
    put_escaped(&again, read, part);
    return vl_span_eq(vl_buf_span(&again), written) ? VL_SPAN_EMPTY : written;
}

static bool read_rest(const struct reader *r, struct vl_span rest, bool request, struct url *url)
{
    struct vl_span before, after;
    bool slash = rest.len && rest.ptr[0] == '/';
    if (!slash && url->scheme.len) {
        url->opaque = rest;
        return true;
    }
    if (!slash && request)
        return wrong(r, "invalid URI for request");
    if (!slash) {
        cut(rest, '/', &before, &after);
        if (vl_span_find_char(before, ':') != SIZE_MAX)
            return wrong(r, "first path segment in URL cannot contain colon");
    }
    bool authority = url->scheme.len || (!request && !vl_span_starts_with(rest, "///"));
    if (authority && vl_span_starts_with(rest, "//")) {
        struct vl_span tail = vl_span_slice(rest, 2, rest.len);
        size_t end = vl_span_find_char(tail, '/');
        rest = end == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(tail, end, tail.len);
        if (!read_authority(r, vl_span_slice(tail, 0, end == SIZE_MAX ? tail.len : end), url))
            return false;
    } else if (url->scheme.len && slash) {
        url->omit_host = true;
    }
    if (!unescape(r, rest, PATH, &url->path))
        return false;
    url->raw_path = raw_of(rest, url->path, PATH);
    return true;
}

static bool read_without_fragment(const struct reader *r, struct vl_span text, bool request, struct url *url)
{
    struct vl_span rest, before;
    if (vl_span_has_control(text))
        return wrong(r, "net/url: invalid control character in URL");
    if (text.len == 0 && request)
        return wrong(r, "empty url");
    if (vl_span_eq_str(text, "*")) {
        url->path = text;
        return true;
    }
    if (!read_scheme(r, text, url, &rest))
        return false;
    bool any = cut(rest, '?', &before, &url->query);
    url->force_query = any && url->query.len == 0;
    return read_rest(r, before, request, url);
}

/* As url.ParseRequestURI: absolute, and a '#' is no fragment. */
bool vl_cel_url_check(struct vl_cel_run *run, struct vl_span text, struct vl_buf *message)
{
    struct url url = {.ops = &ops};
    vl_buf_append_str(message, "parse ");
    vl_cel_quote(run, message, text);
    vl_buf_append_str(message, ": ");
    const struct reader reader = {run, message};
    return read_without_fragment(&reader, text, true, &url);
}

static struct vl_cel_value refuse(struct vl_cel_run *run, const struct vl_buf *message)
{
    return vl_cel_fail(run, "URL parse error during conversion from string: %s", vl_buf_str(message));
}

static struct vl_cel_value to_url(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    struct vl_buf message VL_CLEANUP(vl_buf_done);
    vl_buf_init(&message, MESSAGE_MAX);
    struct vl_span text = vl_cel_span(args[0]), before, fragment;
    if (!vl_cel_url_check(run, text, &message))
        return refuse(run, &message);
    struct url *url = vl_arena_alloc(vl_cel_run_arena(run), sizeof(*url));
    if (!url)
        return vl_cel_no_room(run);
    url->ops = &ops;
    vl_buf_clear(&message);
    cut(text, '#', &before, &fragment);
    const struct reader reader = {run, &message};
    vl_buf_append_str(&message, "parse ");
    vl_cel_quote(run, &message, before);
    vl_buf_append_str(&message, ": ");
    if (!read_without_fragment(&reader, before, false, url))
        return refuse(run, &message);
    vl_buf_clear(&message);
    vl_buf_append_str(&message, "parse ");
    vl_cel_quote(run, &message, text);
    vl_buf_append_str(&message, ": ");
    if (!unescape(&reader, fragment, FRAGMENT, &url->fragment))
        return refuse(run, &message);
    url->raw_fragment = raw_of(fragment, url->fragment, FRAGMENT);
    return vl_cel_opaque(VL_CEL_URL, url);
}

static struct vl_cel_value is_url(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    struct vl_buf message VL_CLEANUP(vl_buf_done);
    vl_buf_init(&message, MESSAGE_MAX);
    return vl_cel_bool(vl_cel_url_check(run, vl_cel_span(args[0]), &message));
}

/* --- parts --- */

static const struct url *url_of(struct vl_cel_value value)
{
    return value.as.payload;
}

/* Escapes can make bytes that are no UTF-8. */
static struct vl_cel_value clean(struct vl_cel_run *run, struct vl_span text)
{
    if (vl_utf8_valid(text))
        return vl_cel_string(text);
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, VL_CEL_TEXT_MAX);
    while (text.len) {
        uint32_t rune;
        size_t n = vl_utf8_decode(text, &rune);
        if (n)
            vl_buf_append(&out, text.ptr, n);
        else
            vl_buf_append_str(&out, "\xef\xbf\xbd");
        text = vl_span_slice(text, n ? n : 1, text.len);
    }
    return vl_cel_text_of(run, &out);
}

static struct vl_cel_value get_scheme(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run, (void)n;
    return vl_cel_string(url_of(args[0])->scheme);
}

static struct vl_cel_value get_host(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return clean(run, url_of(args[0])->host);
}

static void split_host(struct vl_span host, struct vl_span *ret_name, struct vl_span *ret_port)
{
    size_t colon = vl_span_rfind_char(host, ':');
    *ret_port = VL_SPAN_EMPTY;
    if (colon != SIZE_MAX && valid_port(vl_span_slice(host, colon, host.len))) {
        *ret_port = vl_span_slice(host, colon + 1, host.len);
        host = vl_span_slice(host, 0, colon);
    }
    if (host.len >= 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
        host = vl_span_slice(host, 1, host.len - 1);
    *ret_name = host;
}

static struct vl_cel_value get_hostname(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    struct vl_span name, port;
    split_host(url_of(args[0])->host, &name, &port);
    return clean(run, name);
}

static struct vl_cel_value get_port(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    struct vl_span name, port;
    split_host(url_of(args[0])->host, &name, &port);
    return clean(run, port);
}

static struct vl_cel_value get_escaped_path(
    struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, VL_CEL_TEXT_MAX);
    put_path(url_of(args[0]), &out);
    return vl_cel_text_of(run, &out);
}

static struct vl_cel_value get_query(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    struct vl_span rest = url_of(args[0])->query, part, key, value;
    struct vl_cel_value map = vl_cel_query_map(run);
    size_t params = 1;
    for (size_t i = 0; i < rest.len; i++)
        params += rest.ptr[i] == '&';
    struct vl_buf message VL_CLEANUP(vl_buf_done);
    vl_buf_init(&message, MESSAGE_MAX);
    const struct reader reader = {run, &message};
    while (params <= PARAMS_MAX && rest.len) {
        cut(rest, '&', &part, &rest);
        if (part.len == 0 || vl_span_find_char(part, ';') != SIZE_MAX)
            continue;
        cut(part, '=', &key, &value);
        if (unescape(&reader, key, QUERY, &key) && unescape(&reader, value, QUERY, &value) &&
            !vl_cel_query_put(run, map, clean(run, key), clean(run, value)))
            return vl_cel_no_room(run);
        vl_buf_clear(&message);
    }
    return map;
}

#define URL    &vl_cel_t_url
#define STRING &vl_cel_t_string

static const struct vl_cel_type query_type = {
    .kind = VL_CEL_T_MAP, .name = "map", .params = {&vl_cel_t_string, &vl_cel_t_list_string}, .n_params = 2};

static const struct vl_cel_overload url_overloads[] = {
    {"string_to_url", false, 1, 0, 0, {STRING}, URL, to_url, VL_CEL_PRICE_TEXT_SAME},
};
static const struct vl_cel_overload is_url_overloads[] = {
    {"is_url_string", false, 1, 0, 0, {STRING}, &vl_cel_t_bool, is_url, {0}},
};
static const struct vl_cel_overload scheme_overloads[] = {
    {"url_get_scheme", true, 1, 0, 0, {URL}, STRING, get_scheme, VL_CEL_PRICE_ONE},
};
static const struct vl_cel_overload host_overloads[] = {
    {"url_get_host", true, 1, 0, 0, {URL}, STRING, get_host, VL_CEL_PRICE_ONE},
};
static const struct vl_cel_overload hostname_overloads[] = {
    {"url_get_hostname", true, 1, 0, 0, {URL}, STRING, get_hostname, VL_CEL_PRICE_ONE},
};
static const struct vl_cel_overload port_overloads[] = {
    {"url_get_port", true, 1, 0, 0, {URL}, STRING, get_port, VL_CEL_PRICE_ONE},
};
static const struct vl_cel_overload path_overloads[] = {
    {"url_get_escaped_path", true, 1, 0, 0, {URL}, STRING, get_escaped_path, VL_CEL_PRICE_ONE},
};
static const struct vl_cel_overload query_overloads[] = {
    {"url_get_query", true, 1, 0, 0, {URL}, &query_type, get_query, VL_CEL_PRICE_ONE},
};

static const struct vl_cel_function functions[] = {
    {"url", url_overloads, 1},
    {"isURL", is_url_overloads, 1},
    {"getScheme", scheme_overloads, 1},
    {"getHost", host_overloads, 1},
    {"getHostname", hostname_overloads, 1},
    {"getPort", port_overloads, 1},
    {"getEscapedPath", path_overloads, 1},
    {"getQuery", query_overloads, 1},
};

const struct vl_cel_library vl_cel_lib_urls = {
    .name = "kubernetes.urls", .functions = functions, .n = VL_ARRAY_LEN(functions)};
