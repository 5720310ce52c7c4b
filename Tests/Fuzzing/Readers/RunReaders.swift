import Foundation
import RecipeFiles
import Reports
import SentenceEmbedding

extension FuzzReader {
    /// The files of a training.
    static let runs: [FuzzReader] = [yaml, logs, report]

    /// A recipe as YAML: what is read is written so that it reads the same again.
    private static let yaml = FuzzReader(
        "yaml", cost: 2, expects: { ($0 as? RecipeFileError)?.description.hasPrefix("f") == true }
    ) { bytes in
        guard let text = String(validating: bytes, as: UTF8.self) else { return }
        let recipe = try Recipe(yaml: text, path: "f")
        let written = try recipe.yaml()
        guard let again = try? Recipe(yaml: written, path: "f"), try again.yaml() == written else {
            fatalError("written as \(written), which reads otherwise")
        }
    }

    /// The log of a run that goes on; the first byte is the step.
    private static let logs: FuzzReader = {
        let folder = ScratchFolder()
        let scratch = ScratchFile("evaluations.csv", in: folder)
        return FuzzReader(
            "log",
            expects: { ($0 as? RunError)?.description.contains(scratch.url.path) == true }
        ) { bytes in
            guard let first = bytes.first else { return }
            scratch.write(bytes.dropFirst())
            let step = Int(first)
            let rows = try LogRows(scratch.url, upTo: step)
            precondition(rows.steps.allSatisfy { $0 <= step })
            try rows.requireEach(upTo: step, scratch.url)
        }
    }()

    /// A run's folder of which a report is made; the first byte says which file the rest is.
    private static let report: FuzzReader = {
        let folder = ScratchFolder()
        let predictions = folder("predictions")
        try? FileManager.default.createDirectory(at: predictions, withIntermediateDirectories: true)
        let proper: [(name: String, text: String)] = [
            ("steps.csv", "step,loss,learning_rate\n1,2.5,0.1\n2,1.5,0.05\n"),
            ("evaluations.csv", "step,dev/spearman\n0,0.1\n2,0.5\n"),
            ("run.json", #"{"simile": "1", "recipe": {"model": "m"}}"#),
            ("results.json", #"{"main_figures": ["dev/spearman"], "test": {"spearman": 0.5}}"#),
            (
                "predictions/test.jsonl",
                #"{"file": "t", "line": 2, "gold": 1, "before": 0.1, "after": 0.9, "texts": ["a", "b"]}"#
                    + "\n"
            ),
        ]
        let files = proper.map { ScratchFile($0.name, in: folder) }
        for (file, (_, text)) in zip(files, proper) { file.write(text.utf8) }
        return FuzzReader("report", cost: 2, expects: { $0 is ReportError }) { bytes in
            guard let first = bytes.first else { return }
            let index = Int(first) % files.count
            files[index].write(bytes.dropFirst())
            defer { files[index].write(proper[index].text.utf8) }
            _ = try RunReport.page(ofRun: folder.url.path)
        }
    }()
}
