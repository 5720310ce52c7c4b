import Kernels

extension Tensor {
    /// The sum of all elements, a scalar.
    public func sum() -> Tensor { reshaped([count]).sum(axes: [0]) }

    /// The mean of all elements, a scalar; NaN when there are none.
    public func mean() -> Tensor { sum() / Float(count) }

    /// The mean over some axes.
    public func mean(axes: [Int], keepingDimensions: Bool = false) -> Tensor {
        let size = Set(axes.map(shape.index(of:))).reduce(1) { $0 * shape[$1] }
        return sum(axes: axes, keepingDimensions: keepingDimensions) / Float(size)
    }

    /// The sum over some axes, which disappear or are kept with size 1.
    public func sum(axes: [Int], keepingDimensions: Bool = false) -> Tensor {
        let summed = Set(axes.map(shape.index(of:)))
        let kept = (0..<shape.rank).map { summed.contains($0) ? 1 : shape[$0] }
        let target = Shape(
            keepingDimensions ? kept : kept.indices.filter { !summed.contains($0) }.map { kept[$0] }
        )
        let cells = Broadcast(shape, Shape(kept), operation: "sum")
        // Sums in double: a mean over many tokens keeps its digits.
        var totals = [Double](repeating: 0, count: target.count)
        totals.withUnsafeMutableBufferPointer { totals in
            guard let totals = totals.baseAddress else { return }
            cells.forEach(in: 0..<count) { [base] i, _, cell in totals[cell] += Double(base[i]) }
        }
        let y = Storage(target.count)
        for i in totals.indices { y.base[i] = Float(totals[i]) }
        return .result(target, y, of: [self]) { [slot, count] in
            { dy, gradients in
                let dx = Storage(count)
                cells.onAllThreads { [dx = dx.base, dy = dy.base] range in
                    cells.forEach(in: range) { i, _, cell in dx[i] = dy[cell] }
                }
                gradients.add(dx, to: slot)
            }
        }
    }
}
