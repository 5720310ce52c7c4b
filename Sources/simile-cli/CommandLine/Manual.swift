import ArgumentParser
import Support

/// What `make install` asks for the manual page with; nobody need know of it.
struct Manual: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manual", abstract: "Prints the manual page, in roff.", shouldDisplay: false)

    func run() throws { try Console.print(ManualPage.text(of: CommandDescription.simile())) }
}

/// The manual page of the command, made of what its help says.
enum ManualPage {
    static func text(of simile: CommandDescription) -> String {
        let commands = (simile.subcommands ?? []).filter(\.shouldDisplay)
        var lines = [
            ".TH SIMILE 1 \"\" \"simile \(Version.simile)\" \"User Commands\"", ".SH NAME",
            "simile \\- \(escaped(simile.abstract ?? ""))", ".SH SYNOPSIS",
            "\\fBsimile\\fR \\fICOMMAND\\fR [\\fIOPTIONS\\fR]", ".SH DESCRIPTION",
        ]
        lines += paragraphs(simile.discussion ?? "")
        for command in commands {
            lines.append(".SH simile \(command.commandName)")
            lines.append(escaped(command.abstract ?? ""))
            lines += paragraphs(command.discussion ?? "")
            var title: String?
            for argument in shown(command) {
                let section = argument.sectionTitle ?? "Options"
                if section != title { lines.append(".SS \(escaped(section))") }
                title = section
                lines += entry(argument)
            }
        }
        return lines.joined(separator: "\n")
    }

    /// The arguments that help shows, those of a titled section together and the others last.
    private static func shown(_ command: CommandDescription) -> [CommandDescription.Argument] {
        let all = (command.arguments ?? []).filter(\.shouldDisplay)
        return all.filter { $0.kind == "positional" }
            + all.filter { $0.kind != "positional" && $0.sectionTitle != nil }
            + all.filter { $0.kind != "positional" && $0.sectionTitle == nil }
    }

    private static func entry(_ argument: CommandDescription.Argument) -> [String] {
        let names = (argument.names ?? []).map { "\\fB\(escaped($0.text))\\fR" }
        let value = "\\fI\(escaped(argument.valueName ?? "value"))\\fR"
        let head = names.isEmpty ? value : names.joined(separator: ", ")
        let takes = argument.takesValue ? " \(value)" : ""
        let initial = argument.defaultValue.map { " (default: \($0))" } ?? ""
        return [".TP", head + takes, escaped((argument.abstract ?? "") + initial)]
    }

    /// Paragraphs of a discussion; those that are laid out in lines stay so.
    private static func paragraphs(_ text: String) -> [String] {
        text.split(separator: "\n\n").flatMap { paragraph in
            let lines = paragraph.split(separator: "\n").map { escaped(String($0)) }
            let isLaidOut = lines.contains { $0.contains("  ") }
            return [".PP"] + (isLaidOut ? [".nf"] + lines + [".fi"] : lines)
        }
    }

    private static func escaped(_ text: String) -> String {
        let plain = text.replacing("\\", with: "\\e").replacing("-", with: "\\-")
        return plain.hasPrefix(".") || plain.hasPrefix("'") ? "\\&" + plain : plain
    }
}
