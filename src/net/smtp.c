#include "net/smtp.h"

#include <arpa/inet.h>
#define CURL_DISABLE_TYPECHECK /* its macros are in the way of pointers to functions of the same names */
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/lazy.h"

#define URL_MAX       1024
#define SYSTEM_CA_MAX (16UL * 1024 * 1024)
#define HOST_MAX      255

#define FUNCTIONS(F)       \
    F(curl_global_init)    \
    F(curl_easy_init)      \
    F(curl_easy_cleanup)   \
    F(curl_easy_setopt)    \
    F(curl_easy_perform)   \
    F(curl_easy_getinfo)   \
    F(curl_easy_strerror)  \
    F(curl_slist_append)   \
    F(curl_slist_free_all) \
    F(curl_version_info)
VL_LAZY_LIBRARY(libcurl, FUNCTIONS, "libcurl.so.4", "mail")

struct sending {
    const struct vl_smtp_server *server;
    struct vl_span left; /* of the message */
    struct vl_buf ca;
    char last[VL_SMTP_ANSWER_MAX]; /* line of the server */
    char message[CURL_ERROR_SIZE];
    char url[URL_MAX];
    char from[300];
    CURL *easy;
    struct curl_slist *to;
};

static void sending_done(struct sending *s)
{
    vl_buf_done(&s->ca);
    if (s->easy)
        libcurl.curl_easy_cleanup(s->easy);
    if (s->to)
        libcurl.curl_slist_free_all(s->to);
}

static size_t on_read(char *ptr, size_t size, size_t count, void *user)
{
    struct sending *s = user;
    size_t n = size * count;
    n = n < s->left.len ? n : s->left.len;
    if (n > 0)
        memcpy(ptr, s->left.ptr, n);
    s->left = vl_span_slice(s->left, n, s->left.len);
    return n;
}

/* Each line that the server says. */
static size_t on_line(char *ptr, size_t size, size_t count, void *user)
{
    struct sending *s = user;
    struct vl_span line = vl_span_trim((struct vl_span){ptr, size * count});
    /* After a refusal it only says good-bye. */
    if (line.len > 0 && s->last[0] != '4' && s->last[0] != '5')
        (void)snprintf(s->last, sizeof(s->last), "%.*s", VL_SPAN_FMT(line));
    return size * count;
}

static size_t on_body(char *ptr, size_t size, size_t count, void *user)
{
    (void)ptr;
    (void)user;
    return size * count;
}

static bool is_name(const char *text)
{
    size_t n = text ? strlen(text) : 0;
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        if (!(vl_char_is_letter(c) || vl_char_is_digit(c) || c == '.' || c == '-' || c == ':'))
            return false;
    }
    return n > 0 && n <= HOST_MAX;
}

/* What may go between the brackets of MAIL and RCPT without ending them. */
static bool is_address(const char *text)
{
    size_t n = strlen(text);
    for (size_t i = 0; i < n; i++)
        if (text[i] <= ' ' || text[i] > '~' || text[i] == '<' || text[i] == '>')
            return false;
    return n > 2 && n <= 254 && strchr(text, '@');
}

static int prepare(struct sending *s, const char *from, const char *to, struct vl_err *err)
{
    const struct vl_smtp_server *server = s->server;
    unsigned port = server->port ? server->port : VL_SMTP_PORT;
    char rcpt[300];
    struct in6_addr six;
    if (!is_name(server->host) || (server->hello && !is_name(server->hello)))
        return vl_err_set(err, VL_ERR_INVALID, "the name of the mail server, or our own, is no host name");
    if (!is_address(from) || !is_address(to))
        return vl_err_set(err, VL_ERR_INVALID, "\"%s\" or \"%s\" is no address of mail", from, to);
    bool v6 = inet_pton(AF_INET6, server->host, &six) == 1;
    (void)snprintf(s->url, sizeof(s->url), "%s://%s%s%s:%u/%s", port == VL_SMTP_PORT_TLS ? "smtps" : "smtp",
        v6 ? "[" : "", server->host, v6 ? "]" : "", port, server->hello ? server->hello : "localhost");
    (void)snprintf(s->from, sizeof(s->from), "<%s>", from);
    (void)snprintf(rcpt, sizeof(rcpt), "<%s>", to);
    s->to = libcurl.curl_slist_append(NULL, rcpt);
    s->easy = libcurl.curl_easy_init();
    return s->to && s->easy ? 0 : vl_err_nomem(err);
}

/* CURLOPT_CAINFO would replace the system's authorities: both go into one text. */
static int authorities(struct sending *s, struct vl_err *err)
{
    const char *system = libcurl.curl_version_info(CURLVERSION_NOW)->cainfo;
    if (!s->server->ca_pem)
        return 0;
    if (strlen(s->server->ca_pem) > VL_SMTP_CA_BYTES_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "authorities of more than %lu bytes", VL_SMTP_CA_BYTES_MAX);
    if (system && access(system, R_OK) == 0) {
        int r = vl_file_read(system, SYSTEM_CA_MAX, &s->ca, err);
        if (r < 0)
            return r;
        vl_buf_append_char(&s->ca, '\n');
    }
    vl_buf_append_str(&s->ca, s->server->ca_pem);
    return vl_buf_check(&s->ca, "authorities", err);
}

