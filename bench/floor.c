/* What no image scanner can go below: inflate, digest of the blob, digest of what is in it, walk over the tar
 * headers.
 *
 *   floor LAYER...            blobs of layers: gzip, zstd or plain tar
 *   floor docker-archive.tar  the layers in it
 *
 * Each layer is inflated by one thread (ISA-L or libzstd) while a second one computes the digests; two layers
 * at a time where there are two. Nothing is kept and nothing is looked into: this is not a scanner, it is the
 * price of reading. */
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <isa-l/igzip_lib.h>
#include <openssl/evp.h>
#include <zstd.h>

#define LAYERS_MAX  1024
#define CHUNK       (256U * 1024)
#define CHUNKS      8
#define BLOCK       512U
#define SIZE_OFFSET 124
#define SIZE_DIGITS 12

struct layer {
    const uint8_t *data;
    size_t len;
    bool plain; /* uncompressed, in an archive: one digest is enough */
    uint64_t out, entries;
};

/* A ring of chunks between the thread that inflates and the one that digests. */
struct ring {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    uint8_t *chunk[CHUNKS];
    size_t len[CHUNKS];
    uint64_t written, read;
    bool ended;
};

struct walk {
    uint8_t header[BLOCK];
    size_t have;
    uint64_t skip, entries;
};

static struct layer layers[LAYERS_MAX];
static size_t n_layers, next_layer;
static pthread_mutex_t queue = PTHREAD_MUTEX_INITIALIZER;

static uint64_t octal(const uint8_t *digits)
{
    uint64_t value = 0;
    for (size_t i = 0; i < SIZE_DIGITS && digits[i] >= '0' && digits[i] <= '7'; i++)
        value = value * 8 + (uint64_t)(digits[i] - '0');
    return value;
}

static uint64_t padded(uint64_t size)
{
    return (size + BLOCK - 1) / BLOCK * BLOCK;
}

static void walk_feed(struct walk *w, const uint8_t *p, size_t n)
{
    while (n) {
        if (w->skip) {
            size_t k = n < w->skip ? n : (size_t)w->skip;
            w->skip -= k, p += k, n -= k;
            continue;
        }
        size_t k = BLOCK - w->have < n ? BLOCK - w->have : n;
        memcpy(w->header + w->have, p, k);
        w->have += k, p += k, n -= k;
        if (w->have < BLOCK)
            return;
        w->have = 0;
        if (w->header[0] == 0)
            continue;
        w->entries++;
        w->skip = padded(octal(w->header + SIZE_OFFSET));
    }
}

struct digest_job {
    struct ring *ring; /* NULL: nothing but the blob */
    const struct layer *layer;
};

static void digest_all(const uint8_t *p, size_t n)
{
    uint8_t out[EVP_MAX_MD_SIZE];
    unsigned len;
    (void)EVP_Digest(p, n, out, &len, EVP_sha256(), NULL);
}

/* The blob first: the ring meanwhile fills. */
static void *digest_thread(void *arg)
{
    struct digest_job *job = arg;
    struct ring *ring = job->ring;
    digest_all(job->layer->data, job->layer->len);
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    (void)EVP_DigestInit_ex(md, EVP_sha256(), NULL);
    for (;;) {
        pthread_mutex_lock(&ring->lock);
        while (ring->read == ring->written && !ring->ended)
            pthread_cond_wait(&ring->moved, &ring->lock);
        bool end = ring->read == ring->written;
        size_t slot = ring->read % CHUNKS;
        pthread_mutex_unlock(&ring->lock);
        if (end)
            break;
        (void)EVP_DigestUpdate(md, ring->chunk[slot], ring->len[slot]);
        pthread_mutex_lock(&ring->lock);
        ring->read++;
        pthread_cond_signal(&ring->moved);
        pthread_mutex_unlock(&ring->lock);
    }
    EVP_MD_CTX_free(md);
    return NULL;
}

static uint8_t *ring_slot(struct ring *ring)
{
    pthread_mutex_lock(&ring->lock);
    while (ring->written - ring->read == CHUNKS)
        pthread_cond_wait(&ring->moved, &ring->lock);
    uint8_t *chunk = ring->chunk[ring->written % CHUNKS];
    pthread_mutex_unlock(&ring->lock);
    return chunk;
}

static void ring_push(struct ring *ring, size_t len)
{
    pthread_mutex_lock(&ring->lock);
    ring->len[ring->written % CHUNKS] = len;
    ring->written++;
    pthread_cond_signal(&ring->moved);
    pthread_mutex_unlock(&ring->lock);
}

static void inflate_gzip(struct layer *layer, struct ring *ring, struct walk *walk)
{
    struct inflate_state state;
    struct isal_gzip_header header;
    isal_inflate_init(&state);
    state.next_in = (uint8_t *)(uintptr_t)layer->data;
    state.avail_in = (uint32_t)layer->len;
    state.crc_flag = ISAL_GZIP;
    isal_gzip_header_init(&header);
    (void)isal_read_gzip_header(&state, &header);
    do {
        uint8_t *chunk = ring_slot(ring);
        state.next_out = chunk;
        state.avail_out = CHUNK;
        if (isal_inflate(&state) != ISAL_DECOMP_OK)
            exit(1);
        size_t n = CHUNK - state.avail_out;
        walk_feed(walk, chunk, n);
        layer->out += n;
        ring_push(ring, n);
    } while (state.block_state != ISAL_BLOCK_FINISH || state.avail_out == 0);
}

