/* A disk that fails: preloaded, it lets the N-th call below one folder fail, as told through `faults_arm`.
 *
 * Counted are the calls that make, write, sync, rename or close files, and only those for paths below that folder.
 * Files are removed without a fault, as the tidying after one is what is tested. Not thread-safe: one writer at a time.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { ONCE, EVER, HALF, SHORT }; /* the N-th call; all from there; a half write, then all; only short writes */

static char folder[PATH_MAX], lines[1 << 20];
static size_t folder_length, lines_length;
static long calls, fail_at;
static int code, mode;

void faults_arm(const char *below, long at, int errno_of_fault, int mode_of_fault) {
    folder_length = strlen(below);
    memcpy(folder, below, folder_length + 1);
    calls = 0, lines_length = 0, lines[0] = 0;
    fail_at = at, code = errno_of_fault, mode = mode_of_fault;
}

long faults_disarm(void) {
    folder_length = 0;
    return calls;
}

/* "operation path", one a line: what was tried since `faults_arm`. */
const char *faults_log(void) { return lines; }

static int is_below(const char *path) {
    return folder_length && path && !strncmp(path, folder, folder_length) && strchr("/", path[folder_length]);
}

static const char *path_of(int descriptor, char *room) {
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, room, PATH_MAX - 1);
    room[length < 0 ? 0 : length] = 0;
    return room;
}

/* Whether this call is to fail, which is counted if it is below the folder; sets errno then. */
static int fails(const char *operation, const char *path) {
    if (!is_below(path)) return 0;
    int wrote = snprintf(lines + lines_length, sizeof lines - lines_length, "%s %s\n", operation, path + folder_length);
    if (lines_length + wrote < sizeof lines) lines_length += wrote;
    calls++;
    if (mode == SHORT || !fail_at || calls < fail_at || (mode == ONCE && calls > fail_at)) return 0;
    errno = code;
    return 1;
}

/* How many of `size` bytes a write may take now. */
static size_t share(const char *path, size_t size) {
    int half = is_below(path) && (mode == SHORT || (mode == HALF && calls + 1 == fail_at));
    return half && size > 1 ? size / 2 : size;
}

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        REAL(name); \
        va_list more; \
        va_start(more, flags); \
        mode_t rights = flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, mode_t) : 0; \
        va_end(more); \
        return fails("open", path) ? -1 : real(path, flags, rights); \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name) \
    int name(int at, const char *path, int flags, ...) { \
        REAL(name); \
        va_list more; \
        va_start(more, flags); \
        mode_t rights = flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, mode_t) : 0; \
        va_end(more); \
        return fails("open", path) ? -1 : real(at, path, flags, rights); \
    }
OPENAT(openat)
OPENAT(openat64)

#define ON_DESCRIPTOR(name) \
    int name(int descriptor) { \
        REAL(name); \
        char room[PATH_MAX]; \
        return fails(#name, path_of(descriptor, room)) ? -1 : real(descriptor); \
    }
ON_DESCRIPTOR(fsync)
ON_DESCRIPTOR(fdatasync)

int close(int descriptor) { /* one that fails closes nevertheless */
    REAL(close);
    char room[PATH_MAX];
    int failed = folder_length && fails("close", path_of(descriptor, room));
    int closed = real(descriptor);
    if (failed) errno = code;
    return failed ? -1 : closed;
}

/* The half of a write that is let through is no fault of its own: the one that follows is. */
#define WRITE(name, parameters, arguments) \
    ssize_t name parameters { \
        REAL(name); \
        char room[PATH_MAX]; \
        if (folder_length) { \
            size_t all = size; \
            size = share(path_of(descriptor, room), size); \
            if (size == all || mode == SHORT) { \
                if (fails("write", room)) return -1; \
            } else { \
                calls++; \
            } \
        } \
        return real arguments; \
    }
WRITE(write, (int descriptor, const void *data, size_t size), (descriptor, data, size))
WRITE(pwrite, (int descriptor, const void *data, size_t size, off_t at), (descriptor, data, size, at))
WRITE(pwrite64, (int descriptor, const void *data, size_t size, off64_t at), (descriptor, data, size, at))
WRITE(copy_file_range, (int from, off64_t *at, int descriptor, off64_t *to, size_t size, unsigned flags),
      (from, at, descriptor, to, size, flags))
WRITE(sendfile, (int descriptor, int from, off_t *at, size_t size), (descriptor, from, at, size))
WRITE(sendfile64, (int descriptor, int from, off64_t *at, size_t size), (descriptor, from, at, size))

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
    REAL(writev);
    char room[PATH_MAX];
    return folder_length && fails("write", path_of(descriptor, room)) ? -1 : real(descriptor, parts, count);
}

#define ON_LENGTH(name, size_type) \
    int name(int descriptor, size_type size) { \
        REAL(name); \
        char room[PATH_MAX]; \
        return folder_length && fails("truncate", path_of(descriptor, room)) ? -1 : real(descriptor, size); \
    }
ON_LENGTH(ftruncate, off_t)
ON_LENGTH(ftruncate64, off64_t)

int rename(const char *old, const char *new) {
    REAL(rename);
    return fails("rename", new) ? -1 : real(old, new);
}

int renameat(int from, const char *old, int to, const char *new) {
    REAL(renameat);
    return fails("rename", new) ? -1 : real(from, old, to, new);
}

int renameat2(int from, const char *old, int to, const char *new, unsigned flags) {
    REAL(renameat2);
    return fails("rename", new) ? -1 : real(from, old, to, new, flags);
}
