import Foundation
import ModelLayout
import Serialization
import Support
import TestSupport

extension FuzzReader {
    /// Files of arrays.
    static let weights: [FuzzReader] = [
        weights("safetensors", file: "f.safetensors") { try SafetensorsFile($0) },
        weights("torch", file: "f.bin", longest: 4096) { try PyTorchFile($0) },
        pickle, index,
        reading("npy", file: "f.npy") { url in
            let file = try NPYFile(url)
            for row in 0..<min(file.rows, 8) { precondition(file[row].count == file.columns) }
        },
    ]

    /// Reads all arrays of a file, none of which has more numbers than the file has bytes.
    private static func readAll(_ file: some WeightReader, limit: Int) throws {
        for name in file.names {
            guard let count = file.shape(of: name)?.reduce(1, *) else {
                fatalError("\(name) has no shape")
            }
            precondition(count <= limit, "\(name) has \(count) numbers")
            var values = [Float](repeating: 0, count: count)
            var span = values.mutableSpan
            do { try file.read(name, into: &span) } catch SerializationError.unsupportedType {}
        }
    }

    private static func weights(
        _ name: String, file: String, longest: Int = 1024,
        _ open: @escaping @Sendable (URL) throws -> any WeightReader
    ) -> FuzzReader {
        reading(name, file: file, longest: longest) { url in
            let length = (try? RegularFile.bytes(url.path).count) ?? 0
            try readAll(open(url), limit: length)
        }
    }

    private static func reading(
        _ name: String, file: String, longest: Int = 512,
        _ read: @escaping @Sendable (URL) throws -> Void
    ) -> FuzzReader {
        let folder = ScratchFolder()
        let scratch = ScratchFile(file, in: folder)
        return FuzzReader(
            name, longest: longest,
            expects: { ($0 as? SerializationError)?.description.contains(folder.url.path) == true }
        ) { bytes in
            scratch.write(bytes)
            try read(scratch.url)
        }
    }

    /// The pickle of a zip file that is sound otherwise and has the storages of the corpus's `torch/proper-zip`.
    private static let pickle: FuzzReader = {
        let folder = ScratchFolder()
        let scratch = ScratchFile("f.bin", in: folder)
        return FuzzReader(
            "pickle", longest: 1024,
            expects: { ($0 as? SerializationError)?.description.contains(folder.url.path) == true }
        ) { bytes in
            let storages = [24, 32, 12, 6, 24, 4, 0, 2].enumerated().map { number, length in
                (name: "archive/data/\(number)", bytes: [UInt8](repeating: 1, count: length))
            }
            let archive = StoredZip.bytes(
                [
                    ("archive/data.pkl", bytes), ("archive/byteorder", Array("little".utf8)),
                ] + storages)
            scratch.write(archive)
            try readAll(PyTorchFile(scratch.url), limit: archive.count)
        }
    }()

    /// The index of a model's parts; one part is there.
    private static let index: FuzzReader = {
        let folder = ScratchFolder()
        let scratch = ScratchFile("model.safetensors.index.json", in: folder)
        let arrays = ["a", "b"].map { name in
            OutgoingArray(name: name, shape: [2, 2]) { body in
                try body([Float](repeating: 1.5, count: 4).span)
            }
        }
        do { try SafetensorsFile.write(arrays, to: folder("one.safetensors")) } catch {
            fatalError("\(error)")
        }
        return FuzzReader(
            "index",
            expects: { ($0 as? SerializationError)?.description.contains(folder.url.path) == true }
        ) { bytes in
            scratch.write(bytes)
            try readAll(ShardedWeights(index: scratch.url), limit: 100)
        }
    }()
}

/// A zip file whose members are stored as they are.
enum StoredZip {
    static func bytes(_ members: [(name: String, bytes: [UInt8])]) -> [UInt8] {
        var (file, directory): ([UInt8], [UInt8]) = ([], [])
        for (name, bytes) in members {
            let count = UInt32(bytes.count).littleEndianBytes
            // Version, flags, method, time, checksum, sizes and lengths of names.
            let common =
                UInt16(45).littleEndianBytes + [UInt8](repeating: 0, count: 12) + count + count
                + UInt16(name.utf8.count).littleEndianBytes + [0, 0]
            directory += [0x50, 0x4B, 1, 2, 0, 0] + common + [UInt8](repeating: 0, count: 10)
            directory += UInt32(file.count).littleEndianBytes + Array(name.utf8)
            file += [0x50, 0x4B, 3, 4] + common + Array(name.utf8) + bytes
        }
        let number = UInt16(members.count).littleEndianBytes
        return file + directory + [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + number + number
            + UInt32(directory.count).littleEndianBytes + UInt32(file.count).littleEndianBytes
            + [0, 0]
    }
}
