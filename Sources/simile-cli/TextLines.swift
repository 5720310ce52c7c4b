import Simile

/// The texts of some files, held in memory.
enum TextLines {
    /// One text a line, JSON lines by the file's name; empty lines are left out.
    static func read(_ paths: [String]) throws -> [String] {
        var lines: [String] = []
        for path in paths {
            let file = try SentenceFile(path: path, format: .init(path: path))
            while let text = try file.next() { if !text.isEmpty { lines.append(text) } }
        }
        return lines
    }
}
