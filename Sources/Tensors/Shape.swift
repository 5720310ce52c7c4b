/// Up to four dimensions, stored inline: making a shape never allocates.
public struct Shape: Equatable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
    /// The most dimensions a tensor can have.
    public static let maxRank = 4

    private var dimensions = InlineArray<4, Int>(repeating: 1)
    /// Number of dimensions, 0 for a scalar.
    public let rank: Int

    /// Creates a shape; every dimension is 0 or more.
    public init(_ dimensions: some Collection<Int>) {
        precondition(
            dimensions.count <= Self.maxRank && dimensions.allSatisfy { $0 >= 0 },
            "a shape has at most \(Self.maxRank) dimensions of 0 or more, got \(Array(dimensions))")
        rank = dimensions.count
        for (i, size) in dimensions.enumerated() { self.dimensions[i] = size }
    }

    /// Creates a shape from its dimensions.
    public init(arrayLiteral dimensions: Int...) { self.init(dimensions) }

    /// The size of a dimension; negative indices count from the last.
    public subscript(axis: Int) -> Int { dimensions[index(of: axis)] }

    /// Number of elements.
    public var count: Int {
        var product = 1
        for i in 0..<rank { product *= dimensions[i] }
        return product
    }

    /// The dimensions as an array.
    public var array: [Int] { (0..<rank).map { dimensions[$0] } }

    /// The dimensions in brackets: `[2, 3]`.
    public var description: String { "[" + array.map(String.init).joined(separator: ", ") + "]" }

    /// Whether rank and every dimension are equal.
    public static func == (a: Shape, b: Shape) -> Bool {
        a.rank == b.rank && (0..<a.rank).allSatisfy { a.dimensions[$0] == b.dimensions[$0] }
    }

    /// An axis from 0, for one that may count from the last.
    func index(of axis: Int) -> Int {
        let index = axis < 0 ? rank + axis : axis
        precondition((0..<rank).contains(index), "axis \(axis) of a tensor of shape \(self)")
        return index
    }
}
