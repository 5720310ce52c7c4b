#define _GNU_SOURCE
#include "TileInstructions.h"

#include "CKernels.h"

#if defined(__x86_64__) && defined(__linux__)
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

enum { TILES = 8, MOST_ROWS = 16, MOST_BYTES = 64 };

/// The tiles of a thread. Without a configuration all of them have no rows.
typedef struct {
    int is_configured;
    uint16_t bytes[TILES];
    uint8_t rows[TILES];
    uint8_t data[TILES][MOST_ROWS][MOST_BYTES];
} tile_state;

static _Thread_local tile_state state;
static struct sigaction before;

static _Noreturn void refuse(const char *reason) {
    fprintf(stderr, "tile instructions: %s\n", reason);
    abort();
}

static void require(int condition, const char *reason) {
    if (!condition) refuse(reason);
}

// MARK: Instructions

static void load_configuration(const uint8_t *from) {
    memset(&state, 0, sizeof state);
    if (from[0] == 0) return;
    require(from[0] == 1, "LDTILECFG: the palette is neither 0 nor 1");
    require(from[1] == 0, "LDTILECFG: an interrupted load goes on in the middle");
    for (int i = 2; i < 16; i++) require(from[i] == 0, "LDTILECFG: bytes 2 to 15 are not 0");
    for (int t = 0; t < TILES; t++) {
        memcpy(&state.bytes[t], from + 16 + 2 * t, 2);
        state.rows[t] = from[48 + t];
        require(state.bytes[t] <= MOST_BYTES, "LDTILECFG: a row of more than 64 bytes");
        require(state.rows[t] <= MOST_ROWS, "LDTILECFG: more than 16 rows");
        require((state.bytes[t] == 0) == (state.rows[t] == 0), "LDTILECFG: rows without bytes, or bytes without rows");
    }
    for (int i = 32; i < 48; i++) require(from[i] == 0, "LDTILECFG: tiles 8 to 15 have bytes");
    for (int i = 56; i < 64; i++) require(from[i] == 0, "LDTILECFG: tiles 8 to 15 have rows");
    state.is_configured = 1;
}

static void require_tile(int tile) {
    require(state.is_configured, "a tile is used without a configuration");
    require(tile < TILES && state.rows[tile] > 0, "a tile is used that has no rows");
}

static void zero(int tile) {
    require_tile(tile);
    memset(state.data[tile], 0, sizeof state.data[tile]);
}

static void load(int tile, const uint8_t *base, int64_t stride) {
    zero(tile);
    for (int r = 0; r < state.rows[tile]; r++) memcpy(state.data[tile][r], base + r * stride, state.bytes[tile]);
}

static void store(int tile, uint8_t *base, int64_t stride) {
    require_tile(tile);
    for (int r = 0; r < state.rows[tile]; r++) memcpy(base + r * stride, state.data[tile][r], state.bytes[tile]);
}

static float flushed(float x) { return fabsf(x) < 0x1p-126f ? copysignf(0, x) : x; }

static float bfloat16(const uint8_t *at) {
    uint32_t bits = (uint32_t)at[1] << 24 | (uint32_t)at[0] << 16;
    float x;
    memcpy(&x, &bits, sizeof x);
    return flushed(x);
}

/// One element of TDPBF16PS: `left` is a row, `right` the first row's word of the column.
static void add_pairs(uint8_t *sum, const uint8_t *left, const uint8_t *right, int words) {
    float parts[2] = {0, 0}, total;
    for (int p = 0; p < words; p++)
        for (int half = 0; half < 2; half++)
            parts[half] = flushed(fmaf(bfloat16(left + 4 * p + 2 * half),
                                       bfloat16(right + p * MOST_BYTES + 2 * half), parts[half]));
    memcpy(&total, sum, sizeof total);
    total = flushed(flushed(total) + flushed(parts[0] + parts[1]));
    memcpy(sum, &total, sizeof total);
}

/// One element of TDPBUSD.
static void add_fours(uint8_t *sum, const uint8_t *left, const uint8_t *right, int words) {
    uint32_t total;  // which wraps around
    memcpy(&total, sum, sizeof total);
    for (int p = 0; p < words; p++)
        for (int i = 0; i < 4; i++)
            total += (uint32_t)(left[4 * p + i] * (int8_t)right[p * MOST_BYTES + i]);
    memcpy(sum, &total, sizeof total);
}

