import Kernels
import Tensors

/// Parameters with numbers that are NaN or infinite: training diverged, or their file is damaged.
public struct NonFiniteError: Error, Equatable, CustomStringConvertible {
    /// The first array, in declaration order, that has such numbers.
    public let array: String
    /// How many of the array's numbers are NaN or infinite.
    public let count: Int
    /// How many numbers the array has.
    public let size: Int
    /// How many other arrays have such numbers too.
    public let otherArrays: Int

    /// What happened and what to do.
    public var description: String {
        let others =
            switch otherArrays {
            case 0: ""
            case 1: ", and 1 other array has such numbers too"
            default: ", and \(otherArrays) other arrays have such numbers too"
            }
        return
            "\(array): \(count) of its \(size) numbers are NaN or infinite\(others); training diverged, or the file of the weights is damaged: use an earlier checkpoint, or train again with a lower learning rate"
    }
}

extension Sequence<Parameter> {
    /// Checks that every number of every parameter is finite: to be called before weights are handed on.
    ///
    /// - Throws: `NonFiniteError` with the first array that has a NaN or an infinity.
    public func requireFinite() throws(NonFiniteError) {
        var bad: [(array: String, count: Int, size: Int)] = []
        for parameter in self {
            let values = parameter.value
            for part in parameter.parts {
                let (start, size) = (values.base + part.offset, part.shape.count)
                // Fast, and finite only if each number is; large finite numbers can overflow it, though.
                if VectorKernels.best.sum_of_squares(start, size).isFinite { continue }
                let count = (0..<size).count { !start[$0].isFinite }
                if count > 0 { bad.append((part.name, count, size)) }
            }
        }
        guard let first = bad.first else { return }
        throw NonFiniteError(
            array: first.array, count: first.count, size: first.size, otherArrays: bad.count - 1)
    }
}
