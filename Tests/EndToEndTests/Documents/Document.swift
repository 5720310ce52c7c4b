import Foundation

/// One of the project's documents, in Markdown.
struct Document {
    /// Where it is, from the repository's folder.
    let path: String
    /// Its lines, without their ends.
    let lines: [String]

    /// A fenced block of code.
    struct Block {
        /// The document that it is in.
        let path: String
        /// The line of its first line of code, from 1.
        let line: Int
        /// What stands after the opening fence: `swift`, `sh`.
        let language: String
        /// The HTML comment above the fence, without its arrows; empty when there is none.
        let mark: String
        /// The code.
        let lines: [String]
    }

    /// Every document: those beside README, `docs/`, the catalogue of the library and what explains the folders.
    static func all(in repository: URL) throws -> [Document] {
        var paths = try FileManager.default.contentsOfDirectory(atPath: repository.path)
        for folder in ["Checkpoints", "Datasets", "Experiments", "Sources", "docs"] {
            let names = FileManager.default.enumerator(
                atPath: repository.appending(path: folder).path)
            for case let name as String in names ?? .init() { paths.append("\(folder)/\(name)") }
        }
        return try paths.filter { $0.hasSuffix(".md") }.sorted().map { path in
            let text = try String(contentsOf: repository.appending(path: path), encoding: .utf8)
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            return Document(path: path, lines: lines.map(String.init))
        }
    }

    /// Its blocks of code in a language.
    func blocks(of language: String) -> [Block] {
        var (blocks, mark): ([Block], String) = ([], "")
        var open: (language: String, start: Int)?
        for (index, line) in lines.enumerated() {
            if line.hasPrefix("```") {
                if let (language, start) = open {
                    blocks.append(
                        Block(
                            path: path, line: start + 1, language: language, mark: mark,
                            lines: Array(lines[start..<index])))
                    (open, mark) = (nil, "")
                } else {
                    open = (String(line.dropFirst(3)), index + 1)
                }
            } else if open == nil, !line.isEmpty {
                mark = line.wholeMatch(of: /<!-- (.*) -->/).map { String($0.1) } ?? ""
            }
        }
        return blocks.filter { $0.language == language }
    }

    /// What it links to, outside its code, with the line of each link: paths, addresses and pages of the catalogue.
    var links: [(line: Int, target: String)] {
        var (links, isCode): ([(Int, String)], Bool) = ([], false)
        for (index, line) in lines.enumerated() {
            if line.hasPrefix("```") { isCode.toggle() }
            if isCode { continue }
            links += line.matches(of: /\]\(([^)\s]+)\)|<(doc:[^>]+)>/).map {
                (index + 1, String($0.1 ?? $0.2 ?? ""))
            }
        }
        return links
    }
}
