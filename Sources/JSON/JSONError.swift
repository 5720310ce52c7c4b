/// What is wrong with a JSON text, and where.
package struct JSONError: Error, Equatable, CustomStringConvertible {
    package let reason: String
    /// The line, from 1.
    package let line: Int
    /// The byte of the line, from 1.
    package let column: Int

    package var description: String { "\(reason) at column \(column)" }
}
