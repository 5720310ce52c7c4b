#pragma once

/// inout[i] += in[i], of bfloat16 numbers; the sum is that of float32, rounded to the nearest, ties to even.
void simile_mpi_add_bfloat16(const void *in, void *inout, int count);
