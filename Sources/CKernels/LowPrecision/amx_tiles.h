// AMX's tiles. 0 and 1 are the upper rows of a result of 32 rows and 32 columns, 2 and 3 its lower ones; 4 and 5 are of the
// left side, 16 rows of 16 words of k each; 6 and 7 of the right side, 16 words of k of 16 columns each.
//
// TILE_DOT(sums, left, right) names the instruction that does it.

/// What LDTILECFG reads.
typedef struct {
    uint8_t palette, first_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} tile_configuration;
_Static_assert(sizeof(tile_configuration) == 64, "what LDTILECFG reads has 64 bytes");

/// All eight tiles have 16 rows of 64 bytes.
static const tile_configuration whole_tiles = {
    .palette = 1, .row_bytes = {64, 64, 64, 64, 64, 64, 64, 64}, .rows = {16, 16, 16, 16, 16, 16, 16, 16}};

INLINE void zero_tiles(void) {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
}

/// The result's tiles from c[PANEL, PANEL], of words; all rows are the first with ldc 0.
INLINE void load_tiles(const float *c, size_t ldc) {
    size_t stride = ldc * sizeof *c;
    _tile_loadd(0, c, stride);
    _tile_loadd(1, c + TILE, stride);
    _tile_loadd(2, c + TILE * ldc, stride);
    _tile_loadd(3, c + TILE * ldc + TILE, stride);
}

INLINE void store_tiles(float *c, size_t ldc) {
    size_t stride = ldc * sizeof *c;
    _tile_stored(0, c, stride);
    _tile_stored(1, c + TILE, stride);
    _tile_stored(2, c + TILE * ldc, stride);
    _tile_stored(3, c + TILE * ldc + TILE, stride);
}

/// Adds the products of a panel of the left side, of 16 * tall rows, with one of the right side, of 16 * wide columns.
INLINE void add_units(const int tall, const int wide, const float *a, const float *b, size_t units) {
    const size_t left_stride = TILE * sizeof *a, right_stride = PANEL * sizeof *b;
    for (size_t p = 0; p < units; p++, a += PANEL * TILE, b += PANEL * TILE) {
        _tile_loadd(4, a, left_stride);
        _tile_loadd(6, b, right_stride);
        TILE_DOT(0, 4, 6);
        if (wide == 2) {
            _tile_loadd(7, b + TILE, right_stride);
            TILE_DOT(1, 4, 7);
        }
        if (tall == 2) {
            _tile_loadd(5, a + TILE * TILE, left_stride);
            TILE_DOT(2, 5, 6);
            if (wide == 2) TILE_DOT(3, 5, 7);
        }
    }
}

/// The same where the panels have fewer rows and columns; what the tiles beyond them hold stays as it is.
INLINE void add_units_of(size_t rows, size_t columns, const float *a, const float *b, size_t units) {
    if (rows > TILE && columns > TILE)
        add_units(2, 2, a, b, units);
    else if (rows > TILE)
        add_units(2, 1, a, b, units);
    else if (columns > TILE)
        add_units(1, 2, a, b, units);
    else
        add_units(1, 1, a, b, units);
}
