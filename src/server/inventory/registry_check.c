/* What a registry's settings may be. */
#include "inventory/repo_registry.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/text.h"

/* How each kind differs: what its hosts are called, and how its catalogue is asked for (the fetcher's part).
 *   acr        learn.microsoft.com "Azure Container Registry": NAME.azurecr.io
 *   ecr        docs.aws.amazon.com "Amazon ECR": ACCOUNT.dkr.ecr.REGION.amazonaws.com
 *   gar        cloud.google.com "Artifact Registry": REGION-docker.pkg.dev
 *   dockerhub  docs.docker.com: docker.io
 *   harbor     goharbor.io: any host */
static const struct {
    const char *name, *suffix, *part;
} kinds[] = {
    {"acr", ".azurecr.io", NULL},
    {"ecr", ".amazonaws.com", ".dkr.ecr."},
    {"ecr", ".amazonaws.com.cn", ".dkr.ecr."},
    {"gar", "-docker.pkg.dev", NULL},
    {"gar", "gcr.io", NULL},
    {"dockerhub", "docker.io", NULL},
    {"harbor", NULL, NULL},
    {"generic", NULL, NULL},
};

bool vl_registry_kind_known(struct vl_span kind)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(kinds); i++) {
        if (vl_span_eq_str(kind, kinds[i].name))
            return true;
    }
    return false;
}

const char *vl_registry_kind_of(struct vl_span host)
{
    struct vl_span name = host;
    size_t colon = vl_span_rfind_char(host, ':');
    if (colon != SIZE_MAX)
        name = vl_span_slice(host, 0, colon);
    for (size_t i = 0; i < VL_ARRAY_LEN(kinds); i++) {
        if (kinds[i].suffix && vl_span_ends_with(name, kinds[i].suffix) &&
            (!kinds[i].part || vl_span_find(name, vl_span_str(kinds[i].part)) != SIZE_MAX))
            return kinds[i].name;
    }
    return "generic";
}

/* Addresses that no registry has: "this network", link-local ones (where clouds keep their machines'
 * credentials), multicast. Loopback and private ones are where many registries are. */
static bool never_address(struct vl_span name)
{
    char text[INET6_ADDRSTRLEN + 1];
    struct in_addr four;
    struct in6_addr six;
    if (name.len >= sizeof(text))
        return false;
    memcpy(text, name.ptr, name.len);
    text[name.len] = '\0';
    if (inet_pton(AF_INET, text, &four) == 1) {
        uint32_t a = ntohl(four.s_addr);
        return a >> 24 == 0 || a >> 16 == 0xa9fe || a >> 28 >= 0xe;
    }
    if (inet_pton(AF_INET6, text, &six) == 1)
        return IN6_IS_ADDR_UNSPECIFIED(&six) || IN6_IS_ADDR_LINKLOCAL(&six) || IN6_IS_ADDR_MULTICAST(&six) ||
               IN6_IS_ADDR_V4MAPPED(&six) || IN6_IS_ADDR_V4COMPAT(&six);
    return false;
}

/* inet_aton() and so the resolver take 2852039166, 0xa9fea9fe and 169.254.43518 for addresses too: a last
 * label of digits must be an address in the usual form (WHATWG URL, "ends in a number"). */
static bool odd_number(struct vl_span name)
{
    size_t dot = vl_span_rfind_char(name, '.');
    struct vl_span last = dot == SIZE_MAX ? name : vl_span_slice(name, dot + 1, name.len);
    char text[INET_ADDRSTRLEN];
    struct in_addr four;
    bool number = last.len > 0;
    bool hex = vl_span_starts_with(last, "0x");
    for (size_t i = hex ? 2 : 0; i < last.len; i++)
        number &= vl_char_is_digit(last.ptr[i]) || (hex && last.ptr[i] >= 'a' && last.ptr[i] <= 'f');
    if (!number)
        return false;
    if (name.len >= sizeof(text))
        return true;
    memcpy(text, name.ptr, name.len);
    text[name.len] = '\0';
    return inet_pton(AF_INET, text, &four) != 1;
}

/* RFC 952 and 1123: labels of letters, digits and inner hyphens. */
static bool is_name(struct vl_span name)
{
    struct vl_span rest = name, label;
    if (name.len == 0 || name.len > 253 || name.ptr[name.len - 1] == '.')
        return false;
    while (vl_span_split(&rest, '.', &label)) {
        if (label.len == 0 || label.len > 63 || label.ptr[0] == '-' || label.ptr[label.len - 1] == '-')
            return false;
        for (size_t i = 0; i < label.len; i++) {
            char c = label.ptr[i];
            if (!vl_char_is_digit(c) && c != '-' && (c < 'a' || c > 'z'))
                return false;
        }
    }
    return true;
}

static bool is_six(struct vl_span text)
{
    char copy[INET6_ADDRSTRLEN + 1];
    struct in6_addr six;
    if (text.len == 0 || text.len >= sizeof(copy))
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return inet_pton(AF_INET6, copy, &six) == 1;
}

int vl_registry_host_check(struct vl_span host, struct vl_err *err)
{
    struct vl_span name = host, port = {0};
    uint64_t number = 0;
    bool six = host.len > 0 && host.ptr[0] == '[';
    if (six) {
        size_t end = vl_span_find_char(host, ']');
        if (end == SIZE_MAX)
            return vl_err_set(err, VL_ERR_INVALID, "/host: \"[\" has no \"]\"");
        name = vl_span_slice(host, 1, end);
        port = vl_span_slice(host, end + 1, host.len);
    } else if (vl_span_find_char(host, ':') != SIZE_MAX) {
        size_t colon = vl_span_find_char(host, ':');
        name = vl_span_slice(host, 0, colon);
        port = vl_span_slice(host, colon, host.len);
    }
    if (vl_span_find(host, VL_SPAN_LIT("://")) != SIZE_MAX || vl_span_find_char(host, '/') != SIZE_MAX)
        return vl_err_set(err, VL_ERR_INVALID,
            "/host: a host and a port only, such as registry.example:5000; no https:// and no path");
    if (host.len > VL_REGISTRY_HOST_MAX || (six ? !is_six(name) : !is_name(name) || odd_number(name)))
        return vl_err_set(err, VL_ERR_INVALID, "/host: must be the name or address of a host, in lower case");
    if (port.len > 0 && (port.ptr[0] != ':' || !vl_span_to_u64(vl_span_slice(port, 1, port.len), &number) ||
                            number == 0 || number > UINT16_MAX))
        return vl_err_set(err, VL_ERR_INVALID, "/host: the port must be a number from 1 to 65535");
    if (never_address(name))
        return vl_err_set(err, VL_ERR_INVALID, "/host: no registry has a link-local address such as this");
    return 0;
}

/* Without going back further than to the last star: the time is at most the product of the lengths. */
static bool fits(struct vl_span pattern, struct vl_span text)
{
    size_t p = 0, t = 0, star = SIZE_MAX, from = 0;
    while (t < text.len) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = p++;
            from = t;
        } else if (p < pattern.len && pattern.ptr[p] == text.ptr[t]) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++from;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*')
        p++;
    return p == pattern.len;
}

bool vl_registry_includes(const char *include, struct vl_span repository)
{
    struct vl_span rest = vl_span_str(include), line;
    bool any = false;
    while (vl_span_split_line(&rest, &line)) {
        if (line.len == 0)
            continue;
        any = true;
        if (fits(line, repository))
            return true;
    }
    return !any;
}