static void inflate_zstd(struct layer *layer, struct ring *ring, struct walk *walk)
{
    ZSTD_DCtx *ctx = ZSTD_createDCtx();
    ZSTD_inBuffer in = {layer->data, layer->len, 0};
    while (in.pos < in.size) {
        uint8_t *chunk = ring_slot(ring);
        ZSTD_outBuffer out = {chunk, CHUNK, 0};
        if (ZSTD_isError(ZSTD_decompressStream(ctx, &out, &in)))
            exit(1);
        walk_feed(walk, chunk, out.pos);
        layer->out += out.pos;
        ring_push(ring, out.pos);
    }
    ZSTD_freeDCtx(ctx);
}

static void read_layer(struct layer *layer)
{
    struct walk walk = {0};
    struct ring ring = {.lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};
    if (layer->plain) {
        digest_all(layer->data, layer->len);
        walk_feed(&walk, layer->data, layer->len);
        layer->out = layer->len;
        layer->entries = walk.entries;
        return;
    }
    for (size_t i = 0; i < CHUNKS; i++)
        ring.chunk[i] = malloc(CHUNK);
    struct digest_job job = {&ring, layer};
    pthread_t thread;
    if (pthread_create(&thread, NULL, digest_thread, &job) != 0)
        exit(1);
    if (layer->data[0] == 0x1f)
        inflate_gzip(layer, &ring, &walk);
    else
        inflate_zstd(layer, &ring, &walk);
    pthread_mutex_lock(&ring.lock);
    ring.ended = true;
    pthread_cond_signal(&ring.moved);
    pthread_mutex_unlock(&ring.lock);
    pthread_join(thread, NULL);
    for (size_t i = 0; i < CHUNKS; i++)
        free(ring.chunk[i]);
    layer->entries = walk.entries;
}

static void *worker(void *arg)
{
    (void)arg;
    for (;;) {
        pthread_mutex_lock(&queue);
        size_t i = next_layer++;
        pthread_mutex_unlock(&queue);
        if (i >= n_layers)
            return NULL;
        read_layer(&layers[i]);
    }
}

static void add(const uint8_t *data, size_t len, bool plain)
{
    if (n_layers < LAYERS_MAX && len)
        layers[n_layers++] = (struct layer){.data = data, .len = len, .plain = plain};
}

/* The members of a docker-archive that are tar files themselves. */
static void add_archive(const uint8_t *data, size_t len)
{
    for (size_t at = 0; at + BLOCK <= len && data[at];) {
        size_t size = (size_t)octal(data + at + SIZE_OFFSET), body = at + BLOCK;
        if (size > BLOCK && body + size <= len && memcmp(data + body + 257, "ustar", 5) == 0)
            add(data + body, size, true);
        at = body + padded(size);
    }
}

static void add_file(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0 || st.st_size < (off_t)BLOCK) {
        perror(path);
        exit(1);
    }
    const uint8_t *data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED)
        exit(1);
    (void)close(fd);
    bool gzip = data[0] == 0x1f && data[1] == 0x8b, zstd = memcmp(data, "\x28\xb5\x2f\xfd", 4) == 0;
    size_t before = n_layers;
    if (!gzip && !zstd)
        add_archive(data, (size_t)st.st_size);
    if (n_layers == before)
        add(data, (size_t)st.st_size, !gzip && !zstd);
}

static double seconds(struct timespec a, struct timespec b)
{
    return (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) * 1e-9;
}

int main(int argc, char **argv)
{
    struct timespec began, ended;
    struct rusage use;
    pthread_t second;
    clock_gettime(CLOCK_MONOTONIC, &began);
    for (int i = 1; i < argc; i++)
        add_file(argv[i]);
    if (n_layers == 0) {
        fputs("floor: which layers?\n", stderr);
        return 3;
    }
    bool two = pthread_create(&second, NULL, worker, NULL) == 0;
    worker(NULL);
    if (two)
        pthread_join(second, NULL);
    uint64_t in = 0, out = 0, entries = 0;
    for (size_t i = 0; i < n_layers; i++)
        in += layers[i].len, out += layers[i].out, entries += layers[i].entries;
    clock_gettime(CLOCK_MONOTONIC, &ended);
    getrusage(RUSAGE_SELF, &use);
    printf("%.3f s wall, %.3f s cpu, %zu layers, %llu entries, %.1f MB in, %.1f MB out\n",
        seconds(began, ended),
        (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
            (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) * 1e-6,
        n_layers, (unsigned long long)entries, (double)in / 1e6, (double)out / 1e6);
    return 0;
}
