// System calls that glibc offers only with _GNU_SOURCE, which Swift does not see.
#ifndef SIMILE_CSYSTEM_CALLS_H
#define SIMILE_CSYSTEM_CALLS_H

/// Processors in this thread's affinity mask, or 0 when it cannot be read.
int simile_affinity_count(void);
/// The shared library that holds `address`, or NULL.
const char *_Nullable simile_library_of(const void *_Nonnull address);
/// Swaps what two paths name, at once: 0, or -1 with the reason in errno.
int simile_exchange(const char *_Nonnull a, const char *_Nonnull b);

/// Locks an open file for this opening of it alone, without waiting, until it is closed: 0, or -1 with the reason in
/// errno. Network file systems know the lock too.
int simile_lock(int file);

/// The commit that was built, or "" where the build was not told.
const char *_Nonnull simile_commit(void);

#endif
