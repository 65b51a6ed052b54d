/* tests: secret.c secret_check.c secret_wants.c
 * The examples of content/secret-examples.tsv, which are written from the issuers' formats, and facts from
 * outside: the example token of GitHub's announcement, AWS's documented example keys. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/text.h"
#include "base/time.h"
#include "codec/digest.h"
#include "secret.h"
#include "secret_rule.h"

#define TEXT_MAX  (8UL * 1024 * 1024)
#define RULES_MIN 90
#define SECRETS   64

static const char base62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

struct found {
    struct vl_arena *arena;
    struct vl_vec secrets;
};

struct example {
    char path[256];
    struct vl_buf text;
    size_t start, end; /* of the secret; equal where none is marked */
};

static struct vl_secret_scanner *open_scanner(void)
{
    struct vl_secret_scanner *scanner = NULL;
    struct vl_err err = VL_ERR_INIT;
    if (vl_secret_scanner_new(&scanner, &err) < 0)
        fail_msg("%s", err.msg);
    return scanner;
}

static void found_init(struct found *found)
{
    found->arena = vl_arena_new(TEXT_MAX);
    vl_vec_init(&found->secrets, sizeof(struct vl_secret), SECRETS);
}

static void found_done(struct found *found)
{
    vl_vec_done(&found->secrets);
    vl_arena_free(found->arena);
}

static int look(struct vl_secret_scanner *scanner, const char *path, const char *text, struct found *found)
{
    struct vl_err err = VL_ERR_INIT;
    found_init(found);
    int r = vl_secret_scan(scanner, path, vl_span_str(text), found->arena, &found->secrets, &err);
    if (r < 0)
        print_message("%s\n", err.msg);
    return r;
}

static const struct vl_secret *by_rule(const struct found *found, const char *rule)
{
    for (size_t i = 0; i < found->secrets.len; i++) {
        const struct vl_secret *s = vl_vec_at(&found->secrets, i);
        if (strcmp(s->rule, rule) == 0)
            return s;
    }
    return NULL;
}

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static void append_random(struct vl_buf *out, const char *alphabet, size_t n, uint32_t *state)
{
    for (size_t i = 0; i < n; i++)
        vl_buf_append_char(out, alphabet[next_random(state) % strlen(alphabet)]);
}

/* The published algorithm, written a second time: CRC-32 bit by bit, base 62 from the left. */
static void append_crc62(struct vl_buf *out, size_t from)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = from; i < out->len; i++) {
        crc ^= (uint8_t)out->ptr[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (crc & 1 ? 0xedb88320U : 0);
    }
    crc = ~crc;
    for (uint32_t place = 916132832; place; place /= 62)
        vl_buf_append_char(out, base62[crc / place % 62]);
}

static void append_base64(struct vl_buf *out, const char *bytes, size_t len, bool padded)
{
    vl_base64_encode((struct vl_span){bytes, len}, out);
    while (!padded && out->len && out->ptr[out->len - 1] == '=')
        vl_buf_truncate(out, out->len - 1);
}

static void append_uuid(struct vl_buf *out, uint32_t *state)
{
    static const char hex[] = "0123456789abcdef";
    append_random(out, hex, 8, state);
    vl_buf_append_char(out, '-');
    append_random(out, hex, 4, state);
    vl_buf_append_str(out, "-4");
    append_random(out, hex, 3, state);
    vl_buf_append_str(out, "-a");
    append_random(out, hex, 3, state);
    vl_buf_append_char(out, '-');
    append_random(out, hex, 12, state);
}

