import Foundation
import ModelLayout

/// A `pytorch_model.bin`: a dictionary of tensors by name as `torch.save` writes it, memory-mapped.
///
/// Both formats are read: zip (since PyTorch 1.6) and the older run of pickles. Neither can run code here.
/// Nothing in the file is trusted: a tensor outside its storage, or a storage outside the file, is an error.
/// Opening takes memory for names and shapes only, reading none beyond the destination.
public final class PyTorchFile: WeightReader {
    private struct Entry {
        let tensor: TorchTensor
        /// Where in the file its storage is.
        let bytes: Range<Int>
    }

    /// The file's path.
    public let source: String
    /// The tensors' names in the dictionary's order.
    public let names: [String]
    private let file: MappedFile
    private let isBigEndian: Bool
    private let entries: [String: Entry]

    /// Opens a file and checks everything but the numbers themselves.
    ///
    /// - Throws: `SerializationError` saying what is wrong with the file, or which code it asks for.
    public convenience init(_ url: URL) throws(SerializationError) {
        try self.init(MappedFile(url), path: url.path)
    }

    convenience init(_ data: Data, path: String) throws(SerializationError) {
        try self.init(MappedFile(unmapped: data), path: path)
    }

    private init(_ file: MappedFile, path: String) throws(SerializationError) {
        let saved =
            try ZipArchive.isArchive(file.data)
            ? TorchPickle(zip: file.data, path: path) : TorchPickle(legacy: file.data, path: path)
        guard case .dictionary(let place) = saved.root else {
            throw .malformed(
                path: path,
                problem: "it holds \(saved.root.kind), expected a dict of tensors by name")
        }
        var (names, entries): ([String], [String: Entry]) = ([], [:])
        var total = 0
        for (key, value) in saved.heap.dictionaries[place] {
            guard case .text(let name) = key else {
                throw .malformed(path: path, problem: "a key is \(key.kind), expected a name")
            }
            guard case .tensor(let place) = value else {
                throw .malformed(
                    path: path,
                    problem:
                        "\(name.shown) is \(value.kind), expected a tensor (save the model's state_dict() alone)"
                )
            }
            let tensor = saved.heap.tensors[place]
            guard let bytes = saved.storages[tensor.storage.key] else {
                throw .malformed(
                    path: path, problem: "the storage of \(name.shown) is not in the file")
            }
            guard entries.updateValue(Entry(tensor: tensor, bytes: bytes), forKey: name) == nil
            else { throw .malformed(path: path, problem: "\(name.shown) is there twice") }
            names.append(name)
            // Tensors may share a storage, as tied weights do, but not so that a few bytes stand for any
            // number of them.
            total += tensor.isEmpty ? 0 : tensor.shape.reduce(tensor.storage.type.size, *)
            guard total <= 16 * file.data.count else {
                throw .malformed(
                    path: path,
                    problem: "its tensors are more than 16 times as large as the file together")
            }
        }
        (source, self.file, isBigEndian) = (path, file, saved.isBigEndian)
        (self.names, self.entries) = (names, entries)
    }

    /// The shape stored under `name`.
    public func shape(of name: String) -> [Int]? { entries[name]?.tensor.shape }

    /// Fills `buffer` with a tensor in row-major order, converted to Float32; whole numbers too.
    public func read(_ name: String, into buffer: inout MutableSpan<Float>) throws {
        guard let entry = entries[name] else {
            throw SerializationError.noArray(path: source, array: name)
        }
        let shape = entry.tensor.shape
        precondition(
            buffer.count == shape.reduce(1, *), "\(name) \(shape) into \(buffer.count) places")
        file.withBytes(entry.bytes) { bytes in
            entry.tensor.read(from: bytes, isBigEndian: isBigEndian, into: &buffer)
        }
    }
}
