import ArgumentParser

/// Refuses an option that is given twice though it takes one value.
///
/// The parser takes the last value and drops the others without a word.
enum RepeatedOptions {
    /// - Throws: `ValidationError` naming the option and both values.
    static func refuse(in words: ArraySlice<String>, of command: CommandDescription) throws {
        var values: [String: String] = [:]
        for case .option(let option, let value?) in GivenArguments(words, of: command)
        where !option.isRepeating {
            guard let name = option.names?.first?.text else { continue }
            if let earlier = values.updateValue(value, forKey: name) {
                throw ValidationError(
                    "\(name) is given twice, as '\(earlier)' and as '\(value)', but takes one value; give the one that is meant"
                )
            }
        }
    }
}
