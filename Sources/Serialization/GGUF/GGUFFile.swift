import Foundation

/// A file of llama.cpp and its relatives (GGUF, version 3): metadata, then named tensors.
package struct GGUFFile {
    /// A tensor to be written.
    package struct Tensor {
        /// The values, under the name that they have in the file.
        package let array: OutgoingArray
        /// How they are stored.
        package let type: GGUFTensorType

        /// Creates a tensor; a row must consist of whole blocks of `type`.
        package init(_ array: OutgoingArray, _ type: GGUFTensorType) {
            precondition(array.shape.last.map { $0 % type.blockLength == 0 } ?? false, array.name)
            self.array = array
            self.type = type
        }

        var byteCount: Int { type.byteCount(array.shape.reduce(1, *)) }
    }

    /// Keys and values, in the order in which they are written.
    package var metadata: [(key: String, value: GGUFValue)] = []
    /// The tensors, in the order in which they are written.
    package var tensors: [Tensor] = []

    /// Where a tensor may begin, in bytes from the first.
    private static let alignment = 32
    /// Numbers converted at a time: a multiple of every type's block.
    private static let chunk = 1 << 16

    /// Creates an empty file.
    package init() {}

    /// Writes the file; equal content makes equal bytes.
    ///
    /// - Throws: `GGUFError` when a value does not fit its type, `SerializationError.unwritable`; what was
    ///   at `url` is then unchanged.
    package func write(to url: URL) throws {
        try FileWriter.write(to: url) { file in
            try file.write(header)
            for tensor in tensors {
                try pad(file)
                try tensor.array.withValues { values in
                    for start in stride(from: 0, to: values.count, by: Self.chunk) {
                        let end = min(start + Self.chunk, values.count)
                        guard let bytes = tensor.type.encode(values.extracting(start..<end))
                        else {
                            throw GGUFError.doesNotFit(
                                path: url.path, tensor: tensor.array.name, type: tensor.type)
                        }
                        try file.write(bytes)
                    }
                }
            }
            try pad(file)
        }
    }

    /// Everything before the first tensor.
    private var header: Data {
        var bytes = Data("GGUF".utf8)
        bytes.appendInteger(UInt32(3))
        bytes.appendInteger(UInt64(tensors.count))
        bytes.appendInteger(UInt64(metadata.count))
        for (key, value) in metadata {
            bytes.appendText(key)
            value.append(to: &bytes)
        }
        var offset = 0
        for tensor in tensors {
            bytes.appendText(tensor.array.name)
            bytes.appendInteger(UInt32(tensor.array.shape.count))
            // The fastest-varying dimension first.
            for size in tensor.array.shape.reversed() { bytes.appendInteger(UInt64(size)) }
            bytes.appendInteger(tensor.type.code)
            bytes.appendInteger(UInt64(offset))
            offset += Self.aligned(tensor.byteCount)
        }
        bytes.append(Data(count: Self.aligned(bytes.count) - bytes.count))
        return bytes
    }

    private func pad(_ file: FileWriter) throws {
        try file.write(Data(count: Self.aligned(file.count) - file.count))
    }

    private static func aligned(_ count: Int) -> Int {
        (count + alignment - 1) / alignment * alignment
    }
}

/// Why a model cannot be written as GGUF.
public enum GGUFError: Error, Equatable, CustomStringConvertible {
    /// A weight is too large for the type, infinite or not a number.
    case doesNotFit(path: String, tensor: String, type: GGUFTensorType)
    /// llama.cpp has no such setting.
    case notInLlamaCpp(path: String, setting: String, found: String, supported: String)

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .doesNotFit(let path, let tensor, let type):
            "\(path): a number of \(tensor) is not finite or too large for \(type.rawValue); export f32, or check the model"
        case .notInLlamaCpp(let path, let setting, let found, let supported):
            "\(path): \(setting) is \(found), which llama.cpp does not have; it has \(supported). Export onnx or a folder"
        }
    }
}
