#include "secret_check.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "codec/digest.h"

#define BYTES              256
#define RUN_MAX            6 /* one character that often in a row is not random: under 1e-6 in a token of 40 */
#define CRC62_DIGITS       6
#define CRC62_PREFIX       4 /* "ghp_", "npm_" */
#define PEM_PROBE          64
#define DER_SEQUENCE       0x30
#define DECODED_MAX        16384
#define PRINTABLE_ASCII(c) ((c) >= 0x20 && (c) < 0x7f)

unsigned secret_entropy(struct vl_span s)
{
    size_t counts[BYTES] = {0};
    double bits = 0;
    for (size_t i = 0; i < s.len; i++)
        counts[(uint8_t)s.ptr[i]]++;
    for (size_t i = 0; i < BYTES; i++) {
        if (counts[i] == 0)
            continue;
        double p = (double)counts[i] / (double)s.len;
        bits -= p * log2(p);
    }
    return (unsigned)(bits * 100);
}

static bool contains_nocase(struct vl_span s, const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; i + len <= s.len; i++) {
        if (vl_span_eq_nocase(vl_span_slice(s, i, i + len), (struct vl_span){word, len}))
            return true;
    }
    return false;
}

static bool has_run(struct vl_span s)
{
    size_t run = 1;
    for (size_t i = 1; i < s.len; i++) {
        run = s.ptr[i] == s.ptr[i - 1] ? run + 1 : 1;
        if (run >= RUN_MAX)
            return true;
    }
    return false;
}

bool secret_is_placeholder(struct vl_span s)
{
    static const char *const words[] = {"example", "placeholder", "changeme", "change-me", "change_me",
        "replace", "redacted", "dummy", "sample", "xxxx", "****", "....", "${", "{{", "}}", "$(", "<%", "%s",
        "0123456789", "1234567890", "abcdef0123", "abcdefghij", "deadbeef", "your-", "your_", "insert"};
    for (size_t i = 0; i < VL_ARRAY_LEN(words); i++) {
        if (contains_nocase(s, words[i]))
            return true;
    }
    return has_run(s);
}

/* As announced with the token formats of 2021: CRC-32 of the random part, base 62 with the digits first, then
 * the upper-case letters, padded with zeros. */
static bool crc62(struct vl_span s)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    if (s.len <= CRC62_PREFIX + CRC62_DIGITS)
        return false;
    struct vl_span random = vl_span_slice(s, CRC62_PREFIX, s.len - CRC62_DIGITS);
    char want[CRC62_DIGITS];
    uint32_t crc = vl_crc32(0, random);
    for (size_t i = CRC62_DIGITS; i > 0; i--) {
        want[i - 1] = digits[crc % (sizeof(digits) - 1)];
        crc /= sizeof(digits) - 1;
    }
    return memcmp(s.ptr + s.len - CRC62_DIGITS, want, CRC62_DIGITS) == 0;
}

static bool decode(struct vl_span text, struct vl_buf *out)
{
    vl_buf_init(out, DECODED_MAX);
    return vl_base64_decode(text, out) && out->failed == 0;
}

static bool is_word_for_password(struct vl_span s);

static bool basic(struct vl_span s)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    if (!decode(s, &out))
        return false;
    struct vl_span plain = vl_buf_span(&out);
    size_t colon = vl_span_find_char(plain, ':');
    if (colon == SIZE_MAX || colon == 0 || colon + 4 >= plain.len)
        return false;
    for (size_t i = 0; i < plain.len; i++) {
        if (!PRINTABLE_ASCII((uint8_t)plain.ptr[i]))
            return false;
    }
    struct vl_span password = vl_span_slice(plain, colon + 1, plain.len);
    return !is_word_for_password(password) && !secret_is_placeholder(password);
}

static bool jwt(struct vl_span s)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    size_t dot = vl_span_find_char(s, '.');
    if (!decode(vl_span_slice(s, 0, dot), &out))
        return false;
    struct vl_span header = vl_buf_span(&out);
    return vl_span_starts_with(header, "{") && vl_span_find(header, VL_SPAN_LIT("\"alg\"")) != SIZE_MAX;
}

