import Foundation
import Support

/// The rows of a run's log, each of which begins with its step, as an earlier process left them.
package struct LogRows {
    /// The names of the columns; empty when there is no log.
    package let header: String
    /// The rows up to the step that the run goes on from.
    package let rows: [String]

    /// Reads a log up to a step.
    ///
    /// Rows after it, of steps that are taken again, are dropped, and so is a last row that was not written to its end.
    ///
    /// - Throws: `RunError.logIncomplete` naming a line that is no row.
    package init(_ url: URL, upTo step: Int) throws {
        func problem(_ words: String) -> RunError {
            .logIncomplete(path: url.path, problem: words)
        }
        let bytes: [UInt8]
        do throws(RegularFile.Failure) { bytes = try RegularFile.bytes(url.path) } catch {
            throw problem("cannot be read (\(error.reason))")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw problem("is not UTF-8 text")
        }
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        // What follows the last line's end is nothing, or a line that has none.
        lines.removeLast()
        guard let header = lines.first else {
            (self.header, rows) = ("", [])
            return
        }
        let columns = header.split(separator: ",", omittingEmptySubsequences: false)
        guard columns.first == "step" else { throw problem("does not begin with a row of names") }
        var (kept, last) = ([String](), -1)
        for (number, line) in lines.enumerated().dropFirst() {
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            guard fields.count == columns.count, let own = Int(fields[0]), own > last else {
                // A torn row may have got its end when a process went on after it.
                if number == lines.count - 1 { break }
                throw problem("line \(number + 1) is not the row of a step after \(max(last, 0))")
            }
            last = own
            if own <= step { kept.append(line) }
        }
        (self.header, rows) = (header, kept)
    }

    /// The step of each row.
    package var steps: [Int] {
        rows.map { $0.split(separator: ",").first.flatMap { Int($0) } ?? 0 }
    }

    /// Refuses a log of which rows up to a step are missing, other than those before its first.
    ///
    /// - Throws: `RunError.logIncomplete` naming the rows.
    package func requireEach(upTo step: Int, _ url: URL) throws {
        let steps = steps
        var expected = steps.first ?? 1
        for found in steps + [step + 1] {
            guard found == expected else {
                let missing =
                    found - 1 > expected
                    ? "the rows of the steps \(expected)...\(found - 1) are"
                    : "the row of step \(expected) is"
                throw RunError.logIncomplete(
                    path: url.path,
                    problem: "\(missing) missing, but the checkpoint is of step \(step)")
            }
            expected += 1
        }
    }
}
