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
    /// The indices of the first such number in its array.
    public let index: [Int]
    /// How many other arrays have such numbers too.
    public let otherArrays: Int

    /// What happened and what to do.
    public var description: String {
        "\(NonFiniteArray.words(array, count, size, index))\(Self.others(otherArrays)); \(Self.advice)"
    }

    static let advice =
        "training diverged, or the file of the weights is damaged: use an earlier checkpoint, fetch the file again, or train again with a lower learning rate"

    static func others(_ count: Int) -> String {
        switch count {
        case 0: ""
        case 1: ", and 1 other array has such numbers too"
        default: ", and \(count) other arrays have such numbers too"
        }
    }
}

/// An array with numbers that are NaN or infinite.
struct NonFiniteArray {
    let name: String
    let count: Int
    let size: Int
    let index: [Int]

    /// Nil when every number is finite.
    init?(_ name: String, _ shape: Shape, _ values: UnsafeBufferPointer<Float>) {
        guard let start = values.baseAddress else { return nil }
        // Fast, and finite only if each number is; large finite numbers can overflow it, though.
        if VectorKernels.best.sum_of_squares(start, values.count).isFinite { return nil }
        guard let first = values.firstIndex(where: { !$0.isFinite }) else { return nil }
        self.name = name
        count = values[first...].count { !$0.isFinite }
        size = values.count
        var (rest, index) = (first, [Int]())
        for extent in shape.array.reversed() {
            index.insert(rest % extent, at: 0)
            rest /= extent
        }
        self.index = index
    }

    var description: String { Self.words(name, count, size, index) }

    static func words(_ name: String, _ count: Int, _ size: Int, _ index: [Int]) -> String {
        "\(name): \(count) of its \(size) numbers are NaN or infinite, the first at \(index)"
    }
}

extension Sequence<Parameter> {
    /// Checks that every number of every parameter is finite: to be called before weights are handed on.
    ///
    /// - Throws: `NonFiniteError` with the first array that has a NaN or an infinity.
    public func requireFinite() throws(NonFiniteError) {
        var bad: [NonFiniteArray] = []
        for parameter in self {
            let values = parameter.value
            for part in parameter.parts {
                let numbers = UnsafeBufferPointer(
                    start: values.base + part.offset, count: part.shape.count)
                if let array = NonFiniteArray(part.name, part.shape, numbers) { bad.append(array) }
            }
        }
        guard let first = bad.first else { return }
        throw NonFiniteError(
            array: first.name, count: first.count, size: first.size, index: first.index,
            otherArrays: bad.count - 1)
    }
}
