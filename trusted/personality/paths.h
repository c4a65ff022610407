/* SPDX-License-Identifier: Apache-2.0 */
/* Granted directories, and the way from a guest path to a host descriptor beneath one of them. */
#ifndef PORIN_PERSONALITY_PATHS_H
#define PORIN_PERSONALITY_PATHS_H
#include <limits.h>
#include <sys/types.h>
#include "personality.h"

struct open_file;
struct stat;

/* A directory of the host that the domain sees as guest path. The grant ends at mount points beneath it. */
struct grant {
    int directory;                     /* host descriptor, O_PATH */
    bool read_only;
    uint64_t mount;                    /* the mount it lies in; 0: the kernel does not tell */
    char *guest;                       /* absolute, normalised */
    size_t guest_length;               /* without a trailing slash: 0 for "/" */
};

/* Says in *error why a directory cannot be granted. On failure grants_close is still due. */
porin_status grants_open(struct personality *own, const struct porin_domain_options *options, struct porin_error *error);
void grants_close(struct personality *own);

/* The current directory, a guest path. Under the lock. */
const char *directory_now(const struct personality *own);

/* Where a guest path leads: `path` beneath host directory `directory`. */
struct place {
    int directory;                     /* -1: a directory that exists only because a grant's guest path goes through it */
    bool constant;                     /* in a read-only grant */
    bool dots;                         /* the path ended in "." or ".." */
    uint64_t mount;                    /* of the grant; 0: not known */
    bool must_be_directory;            /* the path ended in "/" or "." or ".." */
    struct open_file *held;            /* keeps `directory` open; NULL: a grant's, which outlives every request */
    char *path;                        /* into `text`; "." is the directory itself */
    char text[PATH_MAX];               /* normalised: absolute guest path, or path relative to `held` */
};

/* Fetches and resolves argument path (an address) relative to guest descriptor `from` or AT_FDCWD. 0 (then place_release is due) or
 * -errno. ".." and "." are taken out by name alone; what symbolic links do is decided by the kernel when the place is opened. */
int64_t place_find(struct place *place, const struct request *request, int from, uint64_t path);
/* The absolute, normalised guest path that a path of the domain's means: at most PATH_MAX bytes. False: too long. */
bool path_absolute(struct personality *own, const char *path, char out[PATH_MAX]);
/* The same as place_find for a path that was fetched already. */
int64_t place_find_text(struct place *place, const struct request *request, const char *path);
void place_release(struct place *place);

/* Its guest path, to be freed; NULL: not known, or no memory. */
char *place_guest_path(const struct place *place);

/* Opens it on the host: never outside the granted directory, on another file system, or through magic links. Descriptor or -errno. */
int place_open(const struct place *place, int flags, mode_t mode);
/* The facts of what lies directly in the granted directory, in one system call. False: it takes opening the place to tell, or to refuse. */
bool place_facts(const struct place *place, bool follow, struct stat *facts);
/* A quick look at what place_open with these flags would open: is it a regular file or a directory? False: look closer. The look follows
 * links wherever they lead, so it may decide nothing else and be told to nobody. */
bool place_is_plain(const struct place *place, int flags);
/* For changes of a directory: opens the one that holds the place's last name, and points *name to that. -EBUSY for the grant itself and for
 * names that end in "." or "..", -EROFS in read-only grants. */
int place_open_parent(struct place *place, const char **name);
#endif
