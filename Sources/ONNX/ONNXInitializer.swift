import Serialization

/// What the elements of an ONNX tensor are.
package enum ONNXElement {
    case float
    case int8
    case uint8
    case int64

    var proto: ProtoTensor.Element {
        switch self {
        case .float: .float
        case .int8: .int8
        case .uint8: .uint8
        case .int64: .int64
        }
    }

    /// The number that stands for it in attributes.
    package var code: Int { proto.rawValue }

    var byteCount: Int {
        switch self {
        case .float: 4
        case .int8, .uint8: 1
        case .int64: 8
        }
    }
}

/// A constant of a graph, whose values are made when they are written.
package struct ONNXInitializer {
    /// The value's name in the graph.
    package let name: String
    /// What its elements are.
    package let element: ONNXElement
    /// Its dimensions; none for a scalar.
    package let shape: [Int]
    /// Writes the elements in row-major order.
    package let write: (FileWriter) throws -> Void

    /// Creates a constant; `write` must write as many elements as `shape` has.
    package init(
        name: String, element: ONNXElement, shape: [Int],
        write: @escaping (FileWriter) throws -> Void
    ) {
        self.name = name
        self.element = element
        self.shape = shape
        self.write = write
    }

    var byteCount: Int { shape.reduce(element.byteCount, *) }

    /// The tensor without its elements.
    var header: ProtoTensor {
        var tensor = ProtoTensor()
        tensor.dims = shape.map(Int64.init)
        tensor.dataType = element.proto
        tensor.name = name
        return tensor
    }
}
