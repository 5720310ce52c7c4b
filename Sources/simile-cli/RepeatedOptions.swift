import ArgumentParser
import Foundation

/// Refuses an option that is given twice though it takes one value.
///
/// The parser takes the last value and drops the others without a word. What an option is, it says
/// itself in the description that it writes for other tools.
enum RepeatedOptions {
    /// - Throws: `ValidationError` naming the option and both values.
    static func refuse(in arguments: [String]) throws {
        guard let name = arguments.first, let command = try command(named: name) else { return }
        var values: [String: String] = [:]
        var rest = arguments.dropFirst()
        while let argument = rest.popFirst(), argument != "--" {
            let parts = argument.split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let option = command.option(String(parts[0])) else { continue }
            var value = parts.count == 2 ? String(parts[1]) : ""
            // Empty after the equals sign is, to the parser, not there.
            if value.isEmpty {
                guard let next = rest.first, !isName(next) else { continue }
                value = rest.removeFirst()
            }
            if let earlier = values.updateValue(value, forKey: option) {
                throw ValidationError(
                    "\(option) is given twice, as '\(earlier)' and as '\(value)', but takes one value; give the one that is meant"
                )
            }
        }
    }

    private static func isName(_ argument: String) -> Bool {
        argument.hasPrefix("-") && argument != "-"
    }

    private static func command(named name: String) throws -> Command? {
        struct Tool: Decodable { let command: Command }
        let tool = try JSONDecoder().decode(
            Tool.self, from: Data(SimileCommand._dumpHelp().utf8))
        return tool.command.subcommands?.first { $0.commandName == name }
    }

    /// A command as the parser describes it.
    private struct Command: Decodable {
        struct Argument: Decodable {
            struct Name: Decodable {
                let kind: String
                let name: String
                var text: String { (kind == "long" ? "--" : "-") + name }
            }
            let kind: String
            let isRepeating: Bool
            let names: [Name]?
        }
        let commandName: String
        let subcommands: [Command]?
        let arguments: [Argument]?

        /// The first name of the option with one value that has this name; nil if there is none.
        func option(_ name: String) -> String? {
            arguments?.first { argument in
                argument.kind == "option" && !argument.isRepeating
                    && (argument.names ?? []).contains { $0.text == name }
            }?.names?.first?.text
        }
    }
}
