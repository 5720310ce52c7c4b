import Foundation
import Support

/// A file of tokens to add to a vocabulary, one a line.
public enum TokenFile {
    /// The model with the file's tokens, and a line about them; blank lines, and white space around a token, count for
    /// nothing.
    ///
    /// - Throws: `RunError.file` when the file cannot be read or holds no token, or one that the tokenizer reads as no text.
    public static func add(
        _ path: String, to model: SentenceTransformer, note: (TrainingNote) -> Void
    ) throws -> SentenceTransformer {
        let text: String
        do throws(RegularFile.Failure) { text = try TextFile.read(path) } catch {
            throw RunError.file("\(path): cannot be read: \(error.reason); check the path")
        }
        let tokens = text.split(whereSeparator: \.isNewline)
            .map { $0.trimmingCharacters(in: .whitespaces.union(["\u{FEFF}"])) }
            .filter { !$0.isEmpty }
        guard !tokens.isEmpty else {
            throw RunError.file("\(path): holds no token; expected one a line")
        }
        let larger: SentenceTransformer
        let report: AddedTokensReport
        do { (larger, report) = try model.addingTokens(tokens) } catch let error as ModelError {
            throw RunError.file("\(path): \(error)")
        }
        let first = model.tokenizer.vocabulary.count
        note(
            .other(
                report.added.isEmpty
                    ? "\(path): no token added"
                    : "\(path): \(report.added.count) tokens added, with the ids \(first)...\(first + report.added.count - 1)"
            ))
        for (what, tokens) in [
            ("in the vocabulary already", report.known), ("given more than once", report.repeated),
            ("never found in texts, because another token is", report.unreachable),
        ] where !tokens.isEmpty {
            let more = tokens.count > 5 ? " and \(tokens.count - 5) more" : ""
            let list = tokens.prefix(5).map { "'\($0)'" }.joined(separator: ", ")
            note(.other("\(path): \(what): \(list)\(more)"))
        }
        return larger
    }
}
