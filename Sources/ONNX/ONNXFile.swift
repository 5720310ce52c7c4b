import Foundation
import Serialization
import SwiftProtobuf

/// The version of the operators that graphs are written in; onnxruntime has it since 1.12.
private let operatorSetVersion: Int64 = 17
/// The version of the file format that belongs to it.
private let formatVersion: Int64 = 8
/// The most bytes a protobuf message may have.
private let messageLimit = Int(Int32.max)

extension ONNXGraph {
    /// Writes the graph as an ONNX model, constants included.
    ///
    /// The message is put together here, from parts that swift-protobuf encodes, so that constants go
    /// straight from where they are to the file: memory needed is that of the largest one that is converted.
    ///
    /// - Throws: `ONNXError.tooLarge`, `SerializationError.unwritable`, and what constants throw. What was
    ///   at `url` is then unchanged.
    package func write(to url: URL, description: String) throws {
        var model = ProtoModel()
        model.irVersion = formatVersion
        model.producerName = "Simile"
        model.docString = description
        var operators = ProtoOperatorSet()
        operators.domain = ""
        operators.version = operatorSetVersion
        model.opsetImport = [operators]
        let modelBytes: Data = try model.serializedData()

        let nodes: Data = try proto.serializedData()
        let tensors = try initializers.map { initializer in
            let header: Data =
                try initializer.header.serializedData()
                + Self.lengthDelimited(9, initializer.byteCount)
            let start = Self.lengthDelimited(5, header.count + initializer.byteCount) + header
            return (start: start, initializer: initializer)
        }
        let graphLength = tensors.reduce(nodes.count) {
            $0 + $1.start.count + $1.initializer.byteCount
        }
        let graphStart = Self.lengthDelimited(7, graphLength)
        let total = modelBytes.count + graphStart.count + graphLength
        guard total <= messageLimit else {
            throw ONNXError.tooLarge(path: url.path, bytes: total)
        }

        try FileWriter.write(to: url) { file in
            try file.write(modelBytes + graphStart + nodes)
            for (start, initializer) in tensors {
                try file.write(start)
                let before = file.count
                try initializer.write(file)
                precondition(file.count - before == initializer.byteCount, initializer.name)
            }
        }
    }

    /// What stands before the `length` bytes of a field that is a message or bytes.
    private static func lengthDelimited(_ field: UInt8, _ length: Int) -> Data {
        var bytes = Data([field << 3 | 2])
        var rest = UInt64(length)
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
        return bytes
    }
}

/// Why a model cannot be written as ONNX.
public enum ONNXError: Error, Equatable, CustomStringConvertible {
    /// The file would be larger than a protobuf message may be.
    case tooLarge(path: String, bytes: Int)

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .tooLarge(let path, let bytes):
            "\(path): the model takes \(bytes) bytes, but an ONNX file has at most \(messageLimit) (protobuf's limit); export int8 weights, or another format"
        }
    }
}
