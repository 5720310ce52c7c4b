#pragma once

/// From now on, where this processor has no AMX, its tile instructions run all the same: each stops the thread with SIGILL,
/// and a handler does what the instruction would have done (Intel's Software Developer's Manual, volume 2). What they must
/// not be given ends the program with a sentence. So kernels made of them can be tested on any processor for which the rest
/// of their instructions is no less. Returns whether they run: not on other processors than x86-64, nor without Linux.
int stand_in_for_tile_instructions(void);
