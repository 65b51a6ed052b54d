/* Tokens and keys of RFC 7515, appendices A.2 (RS256), A.3 (ES256) and A.1 (HS256, refused), and what was
 * made of them by changing them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "net/jwt.h"

#define PAYLOAD \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
#define RS_HEADER "eyJhbGciOiJSUzI1NiJ9"
#define RS_SIGNATURE                                                                                       \
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9" \
    "uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB" \
    "_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rq" \
    "Vt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
#define RS_MODULUS                                                                                         \
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yR" \
    "T-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXB" \
    "dQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9ia" \
    "GNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
#define ES_HEADER    "eyJhbGciOiJFUzI1NiJ9"
#define ES_SIGNATURE "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
#define ES_X         "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define ES_Y         "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define HS_TOKEN \
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." PAYLOAD ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define RS_KEY   "{\"kty\":\"RSA\",\"n\":\"" RS_MODULUS "\",\"e\":\"AQAB\"}"
#define ES_KEY   "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" ES_X "\",\"y\":\"" ES_Y "\"}"
#define RS_TOKEN RS_HEADER "." PAYLOAD "." RS_SIGNATURE
#define ES_TOKEN ES_HEADER "." PAYLOAD "." ES_SIGNATURE
#define SET(k)   "{\"keys\":[" k "]}"

static struct vl_jwks *parse(const char *text)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_jwks *keys = NULL;
    if (vl_jwks_parse(vl_span_str(text), &keys, &err) < 0)
        fail_msg("%s", err.msg);
    return keys;
}

static void refused(const char *set, const char *token, enum vl_err_code code)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_jwks *keys VL_CLEANUP(vl_jwks_cleanup) = parse(set);
    struct vl_doc *claims = NULL;
    if (vl_jwt_verify(keys, vl_span_str(token), &claims, &err) >= 0)
        fail_msg("%s was taken", token);
    assert_null(claims);
    if (err.code != code)
        fail_msg("%s: %s", token, err.msg);
}

static void taken(const char *set, const char *token)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_jwks *keys VL_CLEANUP(vl_jwks_cleanup) = parse(set);
    struct vl_doc *claims VL_CLEANUP(vl_doc_cleanup) = NULL;
    int64_t exp = 0;
    if (vl_jwt_verify(keys, vl_span_str(token), &claims, &err) < 0)
        fail_msg("%s", err.msg);
    assert_true(vl_span_eq_str(vl_doc_get_str(vl_doc_root(claims), "iss"), "joe"));
    assert_true(vl_doc_int(vl_doc_get(vl_doc_root(claims), "exp"), &exp));
    assert_int_equal(exp, 1300819380);
}

static void test_vectors(void **state)
{
    (void)state;
    taken(SET(RS_KEY), RS_TOKEN);
    taken(SET(ES_KEY), ES_TOKEN);
    taken(SET(ES_KEY "," RS_KEY), RS_TOKEN);
    taken(SET(ES_KEY "," RS_KEY), ES_TOKEN);
}

static void test_kinds(void **state)
{
    (void)state;
    static const char set[] = SET(RS_KEY "," ES_KEY);
    refused(set, HS_TOKEN, VL_ERR_AUTH);
    refused(set, "eyJhbGciOiJub25lIn0." PAYLOAD ".", VL_ERR_AUTH); /* {"alg":"none"}, A.5 */
    refused(set, "eyJhbGciOiJOb05lIn0." PAYLOAD ".", VL_ERR_AUTH); /* "NoNe" */
    refused(set, "e30." PAYLOAD "." RS_SIGNATURE, VL_ERR_AUTH);    /* {} */
    /* {"alg":"RS256","crit":["b64"]} */
    refused(set, "eyJhbGciOiJSUzI1NiIsImNyaXQiOlsiYjY0Il19." PAYLOAD "." RS_SIGNATURE, VL_ERR_AUTH);
    refused(set, ES_HEADER "." PAYLOAD "." RS_SIGNATURE, VL_ERR_AUTH);
    refused(set, RS_HEADER "." PAYLOAD "." ES_SIGNATURE, VL_ERR_AUTH);
}

/* Each character of payload and signature counts, but for the bits behind the last byte. */
static void change_all(const char *set, const char *token, size_t from)
{
    struct vl_jwks *keys VL_CLEANUP(vl_jwks_cleanup) = parse(set);
    size_t len = strlen(token);
    char copy[1024];
    for (size_t i = from; i < len - 1; i += 7) {
        struct vl_err err = VL_ERR_INIT;
        struct vl_doc *claims = NULL;
        (void)snprintf(copy, sizeof(copy), "%s", token);
        copy[i] = copy[i] == 'A' ? 'B' : 'A';
        if (vl_jwt_verify(keys, vl_span_str(copy), &claims, &err) >= 0)
            fail_msg("byte %zu was changed, and the token taken", i);
    }
}