static void multiply(int sums, int left, int right,
                     void add(uint8_t *sum, const uint8_t *left, const uint8_t *right, int words)) {
    require_tile(sums);
    require_tile(left);
    require_tile(right);
    require(sums != left && sums != right && left != right, "a product's three tiles are not three");
    require(state.rows[sums] == state.rows[left] && state.bytes[sums] == state.bytes[right] &&
                state.bytes[left] == 4 * state.rows[right] && state.bytes[right] % 4 == 0,
            "a product's tiles do not fit each other");
    for (int r = 0; r < state.rows[sums]; r++)
        for (int c = 0; c < state.bytes[sums]; c += 4)
            add(state.data[sums][r] + c, state.data[left][r], state.data[right][0] + c, state.rows[right]);
}

// MARK: Decoding

static int64_t value(const ucontext_t *context, int number) {
    static const int places[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                   REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
    return context->uc_mcontext.gregs[places[number]];
}

/// What follows a ModRM byte that names memory: its address, the stride of a tile's rows, and where the instruction ends.
typedef struct {
    uint8_t *address;
    int64_t stride;
    const uint8_t *end;
} operand;

static operand operand_of(const ucontext_t *context, const uint8_t *modrm, int x, int b) {
    int mode = *modrm >> 6, base = *modrm & 7, has_base = 1;
    operand found = {NULL, 0, modrm + 1};
    int64_t address = 0;
    if (base == 4) {
        int sib = *found.end++, index = (sib >> 3 & 7) | x << 3;
        base = sib & 7;
        if (index != 4) found.stride = value(context, index) * (1 << (sib >> 6));
    }
    if (mode == 0 && base == 5) has_base = 0;
    if (has_base) address = value(context, base | b << 3);
    if (mode == 1)
        address += (int8_t)*found.end++;
    else if (mode == 2 || !has_base) {
        int32_t displacement;
        memcpy(&displacement, found.end, sizeof displacement);
        found.end += sizeof displacement;
        address += displacement;
        // Without a SIB byte it counts from the next instruction.
        if (!has_base && (*modrm & 7) == 5) address += (int64_t)found.end;
    }
    found.address = (uint8_t *)address;
    return found;
}

/// Does what the instruction at `code` does, and gives where it ends; NULL when it is none of those here.
static const uint8_t *run(const ucontext_t *context, const uint8_t *code) {
    if (code[0] != 0xC4 || (code[1] & 0x1F) != 2 || (code[2] & 0x84) != 0) return NULL;  // VEX.128.0F38.W0
    int r = !(code[1] & 0x80), x = !(code[1] & 0x40), b = !(code[1] & 0x20);
    int third = ~(code[2] >> 3) & 15;
    const uint8_t *modrm = code + 4;
    int tile = (*modrm >> 3 & 7) | r << 3, other = (*modrm & 7) | b << 3, is_memory = *modrm < 0xC0;
    enum { NONE = 0, P66 = 1, PF3 = 2, PF2 = 3 } prefix = code[2] & 3;
    operand memory = {NULL, 0, modrm + 1};
    if (is_memory) memory = operand_of(context, modrm, x, b);
    switch (code[3]) {
        case 0x49:
            if (prefix == NONE && is_memory && tile == 0)
                load_configuration(memory.address);
            else if (prefix == NONE && *modrm == 0xC0)
                memset(&state, 0, sizeof state);  // TILERELEASE
            else if (prefix == PF2 && !is_memory && other == 0)
                zero(tile);
            else
                return NULL;
            return memory.end;
        case 0x4B:
            if (!is_memory || (*modrm & 7) != 4 || prefix == NONE) return NULL;  // always with a SIB byte
            if (prefix == PF3)
                store(tile, memory.address, memory.stride);
            else
                load(tile, memory.address, memory.stride);
            return memory.end;
        case 0x5C:
            if (is_memory || prefix != PF3) return NULL;
            multiply(tile, other, third, add_pairs);
            return memory.end;
        case 0x5E:
            if (is_memory || prefix != P66) return NULL;
            multiply(tile, other, third, add_fours);
            return memory.end;
        default: return NULL;
    }
}

static void handle(int number, siginfo_t *information, void *context) {
    (void)information;
    ucontext_t *place = context;
    const uint8_t *end = run(place, (const uint8_t *)place->uc_mcontext.gregs[REG_RIP]);
    if (end)
        place->uc_mcontext.gregs[REG_RIP] = (greg_t)end;
    else
        sigaction(number, &before, NULL);  // the instruction runs again, and ends as it would have
}

static int they_run;

static void install(void) {
    they_run = simile_has(SIMILE_AMX);
    if (they_run) return;
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigemptyset(&action.sa_mask);
    they_run = sigaction(SIGILL, &action, &before) == 0;
}

int stand_in_for_tile_instructions(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, install);
    return they_run;
}
#else
int stand_in_for_tile_instructions(void) { return 0; }
#endif
