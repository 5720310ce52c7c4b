import Testing

@testable import HDF5

@Suite struct ChunkTests {
    @Test(
        arguments: [
            ([], nil), ([0], nil), ([5, 0], nil),
            ([1], [1]), ([384], [384]), ([262_144], [262_144]), ([262_145], [131_073]),
            ([30_522, 384], [679, 384]), ([384, 384], [384, 384]), ([1000, 384], [500, 384]),
            ([3, 1 << 20], [1, 262_144]), ([2, 3, 300_000], [1, 1, 150_000]),
            ([1 << 40, 1 << 22], [1, 262_144]),
        ] as [([Int], [Int]?)])
    func chunksAreWholeRowsOfAMebibyte(shape: [Int], chunk: [Int]?) {
        #expect(Chunks.shape(for: shape, elementSize: 4) == chunk)
    }

    @Test func anElementLargerThanAChunkIsOne() {
        #expect(Chunks.shape(for: [10], elementSize: 3 << 20) == [1])
    }
}
