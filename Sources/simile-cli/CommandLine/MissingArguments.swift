import ArgumentParser

/// Names everything that a command still needs in one message; the parser names the first alone.
enum MissingArguments {
    /// - Throws: `ValidationError` with all that is missing, and an example.
    static func refuse(
        in words: ArraySlice<String>, of command: CommandDescription, example: String?
    ) throws {
        var (given, values): (Set<String>, Int) = ([], 0)
        for element in GivenArguments(words, of: command) {
            switch element {
            case .option(let option, let value):
                // What asks for help, and what lacks its value, is the parser's.
                let isAnswered = option.takesValue && value != nil || option.kind == "flag"
                if !isAnswered || ["--help", "--version"].contains(option.preferredName?.text) {
                    return
                }
                given.formUnion((option.names ?? []).map(\.text))
            case .value: values += 1
            case .unknown: return
            }
        }
        let missing = (command.arguments ?? []).filter { argument in
            if argument.kind == "positional" {
                values -= 1
                return !argument.isOptional && values < 0
            }
            return !argument.isOptional
                && !(argument.names ?? []).contains { given.contains($0.text) }
        }
        if missing.isEmpty { return }
        throw error(missing.map(\.synopsis), example: example)
    }

    /// The error for what is missing.
    static func error(_ missing: [String], example: String?) -> ValidationError {
        let example = example.map { "; for example:\n  \($0)" } ?? ""
        return ValidationError("missing: \(missing.joined(separator: ", "))\(example)")
    }
}
