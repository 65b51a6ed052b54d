/* tests: digest.c signature.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/text.h"
#include "codec/digest.h"

/* FIPS 180-4 examples: "abc" and the empty message. */
static void test_known_digests(void **state)
{
    (void)state;
    static const struct {
        enum vl_digest_kind kind;
        const char *message, *want;
    } rows[] = {
        {VL_DIGEST_SHA256, "abc", "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {VL_DIGEST_SHA256, "", "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {VL_DIGEST_SHA512, "abc",
            "sha512:"
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3fee"
            "bbd454d4423643ce80e2a9ac94fa54ca49f"},
        {VL_DIGEST_SHA1, "abc", "sha1:a9993e364706816aba3e25717850c26c9cd0d89d"},
        {VL_DIGEST_MD5, "abc", "md5:900150983cd24fb0d6963f7d28e17f72"}, /* RFC 1321, A.5 */
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_digest d, e, f;
        char text[VL_DIGEST_TEXT_MAX];
        struct vl_span message = vl_span_str(rows[i].message);
        vl_digest_compute(rows[i].kind, message, &d);
        assert_string_equal(vl_digest_format(&d, text), rows[i].want);
        VL_CLEANUP(vl_digester_cleanup) struct vl_digester *digester = vl_digester_new(rows[i].kind);
        assert_non_null(digester);
        for (size_t j = 0; j < message.len; j++)
            vl_digester_update(digester, vl_span_slice(message, j, j + 1));
        vl_digester_finish(digester, &e);
        assert_true(vl_digest_eq(&d, &e));
        vl_digester_update(digester, message); /* a second run begins anew */
        vl_digester_finish(digester, &f);
        assert_true(vl_digest_eq(&d, &f));
        if (rows[i].kind != VL_DIGEST_SHA1 && rows[i].kind != VL_DIGEST_MD5) {
            assert_true(vl_digest_parse(vl_span_str(rows[i].want), &e));
            assert_true(vl_digest_eq(&d, &e));
        }
    }
}

static void test_parse_refuses(void **state)
{
    (void)state;
    static const char *const rows[] = {"", "sha256:", "sha256",
        "sha1:a9993e364706816aba3e25717850c26c9cd0d89d",
        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a",
        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad0",
        "sha256:BA7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "SHA256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "sha256:ga7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "sha512:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"};
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_digest d;
        assert_false(vl_digest_parse(vl_span_str(rows[i]), &d));
    }
    struct vl_digest a, b;
    vl_digest_compute(VL_DIGEST_SHA256, VL_SPAN_LIT("a"), &a);
    vl_digest_compute(VL_DIGEST_SHA256, VL_SPAN_LIT("b"), &b);
    assert_false(vl_digest_eq(&a, &b));
}

/* RFC 3720 appendix B.4, and the check value of the CRC catalogue. */
static void test_crc32c(void **state)
{
    (void)state;
    uint8_t bytes[32] = {0};
    struct vl_span s = {(const char *)bytes, sizeof(bytes)};
    assert_int_equal(vl_crc32c(0, s), 0x8a9136aa);
    memset(bytes, 0xff, sizeof(bytes));
    assert_int_equal(vl_crc32c(0, s), 0x62a8ab43);
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)i;
    assert_int_equal(vl_crc32c(0, s), 0x46dd794e);
    assert_int_equal(vl_crc32c(vl_crc32c(0, vl_span_slice(s, 0, 5)), vl_span_slice(s, 5, 32)), 0x46dd794e);
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(31 - i);
    assert_int_equal(vl_crc32c(0, s), 0x113fdb5c);
    assert_int_equal(vl_crc32c(0, VL_SPAN_LIT("123456789")), 0xe3069283);
    assert_int_equal(vl_crc32c(0, VL_SPAN_EMPTY), 0);
    assert_int_equal(vl_crc32(0, VL_SPAN_LIT("123456789")), 0xcbf43926);
    assert_int_equal(vl_crc32(vl_crc32(0, VL_SPAN_LIT("1234")), VL_SPAN_LIT("56789")), 0xcbf43926);
    assert_int_equal(vl_crc32(0, VL_SPAN_EMPTY), 0);
}

/* RFC 8032 section 7.1, tests 1 and 2; the PEM forms are those of RFC 8410. */
static const struct {
    const char *secret, *public, *message, *signature;
} signatures[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25b"
        "f5f0"
        "595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b"
        "2eae"
        "b4302aeeb00d291612bb0c00"},
};

static void append_pem(struct vl_buf *out, const char *label, const char *head_hex, const char *key_hex)
{
    char der[64];
    size_t head = strlen(head_hex) / 2;
    assert_true(vl_hex_decode(vl_span_str(head_hex), (uint8_t *)der, head));
    assert_true(vl_hex_decode(vl_span_str(key_hex), (uint8_t *)der + head, 32));
    vl_buf_printf(out, "-----BEGIN %s KEY-----\n", label);
    vl_base64_encode((struct vl_span){der, head + 32}, out);
    vl_buf_printf(out, "\n-----END %s KEY-----\n", label);
}

static void test_ed25519(void **state)
{
    (void)state;
    for (size_t i = 0; i < VL_ARRAY_LEN(signatures); i++) {
        VL_CLEANUP(vl_buf_done) struct vl_buf private_pem, public_pem;
        struct vl_err err = VL_ERR_INIT;
        uint8_t want[VL_ED25519_SIGNATURE_BYTES], got[VL_ED25519_SIGNATURE_BYTES], message[4];
        struct vl_span text = vl_span_str(signatures[i].message);
        struct vl_span m = {(const char *)message, text.len / 2};
        vl_buf_init(&private_pem, 4096);
        vl_buf_init(&public_pem, 4096);
        append_pem(&private_pem, "PRIVATE", "302e020100300506032b657004220420", signatures[i].secret);
        append_pem(&public_pem, "PUBLIC", "302a300506032b6570032100", signatures[i].public);
        assert_true(vl_hex_decode(text, message, m.len));
        assert_true(vl_hex_decode(vl_span_str(signatures[i].signature), want, sizeof(want)));
        assert_int_equal(vl_ed25519_sign(vl_buf_span(&private_pem), m, got, &err), 0);
        assert_memory_equal(got, want, sizeof(want));
        assert_int_equal(vl_ed25519_verify(vl_buf_span(&public_pem), m, got, &err), 0);
        got[5] ^= 1;
        assert_true(vl_ed25519_verify(vl_buf_span(&public_pem), m, got, &err) < 0);
        assert_int_equal(err.code, VL_ERR_CORRUPT);
        assert_true(vl_ed25519_verify(vl_buf_span(&public_pem), VL_SPAN_LIT("other"), want, &err) < 0);
        assert_int_equal(err.code, VL_ERR_CORRUPT);
        /* The wrong half, and no key at all. */
        assert_true(vl_ed25519_sign(vl_buf_span(&public_pem), m, got, &err) < 0);
        assert_int_equal(err.code, VL_ERR_INVALID);
        assert_true(vl_ed25519_verify(VL_SPAN_LIT("-----BEGIN"), m, got, &err) < 0);
        assert_int_equal(err.code, VL_ERR_INVALID);
        assert_non_null(strstr(err.msg, "openssl pkey"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_digests),
        cmocka_unit_test(test_parse_refuses),
        cmocka_unit_test(test_crc32c),
        cmocka_unit_test(test_ed25519),
    };
    return cmocka_run_group_tests_name("codec/digest", tests, NULL, NULL);
}
