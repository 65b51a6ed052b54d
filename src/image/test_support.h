/* For the tests of this room: tars written by hand, byte by byte as POSIX ustar has it. */
#ifndef VL_IMAGE_TEST_SUPPORT_H
#define VL_IMAGE_TEST_SUPPORT_H

#include "base/buf.h"

/* Appends one entry; `target` NULL for other types than '1' and '2'. */
void support_tar_add(
    struct vl_buf *tar, const char *path, char type, const char *target, struct vl_span content);
void support_tar_file(struct vl_buf *tar, const char *path, const char *content);
void support_tar_end(struct vl_buf *tar); /* two zero blocks */

/* gzip of `bytes` by the gzip program of the machine. */
void support_gzip(struct vl_span bytes, struct vl_buf *out);

/* Writes a file below `folder`, making folders on the way. */
void support_write(const char *folder, const char *path, struct vl_span bytes);

/* A new folder below $TMPDIR, and its removal with all in it. */
char *support_folder(char path[64]);
void support_remove(const char *folder);

/* "sha256:…" of bytes; text must hold VL_DIGEST_TEXT_MAX. */
const char *support_digest(struct vl_span bytes, char *text);

/* A program that prints one line when it is ready, and ends when its standard input closes. */
struct support_server {
    int pid;
    int in;
    char line[1024];
};
/* False where it cannot be started. `argv` ends with NULL. */
bool support_server_start(struct support_server *server, const char *const *argv);
void support_server_stop(struct support_server *server);

/* Runs a program to its end; its exit status, or -1. Its output goes to standard error where it fails. */
int support_run(const char *const *argv);

/* Path below the sources ($VALLUM_CHECKOUT). */
const char *support_source(const char *path, char ret[1024]);

#endif
