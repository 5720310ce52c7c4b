import Kernels

extension Tensor {
    /// The tensor with `value` wherever the mask is true; no gradient flows there.
    ///
    /// The mask has an entry for each element, in row-major order. With −∞ a softmax or `logSumExp` leaves them out.
    public func maskedFill(_ mask: [Bool], with value: Float) -> Tensor {
        precondition(mask.count == count, "maskedFill: a mask of \(mask.count) for \(shape)")
        func filled(_ x: Storage, _ value: Float) -> Storage {
            let y = Storage(x.count)
            ThreadPool.shared.ranges(x.count, grain: ThreadPool.elementGrain) { range in
                mask.withUnsafeBufferPointer { mask in
                    for i in range { y.base[i] = mask[i] ? value : x.base[i] }
                }
            }
            return y
        }
        return .result(shape, filled(storage, value), of: [self]) { [slot] in
            { dy, gradients in gradients.add(filled(dy, 0), to: slot) }
        }
    }
}
