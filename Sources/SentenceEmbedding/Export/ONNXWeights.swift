import ONNX
import Serialization

/// A model's weights as constants of a graph.
///
/// Arrays that are stored as they are keep their names; a matrix of a linear layer is stored transposed,
/// [in, out], because that is what `MatMul` multiplies by, and its name says so.
struct ONNXWeights {
    let graph: ONNXGraph
    let arrays: NamedArrays

    /// A matrix of whole numbers and its scales.
    typealias Quantized = (matrix: ONNXGraph.Value, scales: ONNXGraph.Value)

    /// An array as it is.
    func array(_ name: String) -> ONNXGraph.Value {
        let array = arrays[name]
        return graph.initializer(
            ONNXInitializer(name: name, element: .float, shape: array.shape) { file in
                try array.withValues { try file.write($0) }
            })
    }

    /// The matrix of a linear layer, [in, out].
    func transposed(_ name: String) -> ONNXGraph.Value {
        let array = arrays[name]
        let (rows, columns) = (array.shape[0], array.shape[1])
        return graph.initializer(
            ONNXInitializer(
                name: name + "_transposed", element: .float, shape: [columns, rows]
            ) { file in
                try array.withValues {
                    try file.write(Self.transpose($0, rows: rows, columns: columns))
                }
            })
    }

    /// A table whose rows are scaled to whole numbers in -127...127, and the scales, [rows, 1].
    func quantized(_ name: String) -> Quantized {
        let array = arrays[name]
        let matrix = graph.initializer(
            ONNXInitializer(name: name + "_int8", element: .int8, shape: array.shape) { file in
                try file.write(QuantizedRows(array, limit: 127).values)
            })
        return (matrix, scales(of: array, shape: [array.shape[0], 1], limit: 127))
    }

    /// The matrix of a linear layer, [in, out], each output scaled to whole numbers in -63...63, and the
    /// scales, [out].
    ///
    /// With larger numbers the sum of two products can exceed 16 bits, which is what processors without
    /// 8-bit dot products add them in; the embeddings are hardly less exact for it.
    func quantizedTransposed(_ name: String) -> Quantized {
        let array = arrays[name]
        let (rows, columns) = (array.shape[0], array.shape[1])
        let matrix = graph.initializer(
            ONNXInitializer(
                name: name + "_transposed_int8", element: .int8, shape: [columns, rows]
            ) { file in
                let values = try QuantizedRows(array, limit: 63).values
                try file.write(Self.transpose(values.span, rows: rows, columns: columns))
            })
        return (matrix, scales(of: array, shape: [rows], limit: 63))
    }

    private func scales(
        of array: OutgoingArray, shape: [Int], limit: Float
    ) -> ONNXGraph.Value {
        graph.initializer(
            ONNXInitializer(name: array.name + "_scale", element: .float, shape: shape) { file in
                try file.write(QuantizedRows(array, limit: limit).scales)
            })
    }

    private static func transpose<Element>(
        _ values: Span<Element>, rows: Int, columns: Int
    ) -> [Element] {
        var result: [Element] = []
        result.reserveCapacity(rows * columns)
        for column in 0..<columns {
            for row in 0..<rows { result.append(values[row * columns + column]) }
        }
        return result
    }
}
