import ExampleFiles
import Foundation
import JSON
import Support

/// The files of a retrieval test: texts with identifiers, and which document is relevant to which query.
enum RetrievalFiles {
    /// Names of the first column in files that have a header.
    private static let headers: Set<String> = [
        "id", "_id", "qid", "query-id", "query_id", "docid", "doc_id", "pid", "corpus-id",
        "corpus_id",
    ]

    /// The texts of a file with an identifier and a text a line, TSV, or JSON lines as BEIR writes them (`_id`, `text`, and
    /// perhaps `title`, which then comes before the text).
    ///
    /// - Throws: `RunError.file` naming the line that is something else, or an identifier that is there twice.
    static func texts(_ path: String) throws -> (identifiers: [String], texts: [String]) {
        var (identifiers, texts): ([String], [String]) = ([], [])
        var seen: Set<String> = []
        try read(path) { line, fields in
            guard fields.count == 2, !fields[1].trimmed.isEmpty else {
                throw RunError.file(
                    "\(path):\(line): expected an identifier, a tab and a text, and no more columns"
                )
            }
            guard seen.insert(fields[0]).inserted else {
                throw RunError.file("\(path):\(line): the identifier '\(fields[0])' is there twice")
            }
            identifiers.append(fields[0])
            texts.append(fields[1])
        }
        if texts.isEmpty { throw RunError.file("\(path): holds no text") }
        return (identifiers, texts)
    }

    /// The identifiers of the relevant documents by query: lines of query and document, with a number that is above 0 if the
    /// document is relevant, or the four columns of TREC (query, anything, document, number).
    ///
    /// - Throws: `RunError.file` naming the line that is something else.
    static func relevant(_ path: String) throws -> [String: Set<String>] {
        var relevant: [String: Set<String>] = [:]
        try read(path) { line, fields in
            let fields =
                fields.count == 1
                ? fields[0].split(separator: " ").map(String.init) : fields
            let (document, score) =
                fields.count == 4
                ? (fields[2], fields[3])
                : (fields.count > 1 ? fields[1] : "", fields.count > 2 ? fields[2] : "1")
            guard !document.isEmpty, fields.count <= 4, let number = Double(score.trimmed) else {
                throw RunError.file(
                    "\(path):\(line): expected a query's identifier, a document's and perhaps a number, with tabs between"
                )
            }
            if number > 0 { relevant[fields[0], default: []].insert(document) }
        }
        if relevant.isEmpty { throw RunError.file("\(path): names no relevant document") }
        return relevant
    }

    private static func read(
        _ path: String, _ body: (_ line: Int, _ fields: [String]) throws -> Void
    ) throws {
        let file = try SentenceFile(path: path, format: .text)
        let isJSON = SentenceFile.Format(path: path) == .jsonl
        while let text = try file.next() {
            if text.trimmed.isEmpty { continue }
            if isJSON {
                try body(file.line, try fields(ofJSON: text, path, file.line))
                continue
            }
            let fields = text.split(separator: "\t", omittingEmptySubsequences: false)
                .map(String.init)
            if file.line == 1, headers.contains(fields[0].trimmed.lowercased()) { continue }
            try body(file.line, fields)
        }
    }

    private static func fields(ofJSON text: String, _ path: String, _ line: Int) throws -> [String]
    {
        let value: JSONValue
        do throws(JSONError) { value = try JSONValue(parsing: text.utf8) } catch {
            throw RunError.file("\(path):\(line): invalid JSON: \(error)")
        }
        let identifier = value["_id"] ?? value["id"]
        guard let name = identifier?.string ?? identifier?.int.map(String.init),
            let content = value["text"]?.string
        else { throw RunError.file("\(path):\(line): expected an object with '_id' and 'text'") }
        let title = value["title"]?.string ?? ""
        return [name, title.isEmpty ? content : title + " " + content]
    }
}
