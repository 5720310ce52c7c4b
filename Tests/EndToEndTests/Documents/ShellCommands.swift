/// The commands of a shell script as its documents show them: words in quotes, comments, pipes and lines that go on.
enum ShellCommands {
    /// The words of each command of a script, with the line of its first.
    static func parse(_ lines: [String]) -> [(line: Int, words: [String])] {
        var commands: [(line: Int, words: [String])] = []
        var (words, line): ([String], Int) = ([], 0)
        func end() {
            if !words.isEmpty { commands.append((line, words)) }
            words = []
        }
        for (index, text) in lines.enumerated() {
            if words.isEmpty { line = index }
            var rest = Substring(text)
            while let word = nextWord(&rest) {
                switch word {
                case .plain(let text): words.append(text)
                case .separator: end()
                case .continuation: break
                }
            }
            if !text.hasSuffix("\\") { end() }
        }
        end()
        return commands
    }

    /// The arguments of each `simile` command, with its line; what is set before it in the environment is left out.
    static func ofSimile(_ lines: [String]) -> [(line: Int, arguments: [String])] {
        parse(lines).compactMap { line, words in
            let command = words.drop { $0.contains(/^[A-Z_]+=/) }
            guard command.first == "simile" else { return nil }
            // What goes to or comes from a file is no argument.
            var arguments: [String] = []
            var isFile = false
            for word in command.dropFirst() {
                if isFile {
                    isFile = false
                } else if word.contains(/^[0-9]?[<>]/) {
                    isFile = word.hasSuffix(">") || word.hasSuffix("<")
                } else {
                    arguments.append(word)
                }
            }
            return (line, arguments)
        }
    }

    private enum Word {
        case plain(String)
        case separator
        case continuation
    }

    private static func nextWord(_ text: inout Substring) -> Word? {
        text = text.drop { $0 == " " || $0 == "\t" }
        guard let first = text.first, first != "#" else { return nil }
        if text == "\\" {
            text = ""
            return .continuation
        }
        if "|;&".contains(first) {
            text = text.drop { "|;&".contains($0) }
            return .separator
        }
        var word = ""
        var quote: Character?
        var depth = 0  // of $(...), whose spaces divide no words
        while let character = text.first {
            if quote == nil, character == "(" { depth += 1 }
            if quote == nil, character == ")" { depth -= 1 }
            if let open = quote {
                if character == open { quote = nil } else { word.append(character) }
            } else if character == "'" || character == "\"" {
                quote = character
            } else if depth == 0, " \t|;".contains(character) {
                break
            } else {
                word.append(character)
            }
            text.removeFirst()
        }
        return .plain(word)
    }
}
