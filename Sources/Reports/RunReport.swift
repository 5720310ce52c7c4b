import Foundation
import Serialization

/// Pages that show runs: HTML that needs no network, no script and no other file.
public enum RunReport {
    /// The page of a run, from the files in its folder.
    ///
    /// - Throws: `ReportError` when there is no run.
    public static func page(ofRun path: String) throws(ReportError) -> String {
        let run = try RecordedRun(path: path)
        var parts = [
            Markup.tag("h1", [:], .text(run.name)), status(run), figures(run), trainingCurves(run),
        ]
        parts += run.predictions.map { predictions($0) }
        parts += [textLengths(run), throughput(run), settings(run)]
        return Markup.page(title: "Run \(run.name)", parts)
    }

    /// A page that compares two runs or more.
    ///
    /// - Throws: `ReportError` for a folder without a run.
    public static func page(comparing paths: [String]) throws(ReportError) -> String {
        var runs: [RecordedRun] = []
        for path in paths { runs.append(try RecordedRun(path: path)) }
        return Markup.page(title: "\(runs.count) runs", comparison(runs, paths: paths))
    }

    /// Writes a page to a file as a whole.
    ///
    /// - Throws: What prevents writing.
    public static func write(_ page: String, to url: URL) throws {
        try AtomicFile.write(Data(page.utf8), to: url)
    }
}
