import ArgumentParser
import Foundation
import Reports

struct Report: Subcommand {
    static let examples = [
        "simile report run", "simile report run-a run-b --output comparison.html",
    ]
    static let configuration = CommandConfiguration(
        abstract: "Shows a run, or compares several, in a page of HTML.",
        discussion: """
            Every run writes such a page itself, as report.html in its folder; this makes it again from the run's \
            files. Of several runs the page has the results, the settings that differ, and the curves in one chart.
            """, examples: examples)

    @Argument(help: "The folder of a run; several are compared.", completion: .directory)
    var runs: [String]
    @Option(
        name: .shortAndLong,
        help:
            "The file to write; by default report.html in the run's folder, or comparison.html here for several."
    )
    var output: String?
    @OptionGroup var console: ConsoleOptions

    func run() throws {
        let page =
            runs.count == 1
            ? try RunReport.page(ofRun: runs[0]) : try RunReport.page(comparing: runs)
        let path = output ?? (runs.count == 1 ? "\(runs[0])/report.html" : "comparison.html")
        try RunReport.write(page, to: URL(filePath: path))
        Console.note(path)
    }
}
