/// How messages name an option of a file, and a value that it may be given.
///
/// The library names the property and the value, as in `scoreRange 0...5`; a program whose users see
/// other names, such as flags, has messages written with those.
public typealias OptionNaming = (ExampleFileOptions.Key, _ value: String?) -> String

extension ExampleFileOptions {
    /// The library's own names.
    static func name(_ key: Key, _ value: String?) -> String {
        value.map { "\(key) \($0)" } ?? "\(key)"
    }
}

/// Names in words: `a`, `a and b`, `a, b and c`.
func enumeration(_ words: [String]) -> String {
    guard words.count > 1, let last = words.last else { return words.first ?? "" }
    return words.dropLast().joined(separator: ", ") + " and " + last
}
