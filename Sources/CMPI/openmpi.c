// Open MPI and what vendors make of it: handles are addresses of objects in the library.
#include <stddef.h>
typedef void *Comm, *Datatype, *Op, *Request, *Errhandler;
#define IN_PLACE ((void *)1)
#define STATUS_IGNORE NULL
#define THREAD_FUNNELED 1
#include "calls.h"

static const char *find_constants(void *library) {
    const struct { void **handle; const char *name; } all[] = {
        {&world, "ompi_mpi_comm_world"},
        {&errors_return, "ompi_mpi_errors_return"},
        {&types[SIMILE_MPI_BYTE], "ompi_mpi_byte"},
        {&types[SIMILE_MPI_FLOAT], "ompi_mpi_float"},
        {&types[SIMILE_MPI_UINT64], "ompi_mpi_uint64_t"},
        {&types[SIMILE_MPI_BFLOAT16], "ompi_mpi_uint16_t"},
        {&operations[SIMILE_MPI_SUM], "ompi_mpi_op_sum"},
        {&operations[SIMILE_MPI_OR], "ompi_mpi_op_bor"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!(*all[i].handle = dlsym(library, all[i].name))) return all[i].name;
    return NULL;
}
const simile_mpi simile_mpi_openmpi = CALLS;
