import Foundation

extension StringProtocol {
    /// The text without white space and line ends around it.
    package var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
