// The calls of MPI 3 that Simile makes, of a library that is opened at run time: neither headers nor a library are needed to
// build, and one binary works with every family of libraries.
#pragma once

#include <stdint.h>

/// What is sent.
typedef enum {
    SIMILE_MPI_BYTE,
    SIMILE_MPI_FLOAT,
    SIMILE_MPI_UINT64,
    /// bfloat16, which MPI does not know; only for sums.
    SIMILE_MPI_BFLOAT16,
} simile_mpi_type;

/// What is made of the numbers of all processes.
typedef enum { SIMILE_MPI_SUM, SIMILE_MPI_OR } simile_mpi_operation;

/// A call under way. What it reads and writes must stay where it is until `test` says that it is done.
typedef struct { uint64_t handle; } simile_mpi_request;

/// The calls of one family of libraries. Each gives MPI's error code, 0 for success.
typedef struct {
    /// Finds the functions and constants in an open library; the name of what it lacks, or NULL.
    const char *_Nullable (*_Nonnull bind)(void *_Nonnull library);
    /// What the library says of itself; `text` has 8192 bytes.
    int (*_Nonnull library_version)(char *_Nonnull text, int *_Nonnull length);
    /// The meaning of an error code; `text` has 8192 bytes.
    int (*_Nonnull error_string)(int code, char *_Nonnull text, int *_Nonnull length);
    /// Joins the other processes; all calls must then come from this thread.
    int (*_Nonnull initialize)(int *_Nonnull rank, int *_Nonnull size);
    /// Replaces each number by what `operation` makes of those of all processes.
    int (*_Nonnull all_reduce)(
        void *_Nonnull values, int count, simile_mpi_type, simile_mpi_operation, simile_mpi_request *_Nonnull);
    /// Puts the bytes of each process where it says in `all`.
    int (*_Nonnull all_gather)(
        const void *_Nonnull own, int count, void *_Nonnull all, const int *_Nonnull counts,
        const int *_Nonnull offsets, simile_mpi_request *_Nonnull);
    /// Replaces bytes by those of process 0.
    int (*_Nonnull broadcast)(void *_Nonnull bytes, int count, simile_mpi_request *_Nonnull);
    /// Is done when every process has called it.
    int (*_Nonnull barrier)(simile_mpi_request *_Nonnull);
    /// Goes on with all calls under way, and tells whether one is done.
    int (*_Nonnull test)(simile_mpi_request *_Nonnull, int *_Nonnull is_done);
    int (*_Nonnull finalize)(void);
    int (*_Nonnull abort)(int code);
} simile_mpi;

extern const simile_mpi simile_mpi_openmpi, simile_mpi_mpich, simile_mpi_standard;

/// The file that the function at an address is from.
const char *_Nullable simile_mpi_file_of(const void *_Nonnull address);
