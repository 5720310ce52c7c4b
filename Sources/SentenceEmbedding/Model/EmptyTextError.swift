import ExampleFiles
import Foundation
import Tokenization

/// A text of which a model's tokenizer makes no token: its embedding would say nothing.
public struct EmptyTextError: Error, Equatable, LocalizedError, CustomStringConvertible {
    /// The file.
    public let path: String
    /// The line, from 1.
    public let line: Int
    /// The column's name.
    public let column: String
    /// The text.
    public let text: String

    /// What is wrong.
    public var description: String {
        "\(path):\(line): the \(column) text is empty: the model's tokenizer makes no token of '\(text.prefix(40))'"
    }

    /// `description`
    public var errorDescription: String? { description }
}

extension ExampleTable {
    /// Refuses texts of which a tokenizer makes no token, and missing ones unless rows may have fewer than columns.
    ///
    /// - Throws: `EmptyTextError` naming the file and the line of the first one.
    public func requireTokens(
        of tokenizer: BertTokenizer, allowingMissing: Bool = false
    ) throws(EmptyTextError) {
        try forEachRow { (row, texts) throws(EmptyTextError) in
            for (column, text) in texts.enumerated() {
                if text == nil ? !allowingMissing : tokenizer.isEmpty(text ?? "") {
                    throw EmptyTextError(
                        path: fileName(of: row), line: line(of: row), column: columnNames[column],
                        text: text ?? "")
                }
            }
        }
    }
}
