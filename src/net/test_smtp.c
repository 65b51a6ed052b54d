/* Against a real mail server (tests/servers/smtp.py, aiosmtpd). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "codec/doc.h"
#include "net/crypt.h"
#include "net/smtp.h"

#define MESSAGE \
    "From: <v@example.org>\r\nTo: <a@example.org>\r\nSubject: x\r\n\r\none\r\n.two\r\n.\r\nthree\r\n"

static char folder[] = "/tmp/vallum-smtp-XXXXXX";
static char *authority_pem;
static char *other_pem;

struct server {
    pid_t pid;
    int in;
    uint16_t port;
};

static void file(const char *name, struct vl_span text)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_int_equal(fwrite(text.ptr, 1, text.len, f), text.len);
    assert_int_equal(fclose(f), 0);
}

/* `options`: up to four, end with NULL. */
static struct server begin(const char *const *options)
{
    char script[512], cert[128], key[128], text[16] = "";
    const char *source = getenv("VALLUM_CHECKOUT");
    int in[2], out[2];
    (void)snprintf(script, sizeof(script), "%s/tests/servers/smtp.py", source ? source : ".");
    (void)snprintf(cert, sizeof(cert), "%s/cert.pem", folder);
    (void)snprintf(key, sizeof(key), "%s/key.pem", folder);
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    struct server s = {.pid = fork(), .in = in[1]};
    if (s.pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        char python[] = "python3";
        char *argv[12] = {python, script, folder, cert, key};
        for (size_t i = 0; options && i < 4 && options[i]; i++)
            argv[5 + i] = (char *)(uintptr_t)options[i];
        execvp("python3", argv);
        _exit(127);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    size_t n = 0; /* a line, in whatever pieces */
    while (n < sizeof(text) - 1 && read(out[0], text + n, 1) == 1 && text[n] != '\n')
        n++;
    (void)close(out[0]);
    if (n == 0) {
        int status = 0;
        (void)waitpid(s.pid, &status, 0);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
            print_message("python3-aiosmtpd is not installed: not tested\n");
            exit(77);
        }
        fail_msg("the mail server does not start");
    }
    uint64_t port = 0;
    assert_true(vl_span_to_u64(vl_span_trim(vl_span_str(text)), &port));
    s.port = (uint16_t)port;
    return s;
}

static void end(struct server *s)
{
    (void)close(s->in);
    (void)waitpid(s->pid, NULL, 0);
}

static int set_up(void **state)
{
    (void)state;
    struct vl_crypt_identity authority VL_CLEANUP(vl_crypt_identity_done);
    struct vl_crypt_identity other VL_CLEANUP(vl_crypt_identity_done);
    struct vl_crypt_identity server VL_CLEANUP(vl_crypt_identity_done);
    const char *const names[] = {"localhost", "127.0.0.1"};
    struct vl_err err = VL_ERR_INIT;
    vl_crypt_identity_init(&authority);
    vl_crypt_identity_init(&other);
    vl_crypt_identity_init(&server);
    signal(SIGPIPE, SIG_IGN);
    if (!mkdtemp(folder) || vl_crypt_make_authority("test", &authority, &err) < 0 ||
        vl_crypt_make_authority("other", &other, &err) < 0 ||
        vl_crypt_make_server(&authority, names, 2, 2, &server, &err) < 0)
        return -1;
    file("cert.pem", vl_buf_span(&server.certificate_pem));
    file("key.pem", vl_buf_span(&server.key_pem));
    authority_pem = strdup(vl_buf_str(&authority.certificate_pem));
    other_pem = strdup(vl_buf_str(&other.certificate_pem));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(authority_pem);
    free(other_pem);
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", folder, (char *)NULL);
        _exit(127);
    }
    return waitpid(pid, NULL, 0) == pid ? 0 : -1;
}

