import Foundation
import TestSupport
import Testing

@testable import Reports

/// Pages from the files of a run's folder.
@Suite struct ReportTests {
    private let folder = TemporaryFolder()
    private static let hostile = #"<script>alert("&'1")</script>"#

    /// Writes the files of a run with scored and labelled pairs.
    private func makeRun(_ name: String, isFinished: Bool = true, rate: String = "2e-05") throws
        -> String
    {
        let path = folder(name)
        for part in ["", "predictions"] {
            try FileManager.default.createDirectory(
                at: path.appending(path: part), withIntermediateDirectories: true)
        }
        let steps = (1...50).map { step in
            let noise = Double(step * 37 % 11) / 100
            return
                "\(step),\(1 / Double(step) + noise),\(rate),\(1 + noise),16,400,\(Double(step) / 2),\(Double(step) / 25),\(40 + step % 3),\(500 + step)\n"
        }
        _ = try folder.write(
            "step,loss,learning_rate,gradient_norm,pairs,tokens,seconds,epoch,pairs_per_second,memory_mib\n"
                + steps.joined(), to: "\(name)/steps.csv")
        _ = try folder.write(
            "step,spearman_cosine,pearson_cosine\n0,0.5,0.4\n25,0.7,0.6\n50,0.65,nan\n",
            to: "\(name)/evaluations.csv")
        _ = try folder.write(
            #"""
            {"settings": {"model": "m", "learning_rate": \#(rate), "prompt_text": "<b>hello</b>",
              "train": [{"path": "/d/a&b.tsv"}, "c.tsv"]},
             "environment": {"simile": "0.1.0", "processor": "A processor", "threads": 2},
             "texts": {"train": {"texts": 100, "max_seq_length": 16, "cut_share": 0.25, "longest": 24,
              "width": 2, "counts": [0, 1, 5, 9, 20, 25, 15, 10, 8, 4, 2, 1]}}}
            """#, to: "\(name)/run.json")
        let pairs = (0..<30).map { row in
            #"{"file":"/d/dev.tsv","line":\#(row + 2),"gold":\#(Double(row % 6) / 5),"before":\#(Double(row % 7) / 7),"after":\#(row == 3 ? -1 : Double(row % 6) / 5 + Double(row % 4) / 40),"texts":[\#(json(row == 3 ? Self.hostile : "a dog \(row)")),"a cat"]}"#
        }
        _ = try folder.write(pairs.joined(separator: "\n"), to: "\(name)/predictions/dev.jsonl")
        let classes = ["contradiction", "entailment", "neutral"]
        let labelled = (0..<30).map { row in
            #"{"file":"/d/nli.tsv","line":\#(row + 1),"gold":"\#(classes[row % 3])","before":"neutral","after":"\#(classes[row % 7 == 0 ? 2 : row % 3])","texts":["p","h"]}"#
        }
        _ = try folder.write(
            labelled.joined(separator: "\n"), to: "\(name)/predictions/dev_nli.jsonl")
        if isFinished {
            _ = try folder.write(
                #"""
                {"steps": 50, "best_step": 25, "chosen_by": "dev_spearman_cosine",
                 "dev_spearman_cosine": 0.7, "dev_pearson_cosine": 0.6, "before": {"dev_spearman_cosine": 0.5},
                 "change": {"dev_spearman_cosine": 0.2}, "change_interval": {"dev_spearman_cosine": [0.1, 0.3]},
                 "main_figures": ["dev_spearman_cosine"], "verdict": "better", "verdict_by": "dev_spearman_cosine",
                 "seconds": 25.5, "memory_peak_mib": 612}
                """#, to: "\(name)/results.json")
        }
        return path.path
    }

    private func json(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    @Test func aRunHasEverything() throws {
        let page = try RunReport.page(ofRun: makeRun("run"))
        for part in [
            "Better than before training, by dev_spearman_cosine.", "best after step 25", "25.5 s",
            "612 MiB", "+0.2000", "+0.1000 to +0.3000", "1 other figures", "Loss", "Learning rate",
            "Gradient norm", "spearman_cosine", "Predictions on dev", "dev.tsv:5",
            "Predictions on dev_nli", "contradiction", "25.0 % longer than 16 tokens", "Throughput",
            "learning_rate", "train[0].path", "A processor",
        ] {
            #expect(page.contains(part), "\(part)")
        }
    }

    /// No text of a user becomes markup, and nothing is loaded from elsewhere.
    @Test func thePageIsSelfContained() throws {
        let page = try RunReport.page(ofRun: makeRun("run"))
        #expect(!page.contains("<script"))
        #expect(page.contains("&lt;script&gt;alert(&quot;&amp;&#39;1&quot;)&lt;/script&gt;"))
        #expect(page.contains("&lt;b&gt;hello&lt;/b&gt;"))
        #expect(page.contains("/d/a&amp;b.tsv"))
        for reference in ["http:", "https:", "src=", "href=", "url(", "@import"] {
            #expect(!page.contains(reference), "\(reference)")
        }
        #expect(page.contains("prefers-color-scheme: dark"))
        #expect(
            Markup.page(title: "a\u{202e}b\u{0}c", []).contains(
                "<title>a\u{fffd}b\u{fffd}c</title>")
        )
        // Every element that is opened is closed, in order: it can be read as XML but for `meta`.
        let xml = page.replacing("<!DOCTYPE html>", with: "")
            .replacing(/<meta[^>]*>/, with: "").replacing(
                /<style>.*?<\/style>/.dotMatchesNewlines(), with: "")
        #expect(unclosed(xml) == [])
    }

    /// The elements that are not closed where they should be.
    private func unclosed(_ xml: String) -> [String] {
        var open: [String] = []
        for match in xml.matches(of: /<(\/?)([a-z0-9]+)[^>]*>/) {
            let name = String(match.output.2)
            if match.output.1.isEmpty {
                open.append(name)
            } else if open.last == name {
                open.removeLast()
            } else {
                return open + ["/" + name]
            }
        }
        return open
    }

    @Test func aStoppedRunHasItsCurves() throws {
        let page = try RunReport.page(ofRun: makeRun("run", isFinished: false))
        #expect(page.contains("Stopped after step 50, not finished."))
        #expect(page.contains("<polyline"))
        #expect(!page.contains("<h2>Results</h2>"))
    }

    /// Rows of an older run, whose log has fewer columns, and no other file.
    @Test func anOlderRun() throws {
        try FileManager.default.createDirectory(
            at: folder("old"), withIntermediateDirectories: true)
        _ = try folder.write(
            "step,loss,learning_rate,gradient_norm,pairs,tokens\n1,0.5,1e-5,1.0,16,300\n",
            to: "old/steps.csv")
        let page = try RunReport.page(ofRun: folder("old").path)
        #expect(page.contains("Loss"))
        #expect(!page.contains("Throughput"))
        let empty = folder("empty").path
        #expect(throws: ReportError.noRun(path: empty)) { try RunReport.page(ofRun: empty) }
    }

    @Test func severalRunsAreCompared() throws {
        let paths = [
            try makeRun("a"), try makeRun("b", rate: "5e-05"), try makeRun("c", isFinished: false),
        ]
        let page = try RunReport.page(comparing: paths)
        #expect(page.contains("<h1>3 runs</h1>"))
        #expect(page.contains("0.7000 (+0.2000)"))
        #expect(page.contains("stopped at 50"))
        #expect(page.contains("<td>learning_rate</td><td>2e-05</td><td>5e-05</td><td>2e-05</td>"))
        #expect(!page.contains("prompt_text"))
        let same = try RunReport.page(comparing: [paths[0], paths[2]])
        #expect(same.contains("<p>None.</p>"))
    }

    @Test func marksAreRoundNumbers() {
        #expect(Axis([0, 1]).ticks == [0, 0.2, 0.4, 0.6000000000000001, 0.8, 1])
        let wide = Axis([3, 1234])
        #expect(wide.ticks == [250, 500, 750, 1000])
        let one = Axis([5])
        #expect(one.range.contains(5) && one.range.lowerBound < one.range.upperBound)
        #expect(Axis([]).range == 0...1)
        #expect(Axis([.nan, 2, 4], from: 0).range == 0...4)
    }

    // MARK: - In a browser

    private static let chromium: String? = {
        let environment = ProcessInfo.processInfo.environment
        if let path = environment["SIMILE_CHROMIUM"] { return path }
        let folders = (environment["PATH"] ?? "").split(separator: ":")
        return folders.flatMap { folder in
            ["chromium", "chromium-browser", "google-chrome"].map { "\(folder)/\($0)" }
        }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    /// A browser reads the page as it was meant, without an error, in light and in dark.
    @Test(
        .enabled(
            if: chromium != nil,
            "skipped: no Chromium on PATH, and SIMILE_CHROMIUM names none"),
        arguments: [0, 1])
    func aBrowserShowsThePage(scheme: Int) throws {
        let run = try makeRun("run")
        let pages = [
            try RunReport.page(ofRun: run),
            try RunReport.page(comparing: [run, makeRun("b", rate: "5e-05")]),
        ]
        for page in pages {
            let file = try folder.write(page, to: "page.html")
            let process = Process()
            process.executableURL = URL(filePath: Self.chromium ?? "")
            process.arguments = [
                "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom",
                "--user-data-dir=\(folder("profile").path)",
                "--blink-settings=preferredColorScheme=\(scheme)", "file://" + file,
            ]
            let output = Pipe()
            process.standardOutput = output
            process.standardError = FileHandle.nullDevice
            try process.run()
            let bytes = output.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            let dom = String(decoding: bytes, as: UTF8.self)
            #expect(process.terminationStatus == 0)
            let count = { (text: String) in dom.ranges(of: text).count }
            #expect(count("<polyline") == page.ranges(of: "<polyline").count)
            #expect(count("<figure") == page.ranges(of: "<figure").count)
            #expect(count("<tr") == page.ranges(of: "<tr").count)
            #expect(!dom.contains("<script"))
        }
    }

    /// Numbers that are none, or too large for an integer, in every place of the logs.
    @Test(arguments: ["nan", "inf", "1e308", "-1e308", "1e400", "", "x"])
    func numbersThatAreNoSteps(_ number: String) throws {
        let run = try makeRun("run")
        for file in ["steps.csv", "evaluations.csv"] {
            let columns = file == "steps.csv" ? 10 : 3
            let whole = try String(contentsOf: folder("run/" + file), encoding: .utf8)
            let row = Array(repeating: number, count: columns).joined(separator: ",")
            try folder.write(whole + row + "\n", to: "run/" + file)
            #expect(try RunReport.page(ofRun: run).contains("</html>"))
        }
        let pairs = [number, "-\(number)"].map {
            #"{"file":"f","line":1,"gold":1,"before":\#($0),"after":\#($0),"texts":["a","b"]}"#
        }
        try folder.write(pairs.joined(separator: "\n"), to: "run/predictions/dev.jsonl")
        #expect(try RunReport.page(ofRun: run).contains("</html>"))
    }

    /// Somebody may keep older predictions in a folder beside the run's own.
    @Test func foldersAmongPredictionsAreLeftOut() throws {
        let run = try makeRun("run")
        let page = try RunReport.page(ofRun: run)
        for inner in ["old", "old.jsonl"] {
            let path = folder("run/predictions/" + inner)
            try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
            try FileManager.default.copyItem(
                at: folder("run/predictions/dev.jsonl"), to: path.appending(path: "dev.jsonl"))
        }
        #expect(try RunReport.page(ofRun: run) == page)
    }

    /// A page without what a file says would be another page.
    @Test(arguments: [
        "steps.csv", "evaluations.csv", "run.json", "results.json", "predictions/dev.jsonl",
    ])
    func aFileThatCannotBeReadIsAnError(_ name: String) throws {
        let run = try makeRun("run")
        let file = folder("run/" + name)
        try FileManager.default.removeItem(at: file)
        try FileManager.default.createSymbolicLink(at: file, withDestinationURL: file)
        let error = #expect(throws: ReportError.self) { try RunReport.page(ofRun: run) }
        #expect(error?.description.hasPrefix(file.path + ": cannot be read") == true)
    }
}