static void test_forged(void **state)
{
    (void)state;
    change_all(SET(RS_KEY), RS_TOKEN, strlen(RS_HEADER) + 1);
    change_all(SET(ES_KEY), ES_TOKEN, strlen(ES_HEADER) + 1);
    /* R and S of zeros: what CVE-2022-21449 took. */
    refused(SET(ES_KEY),
        ES_HEADER "." PAYLOAD
                  ".AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        VL_ERR_AUTH);
    refused(SET(ES_KEY), ES_HEADER "." PAYLOAD ".", VL_ERR_AUTH);
    refused(SET(RS_KEY), RS_HEADER "." PAYLOAD ".", VL_ERR_AUTH);
    refused(SET(RS_KEY), RS_HEADER "." PAYLOAD, VL_ERR_INVALID);
    refused(SET(RS_KEY), RS_TOKEN ".", VL_ERR_INVALID);
    refused(SET(RS_KEY), RS_HEADER "." PAYLOAD "." RS_SIGNATURE "==", VL_ERR_INVALID);
    refused(SET(RS_KEY), "", VL_ERR_INVALID);
    refused(SET(RS_KEY), "..", VL_ERR_INVALID);
    refused(SET(RS_KEY), "W10." PAYLOAD "." RS_SIGNATURE, VL_ERR_INVALID); /* [] */
}

static void test_keys(void **state)
{
    (void)state;
    /* {"alg":"RS256","kid":"k2"} */
    static const char with_kid[] = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsyIn0." PAYLOAD "." RS_SIGNATURE;
    refused(SET("{\"kid\":\"k1\","
                "\"kty\":\"RSA\",\"n\":\"" RS_MODULUS "\",\"e\":\"AQAB\"}"),
        with_kid, VL_ERR_NOT_FOUND);
    refused(SET("{\"kid\":\"k2\","
                "\"kty\":\"RSA\",\"n\":\"" RS_MODULUS "\",\"e\":\"AQAB\"}"),
        with_kid, VL_ERR_AUTH);
    refused(SET(""), RS_TOKEN, VL_ERR_NOT_FOUND);
    static const char *const left_out[] = {
        "{\"kty\":\"oct\",\"k\":\"AAAA\"}",
        "{\"kty\":\"RSA\",\"use\":\"enc\",\"n\":\"" RS_MODULUS "\",\"e\":\"AQAB\"}",
        "{\"kty\":\"RSA\",\"alg\":\"PS256\",\"n\":\"" RS_MODULUS "\",\"e\":\"AQAB\"}",
        "{\"kty\":\"RSA\",\"n\":\"" RS_MODULUS "\",\"e\":\"AQ\"}",
        "{\"kty\":\"RSA\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0\",\"e\":\"AQAB\"}",
        "{\"kty\":\"RSA\",\"e\":\"AQAB\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" ES_X "\",\"y\":\"" ES_Y "\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" ES_X "\",\"y\":\"AAAA\"}",
        "7",
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(left_out); i++) {
        char text[1024];
        (void)snprintf(text, sizeof(text), SET("%s"), left_out[i]);
        struct vl_jwks *keys VL_CLEANUP(vl_jwks_cleanup) = parse(text);
        if (vl_jwks_count(keys) != 0 || vl_jwks_left_out(keys) != 1)
            fail_msg("%s was taken", left_out[i]);
    }
    /* Not on the curve. */
    refused(SET("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" ES_X "\",\"y\":\"" ES_X "\"}"), ES_TOKEN,
        VL_ERR_AUTH);
}

static void test_limits(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_jwks *keys = NULL;
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    vl_buf_init(&text, 2 * VL_JWKS_BYTES_MAX);
    vl_buf_append_str(&text, "{\"keys\":[0");
    for (int i = 0; i < VL_JWKS_KEYS_MAX; i++)
        vl_buf_append_str(&text, ",0");
    vl_buf_append_str(&text, "]}");
    assert_true(vl_jwks_parse(vl_buf_span(&text), &keys, &err) < 0);
    assert_int_equal(err.code, VL_ERR_LIMIT);
    static const char *const wrong[] = {"", "[]", "{}", "{\"keys\":{}}", "{\"keys\":"};
    for (size_t i = 0; i < VL_ARRAY_LEN(wrong); i++)
        assert_true(vl_jwks_parse(vl_span_str(wrong[i]), &keys, &err) < 0);
    vl_buf_clear(&text);
    while (text.len <= VL_JWT_BYTES_MAX)
        vl_buf_append_str(&text, "aaaaaaaaaaaaaaaa");
    refused(SET(RS_KEY), vl_buf_str(&text), VL_ERR_LIMIT);
    assert_null(keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_forged),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
