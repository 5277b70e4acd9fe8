/* Stands between a server and its disk (LD_PRELOAD): syncs take so much longer, and where the disk is "full" no file grows.
 *
 * What it does stands in a file of two numbers that the chaos writes: milliseconds a sync, and whether the disk is full.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct told {
    volatile int32_t milliseconds;
    volatile int32_t full;
};

static struct told *told;

__attribute__((constructor)) static void look(void) {
    const char *path = getenv("CHAOS_DISK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *seen = mmap(NULL, sizeof(struct told), PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (seen != MAP_FAILED)
        told = seen;
}

static void take_long(void) {
    int wait = told ? told->milliseconds : 0;
    if (wait > 0) {
        struct timespec left = {wait / 1000, (wait % 1000) * 1000000L};
        while (nanosleep(&left, &left) != 0 && errno == EINTR)
            ;
    }
}

/* Overwriting is possible on a full disk, growing is not. */
static int no_room(int file, off_t end) {
    struct stat found;
    if (!told || !told->full || fstat(file, &found) != 0 || !S_ISREG(found.st_mode) || end <= found.st_size)
        return 0;
    errno = ENOSPC;
    return 1;
}

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) \
        real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

int fsync(int file) {
    REAL(int, "fsync", int);
    take_long();
    return real(file);
}

int fdatasync(int file) {
    REAL(int, "fdatasync", int);
    take_long();
    return real(file);
}

ssize_t pwrite(int file, const void *data, size_t size, off_t at) {
    REAL(ssize_t, "pwrite", int, const void *, size_t, off_t);
    return no_room(file, at + (off_t)size) ? -1 : real(file, data, size, at);
}

ssize_t pwrite64(int file, const void *data, size_t size, off64_t at) {
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    return no_room(file, at + (off_t)size) ? -1 : real(file, data, size, at);
}

static off_t all_of(const struct iovec *parts, int count) {
    off_t sum = 0;
    for (int i = 0; i < count; i++)
        sum += (off_t)parts[i].iov_len;
    return sum;
}

ssize_t pwritev(int file, const struct iovec *parts, int count, off_t at) {
    REAL(ssize_t, "pwritev", int, const struct iovec *, int, off_t);
    return no_room(file, at + all_of(parts, count)) ? -1 : real(file, parts, count, at);
}

ssize_t pwritev64(int file, const struct iovec *parts, int count, off64_t at) {
    REAL(ssize_t, "pwritev64", int, const struct iovec *, int, off64_t);
    return no_room(file, at + all_of(parts, count)) ? -1 : real(file, parts, count, at);
}

int posix_fallocate(int file, off_t at, off_t size) {
    REAL(int, "posix_fallocate", int, off_t, off_t);
    return no_room(file, at + size) ? ENOSPC : real(file, at, size);
}

int posix_fallocate64(int file, off64_t at, off64_t size) {
    REAL(int, "posix_fallocate64", int, off64_t, off64_t);
    return no_room(file, at + size) ? ENOSPC : real(file, at, size);
}
