// MPICH, Intel MPI, MVAPICH and Cray MPICH, which share an ABI: handles are numbers.
typedef int Comm, Datatype, Op, Request, Errhandler;
#define IN_PLACE ((void *)-1)
#define STATUS_IGNORE ((void *)1)
#define THREAD_FUNNELED 1
#include "calls.h"

static const char *find_constants(void *library) {
    (void)library;
    world = 0x44000000;
    errors_return = 0x54000001;
    types[SIMILE_MPI_BYTE] = 0x4c00010d;
    types[SIMILE_MPI_FLOAT] = 0x4c00040a;
    types[SIMILE_MPI_UINT64] = 0x4c00083e;
    types[SIMILE_MPI_BFLOAT16] = 0x4c00023c;  // that of uint16_t
    operations[SIMILE_MPI_SUM] = 0x58000003;
    operations[SIMILE_MPI_OR] = 0x58000008;
    return NULL;
}
const simile_mpi simile_mpi_mpich = CALLS;
