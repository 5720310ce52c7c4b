import Support

/// Paths that begin with `~` where the shell leaves that alone: behind `--option=`, and in quotes.
enum HomePaths {
    /// Commands whose words after the first are texts, in which a `~` is one.
    private static let commandsOfTexts = ["similarity", "tokenize"]

    /// The words with the home folder in place of each such `~`.
    static func expanded(in words: [String]) -> [String] {
        let takesTexts = words.first.map(commandsOfTexts.contains) == true
        return words.enumerated().map { number, word in
            if word.hasPrefix("--"), let sign = word.firstIndex(of: "=") {
                let value = String(word[word.index(after: sign)...])
                return word[...sign] + expandingHome(value)
            }
            return takesTexts && number > 1 ? word : expandingHome(word)
        }
    }
}
