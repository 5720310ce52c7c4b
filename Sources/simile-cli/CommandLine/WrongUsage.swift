import ArgumentParser
import Foundation
import Support

/// What is wrong with a command line, whether it is found before, while or after it is parsed: status 64, with the
/// usage of the command that was meant.
enum WrongUsage {
    /// Prints what is wrong.
    static func say(_ error: ValidationError, of command: any ParsableCommand.Type) {
        let isRoot = command == SimileCommand.self
        let usage = SimileCommand.usageString(for: command).replacing("\n", with: "\n       ")
        let name = isRoot ? "simile" : "simile \(command._commandName)"
        Console.error(
            """
            Error: \(error.message)
            Usage: \(usage)
              See '\(name) --help' for more information.
            """)
    }

    /// Refuses a command that there is not.
    static func refuseUnknownCommand(_ words: [String], in simile: CommandDescription) throws {
        let named = words.first == "help" ? words.dropFirst().first : words.first
        guard let name = named, !name.hasPrefix("-") else { return }
        let commands = simile.subcommands ?? []
        if commands.contains(where: { $0.commandName == name }) { return }
        let known = commands.filter(\.shouldDisplay).map(\.commandName)
        let meant = PeerNames.commands[name.lowercased()] ?? closestName(to: name, among: known)
        throw ValidationError(
            "there is no command '\(name)'; "
                + (meant.map { "did you mean '\($0)'?" }
                    ?? "the commands are \(known.joined(separator: ", "))"))
    }
}