static CURLcode options(struct sending *s)
{
    struct curl_blob ca = {.data = s->ca.ptr, .len = s->ca.len, .flags = CURL_BLOB_NOCOPY};
    const struct {
        CURLoption option;
        const void *value;
    } pointers[] = {
        {CURLOPT_URL, s->url},
        {CURLOPT_PROTOCOLS_STR, "smtp,smtps"},
        {CURLOPT_PROXY, ""},
        {CURLOPT_MAIL_FROM, s->from},
        {CURLOPT_MAIL_RCPT, s->to},
        {CURLOPT_READDATA, s},
        {CURLOPT_HEADERDATA, s},
        {CURLOPT_ERRORBUFFER, s->message},
    };
    const struct {
        CURLoption option;
        long value;
    } numbers[] = {
        {CURLOPT_NOSIGNAL, 1},
        {CURLOPT_UPLOAD, 1},
        {CURLOPT_USE_SSL, CURLUSESSL_ALL}, /* a server without STARTTLS is an error */
        {CURLOPT_SSL_VERIFYPEER, 1},
        {CURLOPT_SSL_VERIFYHOST, 2},
        {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
        {CURLOPT_CONNECTTIMEOUT_MS, VL_SMTP_CONNECT_MS},
        {CURLOPT_TIMEOUT_MS, VL_SMTP_TIMEOUT_MS},
    };
    CURLcode bad = CURLE_OK;
    for (size_t i = 0; i < VL_ARRAY_LEN(pointers) && !bad; i++)
        bad = libcurl.curl_easy_setopt(s->easy, pointers[i].option, pointers[i].value);
    for (size_t i = 0; i < VL_ARRAY_LEN(numbers) && !bad; i++)
        bad = libcurl.curl_easy_setopt(s->easy, numbers[i].option, numbers[i].value);
    if (!bad)
        bad = libcurl.curl_easy_setopt(s->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)s->left.len);
    if (!bad)
        bad = libcurl.curl_easy_setopt(s->easy, CURLOPT_READFUNCTION, on_read);
    if (!bad)
        bad = libcurl.curl_easy_setopt(s->easy, CURLOPT_HEADERFUNCTION, on_line);
    if (!bad)
        bad = libcurl.curl_easy_setopt(s->easy, CURLOPT_WRITEFUNCTION, on_body);
    if (!bad && s->ca.len > 0)
        bad = libcurl.curl_easy_setopt(s->easy, CURLOPT_CAINFO_BLOB, &ca);
    if (!bad && s->server->username)
        bad = libcurl.curl_easy_setopt(s->easy, CURLOPT_USERNAME, s->server->username);
    if (!bad && s->server->password)
        bad = libcurl.curl_easy_setopt(s->easy, CURLOPT_PASSWORD, s->server->password);
    return bad;
}

static enum vl_err_code code_of(CURLcode bad, long status)
{
    switch (bad) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_LOGIN_DENIED:
        return VL_ERR_AUTH;
    default:
        return status >= 500 && status < 600 ? VL_ERR_INVALID : VL_ERR_UNREACHABLE;
    }
}

static int failure(struct sending *s, CURLcode bad, struct vl_err *err)
{
    long status = 0;
    (void)libcurl.curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
    const char *why = s->message[0] ? s->message : libcurl.curl_easy_strerror(bad);
    if (bad == CURLE_USE_SSL_FAILED)
        return vl_err_set(err, VL_ERR_UNREACHABLE,
            "mail server %s offers no STARTTLS, without which nothing is sent", s->server->host);
    int r = vl_err_set(err, code_of(bad, status), "mail server %s: %s%s%s%s", s->server->host, why,
        s->last[0] ? " (it said: " : "", s->last, s->last[0] ? ")" : "");
    if (status >= 400 && err->code != VL_ERR_AUTH) {
        err->err = -EAGAIN; /* the server was there; another mail may do */
        r = -EAGAIN;
    }
    return r;
}

int vl_smtp_send(const struct vl_smtp_server *server, const char *from, const char *to,
    struct vl_span message, struct vl_buf *answer, struct vl_err *err)
{
    int r = libcurl_load(err);
    if (r < 0)
        return r;
    if (libcurl.curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return vl_err_set(err, VL_ERR_SYSTEM, "libcurl cannot be started");
    struct sending s VL_CLEANUP(sending_done) = {.server = server, .left = message};
    vl_buf_init(&s.ca, SYSTEM_CA_MAX + VL_SMTP_CA_BYTES_MAX + 2);
    r = prepare(&s, from, to, err);
    if (r >= 0)
        r = authorities(&s, err);
    if (r < 0)
        return r;
    CURLcode bad = options(&s);
    if (!bad)
        bad = libcurl.curl_easy_perform(s.easy);
    if (bad)
        return failure(&s, bad, err);
    if (answer)
        vl_buf_append_str(answer, s.last);
    return 0;
}
