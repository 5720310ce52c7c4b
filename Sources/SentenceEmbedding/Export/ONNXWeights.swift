import ONNX
import Serialization

/// A model's weights as constants of a graph.
///
/// Arrays that are stored as they are keep their names; a matrix of a linear layer is stored transposed,
/// [in, out], because that is what `MatMul` multiplies by, and its name says so.
struct ONNXWeights {
    let graph: ONNXGraph
    let arrays: NamedArrays

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
                try array.withValues { values in
                    try file.write(Self.transpose(values, rows: rows, columns: columns))
                }
            })
    }

    /// A matrix whose rows are scaled to whole numbers in -127...127, and the scales, [rows, 1].
    func quantized(_ name: String) -> (matrix: ONNXGraph.Value, scales: ONNXGraph.Value) {
        let array = arrays[name]
        let (rows, columns) = (array.shape[0], array.shape[1])
        let matrix = graph.initializer(
            ONNXInitializer(name: name + "_int8", element: .int8, shape: [rows, columns]) { file in
                try array.withValues { values in
                    try file.write(QuantizedRows(values, rows: rows, columns: columns).values)
                }
            })
        return (matrix, scales(of: array, shape: [rows, 1]))
    }

    /// The matrix of a linear layer, [in, out], each output scaled to whole numbers, and the scales, [out].
    func quantizedTransposed(
        _ name: String
    ) -> (matrix: ONNXGraph.Value, scales: ONNXGraph.Value) {
        let array = arrays[name]
        let (rows, columns) = (array.shape[0], array.shape[1])
        let matrix = graph.initializer(
            ONNXInitializer(
                name: name + "_transposed_int8", element: .int8, shape: [columns, rows]
            ) { file in
                try array.withValues { values in
                    let quantized = QuantizedRows(values, rows: rows, columns: columns).values
                    try file.write(
                        Self.transpose(quantized.span, rows: rows, columns: columns))
                }
            })
        return (matrix, scales(of: array, shape: [rows]))
    }

    private func scales(of array: OutgoingArray, shape: [Int]) -> ONNXGraph.Value {
        let (rows, columns) = (array.shape[0], array.shape[1])
        return graph.initializer(
            ONNXInitializer(name: array.name + "_scale", element: .float, shape: shape) { file in
                try array.withValues { values in
                    try file.write(QuantizedRows(values, rows: rows, columns: columns).scales)
                }
            })
    }

    private static func transpose<Element>(
        _ values: Span<Element>, rows: Int, columns: Int
    ) -> [Element] {
        [Element](unsafeUninitializedCapacity: rows * columns) { result, count in
            for column in 0..<columns {
                for row in 0..<rows {
                    result.initializeElement(
                        at: column * rows + row, to: values[row * columns + column])
                }
            }
            count = rows * columns
        }
    }
}

/// A matrix of whole numbers in -127...127 and one scale a row: an entry is `value · scale`.
struct QuantizedRows {
    let values: [Int8]
    let scales: [Float]

    init(_ matrix: Span<Float>, rows: Int, columns: Int) {
        var values: [Int8] = []
        var scales: [Float] = []
        values.reserveCapacity(rows * columns)
        scales.reserveCapacity(rows)
        for row in 0..<rows {
            var largest: Float = 0
            for i in row * columns..<(row + 1) * columns { largest = max(largest, abs(matrix[i])) }
            // A row of zeros needs a scale too; no weight of a trained model is NaN or infinite.
            let scale = largest > 0 && largest.isFinite ? largest / 127 : 1
            for i in row * columns..<(row + 1) * columns {
                let scaled = (matrix[i] / scale).rounded(.toNearestOrEven)
                values.append(Int8(max(-127, min(127, scaled))))
            }
            scales.append(scale)
        }
        (self.values, self.scales) = (values, scales)
    }
}
