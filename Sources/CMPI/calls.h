// The calls of one family of libraries. Its file defines the types of handles and the constants before it includes this,
// and `find_constants` after it: so each family is called with its own types, and no pointer is taken for a number.
#include <dlfcn.h>
#include <string.h>

#include "CMPI.h"
#include "bfloat16_sum.h"

typedef void Reduction(void *in, void *inout, int *count, Datatype *);

static struct {
    int (*Get_library_version)(char *, int *);
    int (*Error_string)(int, char *, int *);
    int (*Init_thread)(int *, char ***, int, int *);
    int (*Comm_set_errhandler)(Comm, Errhandler);
    int (*Comm_rank)(Comm, int *);
    int (*Comm_size)(Comm, int *);
    int (*Op_create)(Reduction *, int, Op *);
    int (*Iallreduce)(const void *, void *, int, Datatype, Op, Comm, Request *);
    int (*Iallgatherv)(
        const void *, int, Datatype, void *, const int *, const int *, Datatype, Comm, Request *);
    int (*Ibcast)(void *, int, Datatype, int, Comm, Request *);
    int (*Ibarrier)(Comm, Request *);
    int (*Test)(Request *, int *, void *);
    int (*Finalize)(void);
    int (*Abort)(Comm, int);
} mpi;

// The handles, by the numbers of their enumerations.
static Comm world;
static Errhandler errors_return;
static Datatype types[4];
static Op operations[2];
static Op bfloat16_sum;

static const char *find_constants(void *library);

static const char *bind(void *library) {
#define FIND(name) \
    if (!(*(void **)&mpi.name = dlsym(library, "MPI_" #name))) return "MPI_" #name;
    FIND(Get_library_version) FIND(Error_string) FIND(Init_thread) FIND(Comm_set_errhandler)
    FIND(Comm_rank) FIND(Comm_size) FIND(Op_create) FIND(Iallreduce) FIND(Iallgatherv) FIND(Ibcast)
    FIND(Ibarrier) FIND(Test) FIND(Finalize) FIND(Abort)
#undef FIND
    return find_constants(library);
}

static void add_bfloat16(void *in, void *inout, int *count, Datatype *type) {
    (void)type;
    simile_mpi_add_bfloat16(in, inout, *count);
}

static int initialize(int *rank, int *size) {
    int provided, code = mpi.Init_thread(NULL, NULL, THREAD_FUNNELED, &provided);
    // From here on errors are returned: the message is ours.
    if (!code) code = mpi.Comm_set_errhandler(world, errors_return);
    if (!code) code = mpi.Op_create(add_bfloat16, 1, &bfloat16_sum);
    if (!code) code = mpi.Comm_rank(world, rank);
    return code ? code : mpi.Comm_size(world, size);
}

static int library_version(char *text, int *length) { return mpi.Get_library_version(text, length); }
static int error_string(int code, char *text, int *length) { return mpi.Error_string(code, text, length); }
static int finalize(void) { return mpi.Finalize(); }
static int end(int code) { return mpi.Abort(world, code); }

_Static_assert(sizeof(Request) <= sizeof(uint64_t), "a request has room for any family's handle");

static int started(int code, Request request, simile_mpi_request *result) {
    result->handle = 0;
    memcpy(&result->handle, &request, sizeof request);
    return code;
}

static int all_reduce(
    void *values, int count, simile_mpi_type type, simile_mpi_operation operation, simile_mpi_request *result
) {
    Request request;
    Op op = type == SIMILE_MPI_BFLOAT16 ? bfloat16_sum : operations[operation];
    int code = mpi.Iallreduce(IN_PLACE, values, count, types[type], op, world, &request);
    return started(code, request, result);
}

static int all_gather(
    const void *own, int count, void *all, const int *counts, const int *offsets, simile_mpi_request *result
) {
    Request request;
    Datatype byte = types[SIMILE_MPI_BYTE];
    int code = mpi.Iallgatherv(own, count, byte, all, counts, offsets, byte, world, &request);
    return started(code, request, result);
}

static int broadcast(void *bytes, int count, simile_mpi_request *result) {
    Request request;
    int code = mpi.Ibcast(bytes, count, types[SIMILE_MPI_BYTE], 0, world, &request);
    return started(code, request, result);
}

static int barrier(simile_mpi_request *result) {
    Request request;
    int code = mpi.Ibarrier(world, &request);
    return started(code, request, result);
}

static int test(simile_mpi_request *request, int *is_done) {
    Request own;
    memcpy(&own, &request->handle, sizeof own);
    int code = mpi.Test(&own, is_done, STATUS_IGNORE);
    return started(code, own, request);
}

#define CALLS \
    { bind, library_version, error_string, initialize, all_reduce, all_gather, broadcast, barrier, test, \
      finalize, end }
