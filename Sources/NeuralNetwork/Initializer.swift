import Foundation
import Kernels
import Support

/// How a parameter's first values are made; all but computed ones are functions of (seed, name, index) alone.
public enum Initializer: Sendable {
    /// All zeros.
    case zeros
    /// All ones.
    case ones
    /// The same number everywhere.
    case constant(Float)
    /// Normal with mean 0.
    case normal(standardDeviation: Float)
    /// Uniform in -bound...bound.
    case uniform(bound: Float)
    /// What a function gives, one number for each element; called only when nothing else gives the values.
    case computed(@Sendable () -> [Float])

    /// These numbers, one for each element.
    static func fixed(_ values: [Float]) -> Initializer { .computed { values } }

    /// Fills `buffer` with the first values of the parameter called `name`.
    func fill(_ buffer: UnsafeMutableBufferPointer<Float>, name: String, seed: UInt64) {
        // The stream of a name must not depend on the process, as Swift's own hashes do.
        let key = simile_mix(seed, FNV1a.hash(name))
        /// A number in 0..<1, never 0 when `open`.
        @inline(__always)
        func unit(_ bits: UInt64) -> Double { (Double(bits >> 11) + 0.5) * 0x1p-53 }
        switch self {
        case .zeros: buffer.update(repeating: 0)
        case .ones: buffer.update(repeating: 1)
        case .constant(let value): buffer.update(repeating: value)
        case .computed(let compute):
            let values = compute()
            precondition(values.count == buffer.count, "\(name): \(values.count) first values")
            _ = buffer.update(from: values)
        case .uniform(let bound):
            ThreadPool.shared.ranges(buffer.count, grain: 1 << 14) { range in
                for i in range {
                    buffer[i] = Float((2 * unit(simile_mix(key, UInt64(i))) - 1) * Double(bound))
                }
            }
        case .normal(let deviation):
            ThreadPool.shared.ranges(buffer.count, grain: 1 << 14) { range in
                for i in range {  // Box and Muller 1958
                    let radius = (-2 * log(unit(simile_mix(key, UInt64(2 * i))))).squareRoot()
                    let angle = 2 * Double.pi * unit(simile_mix(key, UInt64(2 * i + 1)))
                    buffer[i] = Float(radius * cos(angle) * Double(deviation))
                }
            }
        }
    }
}
