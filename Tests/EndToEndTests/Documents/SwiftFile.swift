/// The Swift blocks of a document that belong together, as a file that the compiler can check.
///
/// A block stands in a function of its own, so that names of different blocks do not clash. An HTML comment above it
/// can say more:
///
/// - `continues`: the block goes on from the one before, with its names;
/// - `given model: SentenceTransformer`: it uses what the text around it speaks of: parameters of the function.
///
/// A block with an extension, which no function can hold, stands at the top of the file. Without imports of its own it
/// has Foundation and Simile.
struct SwiftFile {
    private let blocks: [Document.Block]

    /// The files of a document, in order.
    static func all(of document: Document) -> [SwiftFile] {
        var files: [[Document.Block]] = []
        for block in document.blocks(of: "swift") {
            if block.mark == "continues", let last = files.indices.last {
                files[last].append(block)
            } else {
                files.append([block])
            }
        }
        return files.map(SwiftFile.init)
    }

    /// The file's text, in which errors have the lines of the document.
    func text(function: String) -> String {
        let lines = blocks.flatMap(\.lines)
        let own = Set(lines.filter { $0.hasPrefix("import ") }).sorted()
        let imports = own.isEmpty ? ["import Foundation", "import Simile"] : own
        let body = blocks.flatMap { block in
            [#"#sourceLocation(file: "\#(block.path)", line: \#(block.line))"#]
                + block.lines.map { $0.hasPrefix("import ") ? "" : $0 }
        }
        let end = ["#sourceLocation()"]
        if lines.contains(where: { $0.hasPrefix("extension ") }) {
            return (imports + body + end).joined(separator: "\n") + "\n"
        }
        let mark = blocks.first?.mark ?? ""
        let given = mark.hasPrefix("given ") ? mark.dropFirst("given ".count) : ""
        let opening = ["func \(function)(\(given)) async throws {"]
        return (imports + opening + body + end + ["}"]).joined(separator: "\n") + "\n"
    }
}
