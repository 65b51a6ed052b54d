/* tests: crypt.c certificate.c
 *
 * Known answers: RFC 4231 (HMAC), Python's hashlib (PBKDF2-HMAC-SHA256). AES-256-GCM: NIST's GCM
 * specification, test case 15's key and text, with its nonce put before them. Certificates are judged by
 * openssl. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "base/time.h"
#include "net/crypt.h"

static void test_hmac(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    uint8_t mac[32];
    char text[65];
    assert_int_equal(
        vl_crypt_hmac(VL_SPAN_LIT("Jefe"), VL_SPAN_LIT("what do ya want for nothing?"), mac, &err), 0);
    vl_hex_encode(mac, 32, text);
    assert_string_equal(text, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

/* X.690 §8.3: a number whose first bit is set gets a zero before it. */
static void test_encode_signature(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_buf der VL_CLEANUP(vl_buf_done);
    char text[65];
    vl_buf_init(&der, 128);
    assert_int_equal(vl_crypt_encode_signature(VL_SPAN_LIT("\x80\x01"), VL_SPAN_LIT("\x7f"), &der, &err), 0);
    assert_true(der.len < sizeof(text) / 2);
    vl_hex_encode(der.ptr, der.len, text);
    assert_string_equal(text, "3008020300800102017f");
}

static void test_passwords(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    char hash[VL_CRYPT_HASH_TEXT], again[VL_CRYPT_HASH_TEXT];
    assert_int_equal(vl_crypt_password_hash(VL_SPAN_LIT("correct horse"), hash, &err), 0);
    assert_int_equal(vl_crypt_password_hash(VL_SPAN_LIT("correct horse"), again, &err), 0);
    assert_string_not_equal(hash, again); /* salted */
    assert_true(vl_crypt_password_fits(VL_SPAN_LIT("correct horse"), hash));
    assert_false(vl_crypt_password_fits(VL_SPAN_LIT("correct horsE"), hash));
    assert_false(vl_crypt_password_fits(VL_SPAN_LIT(""), hash));
    assert_true(vl_crypt_password_hash(VL_SPAN_LIT(""), again, &err) < 0);
    /* python3: hashlib.pbkdf2_hmac("sha256", b"Password", b"0123456789abcdef", 2).hex() */
    assert_true(vl_crypt_password_fits(VL_SPAN_LIT("Password"),
        "pbkdf2-sha256$2$30313233343536373839616263646566$"
        "4a61eb9c5be9c23cbdf58b8da6dd561c3fe5894202349106ab88c19c9079771b"));
    static const char *const wrong[] = {"", "x", "pbkdf2-sha256$", "pbkdf2-sha256$0$00$00",
        "pbkdf2-sha256$2$30313233$00", "pbkdf2-sha256$99999999999$30313233343536373839616263646566$00"};
    for (size_t i = 0; i < VL_ARRAY_LEN(wrong); i++)
        assert_false(vl_crypt_password_fits(VL_SPAN_LIT("Password"), wrong[i]));
}

static void test_sealing(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    uint8_t key[32], other[32];
    struct vl_buf sealed VL_CLEANUP(vl_buf_done), opened VL_CLEANUP(vl_buf_done);
    vl_buf_init(&sealed, 1 << 20);
    vl_buf_init(&opened, 1 << 20);
    assert_int_equal(vl_crypt_random(key, sizeof(key), &err), 0);
    memcpy(other, key, sizeof(key));
    other[31] ^= 1;
    assert_int_equal(vl_crypt_seal(key, VL_SPAN_LIT("registry:3"), VL_SPAN_LIT("secret"), &sealed, &err), 0);
    assert_int_equal(sealed.len, 6 + VL_CRYPT_SEALED_EXTRA);
    assert_int_equal(vl_crypt_open(key, VL_SPAN_LIT("registry:3"), vl_buf_span(&sealed), &opened, &err), 0);
    assert_string_equal(vl_buf_str(&opened), "secret");
    assert_true(vl_crypt_open(key, VL_SPAN_LIT("registry:4"), vl_buf_span(&sealed), &opened, &err) < 0);
    assert_int_equal(err.code, VL_ERR_CORRUPT);
    assert_true(vl_crypt_open(other, VL_SPAN_LIT("registry:3"), vl_buf_span(&sealed), &opened, &err) < 0);
    sealed.ptr[20] = (char)(sealed.ptr[20] ^ 1);
    assert_true(vl_crypt_open(key, VL_SPAN_LIT("registry:3"), vl_buf_span(&sealed), &opened, &err) < 0);
    assert_true(vl_crypt_open(key, VL_SPAN_LIT(""), VL_SPAN_LIT("short"), &opened, &err) < 0);
    assert_string_equal(vl_buf_str(&opened), "secret"); /* nothing was appended */

    /* NIST GCM, test case 15: 256-bit key, no additional data. */
    uint8_t nist_key[32], nist[12 + 64 + 16];
    assert_true(vl_hex_decode(
        VL_SPAN_LIT("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"), nist_key, 32));
    assert_true(vl_hex_decode(VL_SPAN_LIT("cafebabefacedbaddecaf888"
                                          "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8c"
                                          "b08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
                                          "b094dac5d93471bdec1a502270e3cc6c"),
        nist, sizeof(nist)));
    vl_buf_clear(&opened);
    assert_int_equal(vl_crypt_open(nist_key, VL_SPAN_EMPTY,
                         (struct vl_span){(const char *)nist, sizeof(nist)}, &opened, &err),
        0);
    uint8_t plain[64];
    assert_true(vl_hex_decode(
        VL_SPAN_LIT(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
            "b16aedf5aa0de657ba637b391aafd255"),
        plain, 64));
    assert_memory_equal(opened.ptr, plain, 64);
}

