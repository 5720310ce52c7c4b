// A driver by which HDF5 reads and writes files that the caller opens and closes, and which keeps errors for the caller.
//
// HDF5 as of 1.10.8 crashes when a driver fails while a file is closed, and leaves its objects half-way when it fails
// before. To the library this driver never fails at writing: the first error is kept, nothing is written from then
// on, and who closed the file asks for it. Reading fails, but only after signals and short counts were dealt with.
#ifndef CHDF5_DRIVER_H
#define CHDF5_DRIVER_H

#include <stdint.h>

// An open file, longer-lived than HDF5's own of it.
typedef struct {
    int descriptor;
    // The number of the first error, 0 if there was none.
    int error;
} chdf5_file;

// Has the file that is created or opened with an access list be this one; negative if that fails.
int chdf5_set_file(int64_t access_list, chdf5_file *file);

#endif
