import Kernels

extension Tensor {
    /// The largest element of each row of the last dimension, which disappears and is not empty.
    ///
    /// Among equals the gradient goes to the first.
    public func rowMax() -> Tensor { extreme { $0 > $1 } }

    /// The smallest element of each row of the last dimension, which disappears and is not empty.
    ///
    /// Among equals the gradient goes to the first.
    public func rowMin() -> Tensor { extreme { $0 < $1 } }

    /// The place of the largest element in each row of the last dimension, the first among equals.
    public func argMax() -> [Int] { winners { $0 > $1 } }

    /// The place of the smallest element in each row of the last dimension, the first among equals.
    public func argMin() -> [Int] { winners { $0 < $1 } }

    private func winners(_ beats: (Float, Float) -> Bool) -> [Int] {
        let (rows, width) = rowsAndWidth
        precondition(width > 0 || rows == 0, "no element of \(shape) is the largest or smallest")
        return (0..<rows).map { row in
            let x = base + row * width
            var winner = 0
            for i in 0..<width where beats(x[i], x[winner]) { winner = i }
            return winner
        }
    }

    private func extreme(_ beats: (Float, Float) -> Bool) -> Tensor {
        let (rows, width) = rowsAndWidth
        let winners = winners(beats)
        let y = Storage(rows)
        for (row, winner) in winners.enumerated() { y.base[row] = base[row * width + winner] }
        return .result(Shape(shape.array.dropLast()), y, of: [self]) { [slot] in
            { dy, gradients in
                let dx = Storage.zeros(rows * width)
                for (row, winner) in winners.enumerated() {
                    dx.base[row * width + winner] = dy.base[row]
                }
                gradients.add(dx, to: slot)
            }
        }
    }
}
