import Foundation
import HDF5
import Serialization
import Tensors
import TestSupport
import Testing

@testable import SentenceEmbedding

@Suite struct EmbeddingFileTests {
    private struct Stopped: Error {}

    private let embeddings = Tensor((0..<12).map { Float($0) / 4 - 1 }, [4, 3])

    private func quantizer(_ precision: EmbeddingPrecision) throws -> EmbeddingQuantizer {
        try EmbeddingQuantizer(precision, ranges: EmbeddingRanges(embeddings))
    }

    /// Writes the four rows as one and three.
    private func write(
        _ url: URL, _ format: EmbeddingFormat, _ precision: EmbeddingPrecision = .float32
    ) throws {
        let quantizer = try quantizer(precision)
        let description = EmbeddingDescription(
            model: "tiny", dimension: 3, quantizer: quantizer, isNormalized: false)
        try EmbeddingFile.write(to: url, as: format, description) { writer in
            try writer.append(quantizer(embeddings.slice(0..<1)), rows: 1)
            try writer.append(quantizer(embeddings.slice(1..<4)), rows: 3)
        }
    }

    @Test(arguments: [
        (EmbeddingPrecision.float32, "<f4", 3, 4), (.int8, "|i1", 3, 1), (.uint8, "|u1", 3, 1),
        (.binary, "|i1", 1, 1), (.ubinary, "|u1", 1, 1),
    ])
    func npy(_ precision: EmbeddingPrecision, _ type: String, _ width: Int, _ size: Int) throws {
        let folder = TemporaryFolder()
        try write(folder("a.npy"), .npy, precision)
        let bytes = try Data(contentsOf: folder("a.npy"))
        #expect(bytes.count == 128 + 4 * width * size)
        #expect(Array(bytes.prefix(10)) == [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0])
        let header = String(decoding: bytes[10..<128], as: UTF8.self)
        #expect(
            header.hasPrefix(
                "{'descr': '\(type)', 'fortran_order': False, 'shape': (4, \(width)), } "))
        #expect(header.hasSuffix(" \n"))
        if precision == .float32 {
            let values = bytes[128...].withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
            #expect(values == embeddings.values)
        }
    }

    @Test func hdf5() throws {
        let folder = TemporaryFolder()
        try write(folder("a.h5"), .h5, .int8)
        let root = try HDF5File(opening: folder("a.h5").path).root
        let dataset = try root.dataset(named: "embeddings")
        #expect(dataset.shape == [4, 3])
        #expect(
            try QuantizedEmbeddings.int8(dataset.read(as: Int8.self))
                == quantizer(.int8)(
                    embeddings))
        #expect(try dataset.attributes.string("model") == "tiny")
        #expect(try dataset.attributes.string("precision") == "int8")
        #expect(try dataset.attributes.value("dimension", as: Int.self) == 3)
        #expect(try !dataset.attributes.bool("normalized"))
        #expect(
            try root.dataset(named: "ranges").read(as: Float.self) == [
                -1, -0.75, -0.5, 1.25, 1.5, 1.75,
            ])
    }

    /// HDF5 marks a file that is open for writing, so this one would be refused were it not closed.
    @Test func hdf5IsClosedWhenItIsFinished() throws {
        let folder = TemporaryFolder()
        let quantizer = try quantizer(.float32)
        let writer = try HDF5EmbeddingWriter(
            folder("a.h5").path, named: "a.h5",
            EmbeddingDescription(
                model: "tiny", dimension: 3, quantizer: quantizer, isNormalized: false))
        try writer.append(quantizer(embeddings), rows: 4)
        try writer.finish()
        let copy = folder("copy.h5")
        try FileManager.default.copyItem(at: folder("a.h5"), to: copy)
        #expect(try HDF5File(opening: copy.path).root.contains("embeddings"))
        let error = #expect(throws: HDF5Error.self) {
            try writer.append(quantizer(embeddings), rows: 4)
        }
        #expect(error?.description.hasSuffix("was used after the file had been closed") == true)
    }

    @Test func lines() throws {
        let folder = TemporaryFolder()
        try write(folder("a.jsonl"), .jsonl)
        #expect(
            try String(contentsOf: folder("a.jsonl"), encoding: .utf8)
                == "[-1.0,-0.75,-0.5]\n[-0.25,0.0,0.25]\n[0.5,0.75,1.0]\n[1.25,1.5,1.75]\n")
        try write(folder("a.csv"), .csv, .uint8)
        #expect(
            try String(contentsOf: folder("a.csv"), encoding: .utf8)
                == "0,0,0\n84,84,84\n169,169,169\n254,254,254\n")
    }

    @Test(arguments: EmbeddingFormat.allCases)
    func aFailureLeavesTheOldFile(_ format: EmbeddingFormat) throws {
        let folder = TemporaryFolder()
        try Data("old".utf8).write(to: folder("a"))
        let quantizer = EmbeddingQuantizer(.float32)
        let description = EmbeddingDescription(
            model: "tiny", dimension: 3, quantizer: quantizer, isNormalized: false)
        #expect(throws: Stopped.self) {
            try EmbeddingFile.write(to: folder("a"), as: format, description) { writer in
                try writer.append(quantizer(embeddings), rows: 4)
                throw Stopped()
            }
        }
        #expect(try Data(contentsOf: folder("a")) == Data("old".utf8))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["a"])
    }

    @Test func devicesAreNotReplaced() throws {
        let error = #expect(throws: SerializationError.self) {
            try write(URL(filePath: "/dev/null"), .npy)
        }
        #expect(
            error?.description.hasPrefix(
                "/dev/null: cannot be written (it is a device)") == true)
    }

    @Test func formatsByName() {
        #expect(EmbeddingFormat(path: "a/b.NPY") == .npy)
        #expect(EmbeddingFormat(path: "b.hdf5") == .h5)
        #expect(EmbeddingFormat(path: "b.ndjson") == .jsonl)
        #expect(EmbeddingFormat(path: "b.csv") == .csv)
        #expect(EmbeddingFormat(path: "npy") == nil)
    }
}
