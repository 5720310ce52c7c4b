import Foundation
import TestSupport
import Testing

@testable import SentenceEmbedding

/// No bit of a checkpoint can change without its being refused.
@Suite struct CheckpointDamageTests {
    private let folder: TemporaryFolder
    private let url: URL

    /// A checkpoint of a run, with all there can be in one.
    init() throws {
        folder = TemporaryFolder()
        url = folder("a.h5")
        let model = try TinyModel.make()
        let trainer = try TinyModel.softmaxTrainer(
            model, TinyModel.labelled(8), TrainingConfiguration())
        try Checkpoint.write(trainer, to: url, recipe: "{}")
    }

    /// Opens the file with each of these bits flipped, and put back; returns those not noticed.
    private func unnoticed(_ bits: some Sequence<Int>) throws -> [Int] {
        let file = open(url.path, O_RDWR)
        try #require(file >= 0)
        defer { close(file) }
        return try bits.filter { bit in
            var byte: UInt8 = 0
            try #require(pread(file, &byte, 1, bit / 8) == 1)
            var flipped = byte ^ 1 << UInt8(bit % 8)
            try #require(pwrite(file, &flipped, 1, bit / 8) == 1)
            defer { pwrite(file, &byte, 1, bit / 8) }
            do throws(CheckpointError) {
                _ = try Checkpoint(url)
                return true
            } catch {
                guard case .file = error else { return true }
                return false
            }
        }
    }

    @Test func everyFlippedBitIsNoticed() throws {
        let size = try Data(contentsOf: url).count
        var state: UInt64 = 1
        let bits = (0..<10_000).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 16) % (8 * size)
        }
        #expect(Set(bits).count > 9_900)
        #expect(try unnoticed(bits) == [])
        _ = try Checkpoint(url).model()
    }

    @Test func everyFlippedBitOfTheBlockIsNoticed() throws {
        #expect(try unnoticed(0..<8 * 512) == [])
        _ = try Checkpoint(url).model()
    }

    /// HDF5's tools drop the block when they write a file anew.
    @Test func aFileWithoutTheBlockIsRefused() throws {
        let bytes = try Data(contentsOf: url)
        try bytes.dropFirst(512).write(to: folder("bare.h5"))
        let error = #expect(throws: CheckpointError.self) { try Checkpoint(folder("bare.h5")) }
        #expect(
            error?.description == """
                \(folder("bare.h5").path): the file cannot be understood (version 2 has a digest in its \
                first 512 bytes; another program rewrote the file without); use an earlier checkpoint
                """)
    }
}
