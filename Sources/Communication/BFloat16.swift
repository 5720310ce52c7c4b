import CMPI

/// Numbers on their way to other processes in half the bytes.
package enum BFloat16 {
    /// Rounds numbers to the nearest, ties to even.
    package static func narrow(
        _ from: UnsafePointer<Float>, into to: UnsafeMutablePointer<UInt16>, count: Int
    ) { simile_mpi_narrow(from, to, count) }

    /// The float32 numbers that they are.
    package static func widen(
        _ from: UnsafePointer<UInt16>, into to: UnsafeMutablePointer<Float>, count: Int
    ) { simile_mpi_widen(from, to, count) }
}