static void delivers(void **state)
{
    (void)state;
    static const char *const options[] = {"--login", "me:pass word", NULL};
    struct server s = begin(options);
    struct vl_buf answer VL_CLEANUP(vl_buf_done);
    struct vl_buf kept VL_CLEANUP(vl_buf_done);
    struct vl_buf said VL_CLEANUP(vl_buf_done);
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    struct vl_err err = VL_ERR_INIT;
    char path[128];
    vl_buf_init(&answer, VL_SMTP_ANSWER_MAX);
    vl_buf_init(&kept, 1 << 16);
    vl_buf_init(&said, 1 << 16);
    struct vl_smtp_server server = {.host = "localhost",
        .port = s.port,
        .username = "me",
        .password = "pass word",
        .ca_pem = authority_pem,
        .hello = "vallum.example"};
    int r = vl_smtp_send(&server, "v@example.org", "a@example.org", VL_SPAN_LIT(MESSAGE), &answer, &err);
    if (r < 0)
        fail_msg("%s", err.msg);
    assert_non_null(strstr(vl_buf_str(&answer), "kept as 1"));
    (void)snprintf(path, sizeof(path), "%s/1.eml", folder);
    assert_true(vl_file_read(path, 1 << 16, &kept, &err) >= 0);
    assert_string_equal(vl_buf_str(&kept), MESSAGE); /* dots and all */
    (void)snprintf(path, sizeof(path), "%s/1.json", folder);
    assert_true(vl_file_read(path, 1 << 16, &said, &err) >= 0);
    assert_int_equal(vl_doc_parse(vl_buf_span(&said), VL_DOC_JSON, "json", &doc, &err), 0);
    assert_true(vl_doc_bool(vl_doc_get(vl_doc_root(doc), "tls")));
    assert_true(vl_span_eq_str(vl_doc_get_str(vl_doc_root(doc), "user"), "me"));
    assert_true(vl_span_eq_str(vl_doc_get_str(vl_doc_root(doc), "from"), "v@example.org"));
    server.password = "wrong";
    assert_true(
        vl_smtp_send(&server, "v@example.org", "a@example.org", VL_SPAN_LIT(MESSAGE), NULL, &err) < 0);
    assert_int_equal(err.code, VL_ERR_AUTH);
    assert_null(strstr(err.msg, "wrong"));
    server.ca_pem = other_pem;
    assert_true(
        vl_smtp_send(&server, "v@example.org", "a@example.org", VL_SPAN_LIT(MESSAGE), NULL, &err) < 0);
    assert_int_equal(err.code, VL_ERR_AUTH);
    server.ca_pem = NULL; /* the system's do not know it either */
    assert_true(
        vl_smtp_send(&server, "v@example.org", "a@example.org", VL_SPAN_LIT(MESSAGE), NULL, &err) < 0);
    assert_int_equal(err.code, VL_ERR_AUTH);
    end(&s);
}

static void refused(void **state)
{
    (void)state;
    static const char *const options[] = {"--refuse", "no@example.org", "--later", "later@example.org"};
    struct server s = begin(options);
    struct vl_err err = VL_ERR_INIT;
    struct vl_smtp_server server = {.host = "127.0.0.1", .port = s.port, .ca_pem = authority_pem};
    int r = vl_smtp_send(&server, "v@example.org", "no@example.org", VL_SPAN_LIT(MESSAGE), NULL, &err);
    assert_true(r < 0);
    if (err.code != VL_ERR_INVALID)
        fail_msg("%s", err.msg);
    if (!strstr(err.msg, "nobody of that name here"))
        fail_msg("%s", err.msg);
    r = vl_smtp_send(&server, "v@example.org", "later@example.org", VL_SPAN_LIT(MESSAGE), NULL, &err);
    assert_true(r < 0);
    assert_int_equal(err.code, VL_ERR_UNREACHABLE);
    end(&s);
    r = vl_smtp_send(&server, "v@example.org", "a@example.org", VL_SPAN_LIT(MESSAGE), NULL, &err);
    assert_true(r < 0); /* nobody listens any more */
    assert_int_equal(err.code, VL_ERR_UNREACHABLE);
}

/* A server without STARTTLS (or somebody between who took it out) gets neither password nor mail. */
static void never_in_the_clear(void **state)
{
    (void)state;
    static const char *const options[] = {"--no-tls", NULL};
    struct server s = begin(options);
    struct vl_err err = VL_ERR_INIT;
    struct vl_smtp_server server = {
        .host = "127.0.0.1", .port = s.port, .ca_pem = authority_pem, .username = "me", .password = "x"};
    assert_true(
        vl_smtp_send(&server, "v@example.org", "a@example.org", VL_SPAN_LIT(MESSAGE), NULL, &err) < 0);
    if (!strstr(err.msg, "STARTTLS"))
        fail_msg("%s", err.msg);
    end(&s);
}

static void wrong_names(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    static const char *const hosts[] = {"", "a b", "a/b", "user@host", "host\r\n", "host?x"};
    for (size_t i = 0; i < VL_ARRAY_LEN(hosts); i++) {
        struct vl_smtp_server server = {.host = hosts[i]};
        assert_true(
            vl_smtp_send(&server, "v@example.org", "a@example.org", VL_SPAN_LIT(MESSAGE), NULL, &err) < 0);
        assert_int_equal(err.code, VL_ERR_INVALID);
    }
    struct vl_smtp_server server = {.host = "127.0.0.1"};
    assert_true(
        vl_smtp_send(&server, "v@example.org", "a@b>\r\nRCPT TO:<c@d", VL_SPAN_LIT(MESSAGE), NULL, &err) < 0);
    assert_int_equal(err.code, VL_ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(wrong_names), cmocka_unit_test(delivers),
        cmocka_unit_test(refused), cmocka_unit_test(never_in_the_clear)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