/* `name` of "{name n}"; false where it is no such thing. */
static bool append_made_up(struct vl_buf *out, const char *name, size_t n, uint32_t *state)
{
    static const struct {
        const char *name, *alphabet;
    } alphabets[] = {
        {"hex", "0123456789abcdef"},
        {"HEX", "0123456789ABCDEF"},
        {"dig", "123456789"},
        {"b62", base62},
        {"b64", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"},
        {"url", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"},
        {"b32", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"},
        {"lb32", "abcdefghijklmnopqrstuvwxyz234567"},
        {"low", "abcdefghijklmnopqrstuvwxyz0123456789"},
        {"up", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"},
        {"let", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"},
        {"bech", "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(alphabets); i++) {
        if (strcmp(name, alphabets[i].name) == 0) {
            append_random(out, alphabets[i].alphabet, n, state);
            return true;
        }
    }
    size_t from = out->len;
    if (strcmp(name, "crc") == 0) {
        append_random(out, base62, n, state);
        append_crc62(out, from);
    } else if (strcmp(name, "uuid") == 0) {
        append_uuid(out, state);
    } else if (strcmp(name, "pem") == 0) {
        char der[512] = {0x30, (char)0x82, 2, 0};
        for (size_t i = 4; i < n; i++)
            der[i] = (char)next_random(state);
        append_base64(out, der, n, false);
    } else if (strcmp(name, "basic") == 0) {
        append_base64(out, "orders:k7Vq2mZx9Lw4", 19, true);
    } else if (strcmp(name, "jwt") == 0) {
        append_base64(out, "{\"alg\":\"HS256\",\"typ\":\"JWT\"}", 27, false);
    } else {
        return false;
    }
    return true;
}

/* "{…}" at `text`: its length, or 0 where it is plain text. */
static size_t expand_brace(const char *text, struct vl_buf *out, uint32_t *state)
{
    char name[8] = "";
    size_t n = 0, i = 1;
    if (text[1] == '}')
        return 2;
    while (isalnum((unsigned char)text[i]) && i < sizeof(name)) {
        name[i - 1] = text[i];
        i++;
    }
    if (text[i] == ' ')
        n = strtoul(text + i, NULL, 10), i += strcspn(text + i, "}");
    return text[i] == '}' && append_made_up(out, name, n, state) ? i + 1 : 0;
}

static void expand(const char *text, struct example *ret)
{
    uint32_t state = 2463534242U;
    vl_buf_init(&ret->text, TEXT_MAX);
    ret->start = ret->end = 0;
    size_t path = 0;
    if (*text == '@') {
        path = strcspn(text, " ");
        memcpy(ret->path, text + 1, path - 1);
        ret->path[path - 1] = '\0';
        text += path + 1;
    } else {
        memcpy(ret->path, "srv/app/settings", 17);
    }
    while (*text) {
        size_t used;
        if (*text == '{' && (used = expand_brace(text, &ret->text, &state)) > 0) {
            text += used;
        } else if (strncmp(text, "«", 2) == 0) {
            ret->start = ret->text.len;
            text += 2;
        } else if (strncmp(text, "»", 2) == 0) {
            ret->end = ret->text.len;
            text += 2;
        } else if (*text == '\\' && text[1]) {
            vl_buf_append_char(&ret->text, text[1] == 'n' ? '\n' : text[1]);
            text += 2;
        } else {
            vl_buf_append_char(&ret->text, *text++);
        }
    }
}

static void fingerprint_of(const char *rule, struct vl_span secret, char ret_text[32])
{
    char all[20000];
    struct vl_digest digest;
    size_t len = strlen(rule) + 1;
    assert_true(len + secret.len <= sizeof(all));
    memcpy(all, rule, len);
    memcpy(all + len, secret.ptr, secret.len);
    vl_digest_compute(VL_DIGEST_SHA256, (struct vl_span){all, len + secret.len}, &digest);
    memcpy(ret_text, "sha256:", 7);
    vl_hex_encode(digest.bytes, 8, ret_text + 7);
}

static size_t failures;

static void complain(const char *rule, const char *what, const struct example *e, const struct found *found)
{
    failures++;
    print_message("%s: %s in %s: %s\n", rule, what, e->path, vl_buf_str(&e->text));
    for (size_t i = 0; i < found->secrets.len; i++) {
        const struct vl_secret *s = vl_vec_at(&found->secrets, i);
        print_message("    %s: %s\n", s->rule, s->redacted);
    }
}

static void check_found(struct vl_secret_scanner *scanner, const char *rule, const char *text)
{
    struct example e;
    struct found found;
    char print[32], shown[6] = "";
    expand(text, &e);
    assert_int_equal(look(scanner, e.path, vl_buf_str(&e.text), &found), 0);
    const struct vl_secret *s = by_rule(&found, rule);
    struct vl_span secret = vl_span_slice(vl_buf_span(&e.text), e.start, e.end);
    fingerprint_of(rule, secret, print);
    memcpy(shown, secret.ptr, secret.len < 5 ? secret.len : 5);
    if (!s || found.secrets.len != 1)
        complain(rule, "not found alone", &e, &found);
    else if (strcmp(s->fingerprint, print) != 0)
        complain(rule, "another part is taken for the secret", &e, &found);
    else if (strstr(s->redacted, shown))
        complain(rule, "more than four characters are shown", &e, &found);
    found_done(&found);
    vl_buf_done(&e.text);
}

static void check_not_found(struct vl_secret_scanner *scanner, const char *rule, const char *text)
{
    struct example e;
    struct found found;
    expand(text, &e);
    assert_int_equal(look(scanner, e.path, vl_buf_str(&e.text), &found), 0);
    if (found.secrets.len)
        complain(rule, "found though it is none", &e, &found);
    found_done(&found);
    vl_buf_done(&e.text);
}

static void test_examples(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_secret_scanner_cleanup) struct vl_secret_scanner *scanner = open_scanner();
    VL_CLEANUP(vl_buf_done) struct vl_buf file;
    const char *source = getenv("VALLUM_CHECKOUT");
    char path[1024];
    snprintf(path, sizeof(path), "%s/content/secret-examples.tsv", source ? source : ".");
    vl_buf_init(&file, TEXT_MAX);
    if (vl_file_read(path, TEXT_MAX, &file, &err) < 0)
        fail_msg("%s", err.msg);
    struct vl_span rest = vl_buf_span(&file), line, rule, found;
    size_t n = 0;
    while (vl_span_split_line(&rest, &line)) {
        if (line.len == 0 || line.ptr[0] == '#' || vl_span_starts_with(line, "rule\t"))
            continue;
        assert_true(vl_span_split(&line, '\t', &rule) && vl_span_split(&line, '\t', &found));
        VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(TEXT_MAX);
        const char *id = vl_arena_dup_span(arena, rule);
        assert_true(n < secret_n_rules);
        check_found(scanner, id, vl_arena_dup_span(arena, found));
        check_not_found(scanner, id, vl_arena_dup_span(arena, line));
        n++;
    }
    assert_int_equal(n, secret_n_rules);
    assert_true(n >= RULES_MIN);
    assert_int_equal(failures, 0);
}

/* From GitHub's announcement of the format (2021), in two halves. */
static void test_github_checksum(void **state)
{
    (void)state;
    VL_CLEANUP(vl_secret_scanner_cleanup) struct vl_secret_scanner *scanner = open_scanner();
    struct found found;
    const char *good = "token: ghp_"
                       "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ"
                       "0mLq17\n";
    const char *bad = "token: ghp_"
                      "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ"
                      "0mLq18\n";
    assert_int_equal(look(scanner, "a", good, &found), 0);
    assert_non_null(by_rule(&found, "github-ghp"));
    found_done(&found);
    assert_int_equal(look(scanner, "a", bad, &found), 0);
    assert_int_equal(found.secrets.len, 0);
    found_done(&found);
}

/* Line, once a file, neighbours on one line, and what the redaction leaves. */
static void test_places(void **state)
{
    (void)state;
    VL_CLEANUP(vl_secret_scanner_cleanup) struct vl_secret_scanner *scanner = open_scanner();
    struct found found;
    const char *text = "first\nsecond\na = S"
                       "G.Kq3vXw9ZtB1nYp7RsD5fGh.Jm2Lc8Va4Qe6Wr0Tx1Yz3Ub5Ni7Oo9Pk2Sd4Fg6Hj8k\n"
                       "b = S"
                       "G.Kq3vXw9ZtB1nYp7RsD5fGh.Jm2Lc8Va4Qe6Wr0Tx1Yz3Ub5Ni7Oo9Pk2Sd4Fg6Hj8k"
                       ",S"
                       "G.Aq3vXw9ZtB1nYp7RsD5fGh.Bm2Lc8Va4Qe6Wr0Tx1Yz3Ub5Ni7Oo9Pk2Sd4Fg6Hj8k\n";
    assert_int_equal(look(scanner, "app/.env", text, &found), 0);
    assert_int_equal(found.secrets.len, 2);
    const struct vl_secret *one = vl_vec_at(&found.secrets, 0), *two = vl_vec_at(&found.secrets, 1);
    assert_int_equal(one->line, 3);
    assert_int_equal(two->line, 4);
    assert_string_equal(one->redacted, "SG.K****");
    assert_string_equal(one->path, "app/.env");
    assert_string_not_equal(one->fingerprint, two->fingerprint);
    assert_int_equal(one->severity, VL_SEVERITY_CRITICAL);
    found_done(&found);
}

static void test_entropy(void **state)
{
    (void)state;
    assert_int_equal(secret_entropy(VL_SPAN_LIT("aaaaaaaa")), 0);
    assert_int_equal(secret_entropy(VL_SPAN_LIT("abababab")), 100);
    assert_int_equal(secret_entropy(VL_SPAN_LIT("0123456789abcdef")), 400);
    assert_int_equal(secret_entropy(VL_SPAN_EMPTY), 0);
}

static void test_wants(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        bool wanted;
    } cases[] = {
        {"app/.env", true},
        {"/root/.aws/credentials", true},
        {"srv/app/node_modules/lib/index.js", true},
        {"srv/app/node_modules/lib/test/key.pem", false},
        {"srv/app/test/key.pem", true},
        {"usr/share/doc/openssl/examples/key.pem", false},
        {"srv/app/package-lock.json", false},
        {"srv/app/packages.Shop.lock.json", false},
        {"srv/app/lock.json", true},
        {"srv/app/logo.png", false},
        {"var/lib/dpkg/status", false},
        {"usr/lib/python3/dist-packages/app/config.py", true},
        {"usr/lib/python3.11/ssl.py", false},
        {"etc/shadow", true},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(cases); i++) {
        if (vl_secret_wants(cases[i].path, 0100644, 100, VL_SPAN_LIT("text")) != cases[i].wanted)
            fail_msg("%s", cases[i].path);
    }
    assert_false(vl_secret_wants("a", 0100644, 0, VL_SPAN_EMPTY));
    assert_false(vl_secret_wants("a", 0100644, VL_SECRET_FILE_MAX + 1, VL_SPAN_LIT("text")));
    assert_false(vl_secret_wants("a", 0040755, 100, VL_SPAN_LIT("text")));
    assert_false(vl_secret_wants("a", 0100644, 100, VL_SPAN_LIT("\177ELF\1\0\0")));
}

/* A file made of beginnings ends with an error that names it, after what stood before them was told. */
static void test_hostile(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "-----BEGIN RSA PRIVATE KEY-----\nA", "password=", "Q~", "eyJ", "&sig=sv=2020-01-01"};
    size_t limited = 0;
    for (size_t i = 0; i < VL_ARRAY_LEN(parts); i++) {
        VL_CLEANUP(vl_secret_scanner_cleanup) struct vl_secret_scanner *scanner = open_scanner();
        VL_CLEANUP(vl_buf_done) struct vl_buf text;
        struct found found;
        struct vl_err err = VL_ERR_INIT;
        vl_buf_init(&text, VL_SECRET_FILE_MAX);
        vl_buf_append_str(&text, "S"
                                 "G.Kq3vXw9ZtB1nYp7RsD5fGh.Jm2Lc8Va4Qe6Wr0Tx1Yz3Ub5Ni7Oo9Pk2Sd4Fg6Hj8k\n");
        while (text.len + strlen(parts[i]) <= VL_SECRET_FILE_MAX / 4)
            vl_buf_append_str(&text, parts[i]);
        found_init(&found);
        int r = vl_secret_scan(scanner, "hostile.env", vl_buf_span(&text), found.arena, &found.secrets, &err);
        if (r < 0) {
            assert_int_equal(err.code, VL_ERR_LIMIT);
            assert_non_null(strstr(err.msg, "hostile.env"));
            limited++;
        }
        assert_non_null(by_rule(&found, "sendgrid-key"));
        found_done(&found);
    }
    assert_true(limited >= 2);
}

static void test_too_large(void **state)
{
    (void)state;
    VL_CLEANUP(vl_secret_scanner_cleanup) struct vl_secret_scanner *scanner = open_scanner();
    struct vl_err err = VL_ERR_INIT;
    struct found found;
    found_init(&found);
    struct vl_span large = {"", VL_SECRET_FILE_MAX + 1};
    assert_true(vl_secret_scan(scanner, "large", large, found.arena, &found.secrets, &err) < 0);
    assert_int_equal(err.code, VL_ERR_LIMIT);
    found_done(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_github_checksum),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_entropy),
        cmocka_unit_test(test_wants),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