static bool pem(struct vl_span s)
{
    char text[PEM_PROBE];
    size_t n = 0;
    for (size_t i = 0; i < s.len && n < PEM_PROBE; i++) {
        if (s.ptr[i] == '\\' && i + 1 < s.len && strchr("nrt\\", s.ptr[i + 1])) {
            i += s.ptr[i + 1] != '\\';
            continue;
        }
        if (!strchr(" \t\r\n\v\f\\", s.ptr[i]))
            text[n++] = s.ptr[i];
    }
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    if (n < PEM_PROBE || !decode((struct vl_span){text, n}, &out))
        return false;
    return (uint8_t)out.ptr[0] == DER_SEQUENCE || vl_span_starts_with(vl_buf_span(&out), "openssh-key-v1");
}

/* What people write where a password belongs, and the defaults that everybody knows. */
static bool is_word_for_password(struct vl_span s)
{
    static const char *const words[] = {"password", "passwd", "passw0rd", "pass", "pwd", "secret",
        "secretpassword", "mysecretpassword", "topsecret", "changeit", "postgres", "mysql", "mariadb",
        "redis", "mongo", "mongodb", "root", "admin", "user", "username", "test", "tests", "testing", "guest",
        "rabbitmq", "none", "null", "true", "false", "undefined", "foobar", "hunter2", "string", "value",
        "empty", "required", "optional", "default", "token", "local", "localhost", "development", "qwerty",
        "letmein", "my-secret-pw", "password123", "admin123", "anonymous", "proxypass", "repopwd"};
    for (size_t i = 0; i < VL_ARRAY_LEN(words); i++) {
        if (vl_span_eq_nocase(s, vl_span_str(words[i])))
            return true;
    }
    return false;
}

/* A variable, a template or a call in the place of the value. */
static bool is_reference(struct vl_span s)
{
    if (s.len && strchr("$%<{[@#*", s.ptr[0]))
        return true;
    return vl_span_find_char(s, '(') != SIZE_MAX || vl_span_find_char(s, '{') != SIZE_MAX;
}

static bool is_mixed(struct vl_span s)
{
    size_t digits = 0, letters = 0;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        digits += c >= '0' && c <= '9';
        letters += vl_char_is_letter(c);
    }
    return digits > 1 && letters > 1;
}

bool secret_passes(enum secret_check check, struct vl_span s)
{
    switch (check) {
    case SECRET_CHECK_NONE:
        return true;
    case SECRET_CHECK_CRC62:
        return crc62(s);
    case SECRET_CHECK_BASIC:
        return basic(s);
    case SECRET_CHECK_JWT:
        return jwt(s);
    case SECRET_CHECK_PEM:
        return pem(s);
    case SECRET_CHECK_PASSWORD:
        return !is_word_for_password(s) && !is_reference(s);
    case SECRET_CHECK_MIXED:
        return !is_word_for_password(s) && !is_reference(s) && is_mixed(s);
    }
    return false;
}

bool secret_is_config_path(const char *path)
{
    static const char *const ends[] = {".env", ".yml", ".yaml", ".json", ".toml", ".ini", ".conf", ".cfg",
        ".config", ".properties", ".xml", ".sh", ".tf", ".tfvars", ".service", ".cnf", ".local",
        ".production", ".development"};
    struct vl_span p = vl_span_str(path);
    for (size_t i = 0; i < VL_ARRAY_LEN(ends); i++) {
        if (vl_span_ends_with(p, ends[i]))
            return true;
    }
    size_t slash = vl_span_rfind_char(p, '/');
    struct vl_span name = slash == SIZE_MAX ? p : vl_span_slice(p, slash + 1, p.len);
    return vl_span_starts_with(name, ".env") || vl_span_starts_with(name, "Dockerfile") ||
           vl_span_eq_str(name, "environment") || vl_span_eq_str(name, "credentials") ||
           vl_span_eq_str(name, "config") || vl_span_eq_str(name, ".pypirc");
}
