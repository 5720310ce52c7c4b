import Kernels

extension Tensor {
    /// The same elements in another shape of the same count.
    public func reshaped(_ newShape: Shape) -> Tensor {
        precondition(newShape.count == count, "reshaped: \(shape) to \(newShape)")
        return .result(newShape, storage, of: [self]) { [slot] in
            { dy, gradients in gradients.add(dy, to: slot) }
        }
    }

    /// The tensor with its axes in another order; `axes` names each axis once. Without it, reversed.
    public func transposed(_ axes: [Int]? = nil) -> Tensor {
        let order = axes.map { $0.map(shape.index(of:)) } ?? Array((0..<shape.rank).reversed())
        precondition(
            order.sorted() == Array(0..<shape.rank), "transposed: axes \(order) of shape \(shape)")
        let target = Shape(order.map { shape[$0] })
        var strides = [Int](repeating: 1, count: shape.rank)
        for axis in (0..<shape.rank).dropLast().reversed() {
            strides[axis] = strides[axis + 1] * shape[axis + 1]
        }
        let sources = offsets(sizes: target.array, strides: order.map { strides[$0] })
        return gathered(target, from: sources)
    }

    /// The part of an axis given by `range`.
    public func slice(_ range: Range<Int>, axis: Int = 0) -> Tensor {
        let axis = shape.index(of: axis)
        precondition(
            range.lowerBound >= 0 && range.upperBound <= shape[axis],
            "slice: \(range) of axis \(axis) of shape \(shape)")
        var sizes = shape.array
        let inner = sizes[(axis + 1)...].reduce(1, *)
        let outer = sizes[..<axis].reduce(1, *)
        let (width, taken) = (sizes[axis] * inner, range.count * inner)
        sizes[axis] = range.count
        let y = Storage(outer * taken)
        let first = range.lowerBound * inner
        for i in 0..<outer {
            (y.base + i * taken).update(from: base + i * width + first, count: taken)
        }
        return .result(Shape(sizes), y, of: [self]) { [slot] in
            { dy, gradients in
                let dx = Storage.zeros(outer * width)
                for i in 0..<outer {
                    (dx.base + i * width + first).update(from: dy.base + i * taken, count: taken)
                }
                gradients.add(dx, to: slot)
            }
        }
    }

    /// Tensors joined along an axis; their other dimensions are the same.
    public static func concatenated(_ parts: [Tensor], axis: Int = 0) -> Tensor {
        guard let first = parts.first else { preconditionFailure("concatenated needs a tensor") }
        let axis = first.shape.index(of: axis)
        var sizes = first.shape.array
        sizes[axis] = parts.reduce(0) { $0 + $1.shape[axis] }
        for part in parts {
            var own = part.shape.array
            own[axis] = sizes[axis]
            precondition(own == sizes, "concatenated: \(parts.map(\.shape)) along axis \(axis)")
        }
        let inner = sizes[(axis + 1)...].reduce(1, *)
        let outer = sizes[..<axis].reduce(1, *)
        let width = sizes[axis] * inner
        let y = Storage(outer * width)
        var places: [(slot: Int32?, first: Int, width: Int)] = []
        var next = 0
        for part in parts {
            let own = part.shape[axis] * inner
            for i in 0..<outer {
                (y.base + i * width + next).update(from: part.base + i * own, count: own)
            }
            places.append((part.slot, next, own))
            next += own
        }
        return .result(Shape(sizes), y, of: parts) {
            { [places] dy, gradients in
                for (slot, first, own) in places where slot != nil {
                    let dx = Storage(outer * own)
                    for i in 0..<outer {
                        (dx.base + i * own).update(from: dy.base + i * width + first, count: own)
                    }
                    gradients.add(dx, to: slot)
                }
            }
        }
    }

    /// Rows picked by index, possibly more than once: [rows, ...] to [indices, ...].
    public func gather(_ indices: [Int]) -> Tensor {
        let width = shape[0] == 0 ? 0 : count / shape[0]
        precondition(
            indices.allSatisfy { (0..<shape[0]).contains($0) },
            "gather: indices \(indices) of shape \(shape)")
        let y = Storage(indices.count * width)
        for (i, row) in indices.enumerated() {
            (y.base + i * width).update(from: base + row * width, count: width)
        }
        let target = Shape([indices.count] + shape.array.dropFirst())
        return .result(target, y, of: [self]) { [slot, count] in
            { dy, gradients in
                let dx = Storage.zeros(count)
                for (i, row) in indices.enumerated() {
                    VectorKernels.best.add(dx.base + row * width, dy.base + i * width, width)
                }
                gradients.add(dx, to: slot)
            }
        }
    }

    /// Element i of the result is element `sources[i]` of this tensor.
    private func gathered(_ target: Shape, from sources: [Int]) -> Tensor {
        let y = Storage(target.count)
        for (i, source) in sources.enumerated() { y.base[i] = base[source] }
        return .result(target, y, of: [self]) { [slot, count] in
            { dy, gradients in
                let dx = Storage.zeros(count)
                for (i, source) in sources.enumerated() { dx.base[source] += dy.base[i] }
                gradients.add(dx, to: slot)
            }
        }
    }
}

/// The offset of every element of a strided view, in row-major order.
private func offsets(sizes: [Int], strides: [Int]) -> [Int] {
    var offsets = [0]
    for (size, stride) in zip(sizes, strides) {
        offsets = offsets.flatMap { offset in (0..<size).map { offset + $0 * stride } }
    }
    return offsets
}
