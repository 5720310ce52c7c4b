/// A small seeded generator whose numbers are the same on every platform.
///
/// SplitMix64 (Steele, Lea and Flood 2014): a counter advanced by a fixed odd number, its bits
/// mixed. Not for cryptography. It is public so that the compiler may put it in place in other modules.
public struct SplitMix64: RandomNumberGenerator, Sendable {
    @usableFromInline
    var state: UInt64

    /// Creates the plain generator of the paper.
    public init(state: UInt64) { self.state = state }

    /// Creates a generator for one purpose (`stream`) and epoch of a seeded run.
    @inlinable
    public init(seed: UInt64, stream: UInt64 = 0, epoch: Int = 0) {
        // Each part is mixed before the next is added, so that (1, 2) and (2, 1) are unrelated.
        let run = Self.mixed(Self.mixed(seed) &+ stream)
        state = Self.mixed(run &+ UInt64(bitPattern: Int64(epoch)))
    }

    /// The next 64 bits.
    @inlinable
    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        return Self.mixed(state)
    }

    /// A number in 0..<bound, all equally likely; `bound` must be above 0.
    ///
    /// Our own, since the standard library may change how it draws from a generator.
    @inlinable
    public mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0, "SplitMix64.below(\(bound)): the bound must be above 0")
        // The high half of a product (Lemire 2019, arXiv 1805.10941); draws that would favour
        // small numbers are repeated.
        let bound = UInt64(bound)
        while true {
            let product = next().multipliedFullWidth(by: bound)
            if product.low >= bound || product.low >= (0 &- bound) % bound {
                return Int(product.high)
            }
        }
    }

    /// Puts the elements in a random order (Fisher and Yates).
    @inlinable
    public mutating func shuffle<Element>(_ elements: inout [Element]) {
        for last in stride(from: elements.count - 1, to: 0, by: -1) {
            elements.swapAt(last, below(last + 1))
        }
    }

    @inlinable
    static func mixed(_ value: UInt64) -> UInt64 {
        var bits = value
        bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
        return bits ^ (bits >> 31)
    }
}
