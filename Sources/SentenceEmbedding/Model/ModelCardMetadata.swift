import Foundation

/// The YAML at the head of a model card, with the keys that sentence-transformers and hubs use.
///
/// Names that could not be a hub's, and so might not be YAML either, are left out.
struct ModelCardMetadata {
    var tags = ["sentence-transformers", "sentence-similarity", "feature-extraction", "dense"]
    var baseModel: String?
    var datasets: [String] = []
    var results: [ModelCard.ResultGroup] = []

    /// The front matter with its rules.
    var yaml: String {
        var lines = [
            "---", "library_name: sentence-transformers", "pipeline_tag: sentence-similarity",
        ]
        let base = baseModel.flatMap { Self.isName($0) ? $0 : nil }
        if let base { lines.append("base_model: \"\(base)\"") }
        lines += Self.list("tags", tags.filter(Self.isName))
        lines += Self.list("datasets", datasets.filter(Self.isName))
        let groups = Self.groups(results)
        var metrics: [String] = []
        for metric in groups.flatMap(\.figures).map(\.name) where !metrics.contains(metric) {
            metrics.append(metric)
        }
        lines += Self.list("metrics", metrics)
        if !groups.isEmpty {
            let title = base.map { "SentenceTransformer based on \($0)" } ?? "SentenceTransformer"
            lines += ["model-index:", "- name: \"\(title)\"", "  results:"]
            lines += groups.flatMap(Self.lines)
        }
        return (lines + ["---", ""]).joined(separator: "\n")
    }

    private static func lines(_ group: ModelCard.ResultGroup) -> [String] {
        [
            "  - task:", "      type: \(group.task)", "      name: \(title(group.task, "-"))",
            "    dataset:", "      name: \"\(group.split)\"", "      type: \"\(group.split)\"",
            "    metrics:",
        ]
            + group.figures.flatMap { figure in
                [
                    "    - type: \"\(figure.name)\"",
                    "      value: \(String(format: "%.6f", figure.value))",
                    "      name: \"\(title(figure.name, "_"))\"",
                ]
            }
    }

    /// `spearman_cosine` as `Spearman Cosine`.
    private static func title(_ name: String, _ separator: Character) -> String {
        name.split(separator: separator).map { $0.prefix(1).uppercased() + $0.dropFirst() }
            .joined(separator: " ")
    }

    /// The groups without what machines cannot read.
    private static func groups(_ results: [ModelCard.ResultGroup]) -> [ModelCard.ResultGroup] {
        results.map { group in
            ModelCard.ResultGroup(
                split: group.split, task: group.task,
                figures: group.figures.filter { $0.value.isFinite && isName($0.name) })
        }.filter { !$0.figures.isEmpty && isName($0.split) && isName($0.task) }
    }

    private static func list(_ key: String, _ items: [String]) -> [String] {
        items.isEmpty ? [] : ["\(key):"] + items.map { "- \"\($0)\"" }
    }

    /// Letters, digits and the marks that hubs allow in names; nothing that YAML would read otherwise.
    private static func isName(_ name: String) -> Bool {
        name.first.map { $0.isLetter || $0.isNumber } == true
            && name.utf8.allSatisfy {
                switch Character(Unicode.Scalar($0)) {
                case "a"..."z", "A"..."Z", "0"..."9", "-", "_", ".", "/", ":", "@": true
                default: false
                }
            }
    }
}
