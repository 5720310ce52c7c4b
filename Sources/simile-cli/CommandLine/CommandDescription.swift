import ArgumentParser
import Foundation

/// A command with its options, as the parser describes it to other tools.
struct CommandDescription: Decodable {
    struct Argument: Decodable {
        struct Name: Decodable {
            let kind: String
            let name: String
            var text: String { (kind == "long" ? "--" : "-") + name }
        }
        let kind: String
        let shouldDisplay: Bool
        let sectionTitle: String?
        let isOptional: Bool
        let isRepeating: Bool
        let names: [Name]?
        let preferredName: Name?
        let valueName: String?
        let defaultValue: String?
        let allValueStrings: [String]?
        let abstract: String?

        var takesValue: Bool { kind == "option" }

        /// How usage lines show it: `--output <output>`, `<model>`.
        var synopsis: String {
            let value = "<\(valueName ?? "value")>"
            guard let name = preferredName?.text else { return value }
            return takesValue ? "\(name) \(value)" : name
        }
    }
    let commandName: String
    let abstract: String?
    let discussion: String?
    let shouldDisplay: Bool
    let subcommands: [CommandDescription]?
    let arguments: [Argument]?

    /// The command itself, with all that it can do.
    static func simile() throws -> CommandDescription {
        struct Tool: Decodable { let command: CommandDescription }
        return try JSONDecoder().decode(
            Tool.self, from: Data(SimileCommand._dumpHelp().utf8)
        ).command
    }

    /// The option or flag of this name, as it is typed.
    func option(_ name: String) -> Argument? {
        arguments?.first { ($0.names ?? []).contains { $0.text == name } }
    }
}

/// The words of a command line as the parser takes them: options with their values, and the rest.
struct GivenArguments: Sequence, IteratorProtocol {
    enum Element {
        /// An option or flag; the value is nil where it takes none, or has none.
        case option(CommandDescription.Argument, value: String?)
        case value(String)
        case unknown(String)
    }

    private let command: CommandDescription
    private var rest: ArraySlice<String>
    private var isTerminated = false

    /// - Parameter words: Those after the command's name.
    init(_ words: ArraySlice<String>, of command: CommandDescription) {
        (self.command, rest) = (command, words)
    }

    mutating func next() -> Element? {
        guard let word = rest.popFirst() else { return nil }
        if isTerminated || !Self.isName(word) { return .value(word) }
        if word == "--" {
            isTerminated = true
            return next()
        }
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let option = command.option(String(parts[0])) else { return .unknown(word) }
        guard option.takesValue else { return .option(option, value: nil) }
        // Empty after the equals sign is, to the parser, not there.
        if parts.count == 2, !parts[1].isEmpty { return .option(option, value: String(parts[1])) }
        guard let following = rest.first, !Self.isName(following) else {
            return .option(option, value: nil)
        }
        return .option(option, value: rest.removeFirst())
    }

    static func isName(_ word: String) -> Bool { word.hasPrefix("-") && word != "-" }
}