static void test_random_text(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    char a[1001], b[1001];
    unsigned seen[256] = {0}, kinds = 0;
    assert_int_equal(vl_crypt_random_text(a, 1000, &err), 0);
    assert_int_equal(vl_crypt_random_text(b, 1000, &err), 0);
    assert_int_equal(strlen(a), 1000);
    assert_string_not_equal(a, b);
    for (size_t i = 0; i < 1000; i++)
        kinds += seen[(unsigned char)a[i]]++ == 0;
    assert_true(kinds > 50 && kinds <= 62);
    assert_true(vl_crypt_equal(VL_SPAN_LIT("ab"), VL_SPAN_LIT("ab")));
    assert_false(vl_crypt_equal(VL_SPAN_LIT("ab"), VL_SPAN_LIT("ac")));
    assert_false(vl_crypt_equal(VL_SPAN_LIT("ab"), VL_SPAN_LIT("abc")));
}

static void write_file(const char *path, const struct vl_buf *text)
{
    struct vl_err err = VL_ERR_INIT;
    if (vl_file_replace(path, 0600, vl_buf_span(text), &err) < 0)
        fail_msg("%s", err.msg);
}

/* 0 where openssl is content. */
static int openssl(const char *command)
{
    pid_t pid = fork();
    int status = 1;
    if (pid == 0) {
        (void)!freopen("/dev/null", "w", stdout);
        (void)!freopen("/dev/null", "w", stderr);
        execlp("sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid ? status : 1;
}

static void test_certificates(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_crypt_identity ca VL_CLEANUP(vl_crypt_identity_done), other VL_CLEANUP(vl_crypt_identity_done),
        leaf VL_CLEANUP(vl_crypt_identity_done);
    static const char *const names[] = {"vallum.example", "127.0.0.1", "::1"};
    char folder[] = "/tmp/vallum-crypt-XXXXXX", path[128], command[1024],
         fingerprint[VL_CRYPT_FINGERPRINT_MAX];
    vl_crypt_identity_init(&ca);
    vl_crypt_identity_init(&other);
    vl_crypt_identity_init(&leaf);
    assert_non_null(mkdtemp(folder));
    assert_int_equal(vl_crypt_make_authority("Vallum test", &ca, &err), 0);
    assert_int_equal(vl_crypt_make_authority("Vallum test", &other, &err), 0);
    assert_int_equal(vl_crypt_make_server(&ca, names, 3, 90, &leaf, &err), 0);
    (void)snprintf(path, sizeof(path), "%s/ca.pem", folder);
    write_file(path, &ca.certificate_pem);
    (void)snprintf(path, sizeof(path), "%s/other.pem", folder);
    write_file(path, &other.certificate_pem);
    (void)snprintf(path, sizeof(path), "%s/leaf.pem", folder);
    write_file(path, &leaf.certificate_pem);
    (void)snprintf(command, sizeof(command),
        "cd %s && openssl verify -x509_strict -purpose sslserver -verify_hostname vallum.example -CAfile "
        "ca.pem leaf.pem && "
        "openssl verify -x509_strict -verify_ip ::1 -CAfile ca.pem leaf.pem",
        folder);
    assert_int_equal(openssl(command), 0);
    (void)snprintf(command, sizeof(command), "cd %s && openssl verify -CAfile other.pem leaf.pem", folder);
    assert_int_not_equal(openssl(command), 0);
    (void)snprintf(command, sizeof(command),
        "cd %s && openssl verify -verify_hostname elsewhere -CAfile ca.pem leaf.pem", folder);
    assert_int_not_equal(openssl(command), 0);
    assert_int_equal(vl_crypt_fingerprint(vl_buf_span(&ca.certificate_pem), fingerprint, &err), 0);
    (void)snprintf(command, sizeof(command),
        "cd %s && openssl x509 -in ca.pem -noout -fingerprint -sha256 | sed 's/.*=//; s/://g' | tr A-F a-f | "
        "grep -qx %s",
        folder, fingerprint + strlen("sha256:"));
    assert_int_equal(openssl(command), 0);
    int64_t end = 0, now = vl_time_now_ms();
    assert_int_equal(vl_crypt_expiry(vl_buf_span(&leaf.certificate_pem), &end, &err), 0);
    assert_true(end > now + 89LL * 86400000 && end < now + 91LL * 86400000);
    assert_true(vl_crypt_fingerprint(VL_SPAN_LIT("no certificate"), fingerprint, &err) < 0);
    (void)snprintf(command, sizeof(command), "rm -rf %s", folder);
    (void)openssl(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hmac),
        cmocka_unit_test(test_encode_signature),
        cmocka_unit_test(test_passwords),
        cmocka_unit_test(test_sealing),
        cmocka_unit_test(test_random_text),
        cmocka_unit_test(test_certificates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
