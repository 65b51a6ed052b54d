/* TCP and UDP against sockets of the test, TLS against Python's ssl (OpenSSL); tests/functional/test_notify
 * has rsyslog. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "net/crypt.h"
#include "net/peer.h"

#define TEXT "5 hello"

static uint16_t listen_any(int type, int *ret_fd)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(a);
    *ret_fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    assert_true(*ret_fd >= 0);
    assert_int_equal(bind(*ret_fd, (struct sockaddr *)&a, sizeof(a)), 0);
    if (type == SOCK_STREAM)
        assert_int_equal(listen(*ret_fd, 4), 0);
    assert_int_equal(getsockname(*ret_fd, (struct sockaddr *)&a, &n), 0);
    return ntohs(a.sin_port);
}

struct taker {
    int fd;
    char got[1024];
    size_t len;
    bool reset; /* ends without reading */
};

static void *take(void *user)
{
    struct taker *t = user;
    int fd = accept(t->fd, NULL, NULL);
    if (t->reset) {
        struct linger hard = {.l_onoff = 1};
        (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    } else {
        ssize_t n;
        while ((n = read(fd, t->got + t->len, sizeof(t->got) - 1 - t->len)) > 0)
            t->len += (size_t)n;
    }
    (void)close(fd);
    return NULL;
}

static void tcp(void **state)
{
    (void)state;
    struct taker t = {0};
    struct vl_err err = VL_ERR_INIT;
    pthread_t thread;
    bool closed = false;
    struct vl_peer peer = {
        .host = "127.0.0.1", .port = listen_any(SOCK_STREAM, &t.fd), .transport = VL_PEER_TCP};
    assert_int_equal(pthread_create(&thread, NULL, take, &t), 0);
    if (vl_peer_send(&peer, VL_SPAN_LIT(TEXT), &closed, &err) < 0)
        fail_msg("%s", err.msg);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(closed);
    assert_string_equal(t.got, TEXT);
    /* One that hangs up without having read. */
    t.reset = true;
    assert_int_equal(pthread_create(&thread, NULL, take, &t), 0);
    assert_true(vl_peer_send(&peer, VL_SPAN_LIT(TEXT), &closed, &err) < 0);
    assert_int_equal(err.code, VL_ERR_UNREACHABLE);
    assert_int_equal(pthread_join(thread, NULL), 0);
    (void)close(t.fd);
    assert_true(vl_peer_send(&peer, VL_SPAN_LIT(TEXT), NULL, &err) < 0);
    assert_int_equal(err.code, VL_ERR_UNREACHABLE);
}

static void udp(void **state)
{
    (void)state;
    int fd;
    char got[64] = "";
    struct vl_err err = VL_ERR_INIT;
    struct vl_peer peer = {.host = "localhost", .transport = VL_PEER_UDP};
    peer.port = listen_any(SOCK_DGRAM, &fd);
    peer.host = "127.0.0.1";
    assert_true(vl_peer_send(&peer, VL_SPAN_LIT("<1>1 hello"), NULL, &err) >= 0);
    assert_int_equal(recv(fd, got, sizeof(got) - 1, 0), 10);
    assert_string_equal(got, "<1>1 hello");
    (void)close(fd);
    static char large[VL_PEER_DATAGRAM_MAX + 1];
    assert_true(vl_peer_send(&peer, (struct vl_span){large, sizeof(large)}, NULL, &err) < 0);
    assert_int_equal(err.code, VL_ERR_LIMIT);
}

static void nobody(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_peer peer = {.host = "no.such.name.invalid", .port = 6514};
    assert_true(vl_peer_send(&peer, VL_SPAN_LIT(TEXT), NULL, &err) < 0);
    assert_int_equal(err.code, VL_ERR_UNREACHABLE);
    peer.host = "127.0.0.1";
    peer.ca_pem = "no certificate";
    int fd;
    peer.port = listen_any(SOCK_STREAM, &fd);
    assert_true(vl_peer_send(&peer, VL_SPAN_LIT(TEXT), NULL, &err) < 0);
    assert_int_equal(err.code, VL_ERR_USAGE);
    (void)close(fd);
}

static void put(const char *path, struct vl_span text)
{
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_int_equal(fwrite(text.ptr, 1, text.len, f), text.len);
    assert_int_equal(fclose(f), 0);
}

/* Says its port, then what each client sent, a line each. */
static const char program[] = "import socket, ssl, sys\n"
                              "c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n"
                              "c.load_cert_chain(sys.argv[1], sys.argv[2])\n"
                              "s = socket.create_server(('127.0.0.1', 0))\n"
                              "print(s.getsockname()[1], flush=True)\n"
                              "while True:\n"
                              "    try:\n"
                              "        with c.wrap_socket(s.accept()[0], server_side=True) as t:\n"
                              "            got = b''\n"
                              "            while piece := t.recv(4096):\n"
                              "                got += piece\n"
                              "            print(got.decode(), flush=True)\n"
                              "    except ssl.SSLError as e:\n"
                              "        print('error', e.reason, flush=True)\n"
                              "    except OSError:\n"
                              "        print('reset', flush=True)\n";

static void line_of(int fd, char *text, size_t max)
{
    size_t n = 0;
    while (n < max - 1 && read(fd, text + n, 1) == 1 && text[n] != '\n')
        n++;
    text[n] = '\0';
}

static void tls(void **state)
{
    (void)state;
    char folder[] = "/tmp/vallum-peer-XXXXXX", cert[64], key[64];
    struct vl_crypt_identity authority VL_CLEANUP(vl_crypt_identity_done);
    struct vl_crypt_identity server VL_CLEANUP(vl_crypt_identity_done);
    struct vl_crypt_identity other VL_CLEANUP(vl_crypt_identity_done);
    const char *const names[] = {"localhost"};
    struct vl_err err = VL_ERR_INIT;
    int out[2];
    vl_crypt_identity_init(&authority);
    vl_crypt_identity_init(&server);
    vl_crypt_identity_init(&other);
    assert_non_null(mkdtemp(folder));
    assert_true(vl_crypt_make_authority("test", &authority, &err) >= 0);
    assert_true(vl_crypt_make_authority("other", &other, &err) >= 0);
    assert_true(vl_crypt_make_server(&authority, names, 1, 2, &server, &err) >= 0);
    (void)snprintf(cert, sizeof(cert), "%s/cert", folder);
    (void)snprintf(key, sizeof(key), "%s/key", folder);
    put(cert, vl_buf_span(&server.certificate_pem));
    put(key, vl_buf_span(&server.key_pem));
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(out[1], 1);
        execlp("python3", "python3", "-c", program, cert, key, (char *)NULL);
        _exit(127);
    }
    (void)close(out[1]);
    char got[64] = "";
    uint64_t port = 0;
    line_of(out[0], got, sizeof(got));
    assert_true(vl_span_to_u64(vl_span_str(got), &port));
    struct vl_peer peer = {
        .host = "localhost", .port = (uint16_t)port, .ca_pem = vl_buf_str(&authority.certificate_pem)};
    bool closed = false;
    if (vl_peer_send(&peer, VL_SPAN_LIT(TEXT), &closed, &err) < 0)
        fail_msg("%s", err.msg);
    assert_true(closed);
    line_of(out[0], got, sizeof(got));
    assert_string_equal(got, TEXT);
    peer.ca_pem = vl_buf_str(&other.certificate_pem);
    assert_true(vl_peer_send(&peer, VL_SPAN_LIT("secret"), NULL, &err) < 0);
    assert_int_equal(err.code, VL_ERR_AUTH);
    peer.ca_pem = vl_buf_str(&authority.certificate_pem);
    peer.host = "127.0.0.1"; /* not in the certificate */
    assert_true(vl_peer_send(&peer, VL_SPAN_LIT("secret"), NULL, &err) < 0);
    assert_int_equal(err.code, VL_ERR_AUTH);
    (void)kill(pid, SIGTERM);
    (void)waitpid(pid, NULL, 0);
    (void)close(out[0]);
    (void)unlink(cert);
    (void)unlink(key);
    (void)rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tcp), cmocka_unit_test(udp), cmocka_unit_test(nobody), cmocka_unit_test(tls)};
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
