import Foundation

/// The YAML at the head of a model card, with the keys that sentence-transformers and hubs use.
///
/// Names that could not be a hub's, and so might not be YAML either, are left out.
struct ModelCardMetadata {
    var tags = ["sentence-transformers", "sentence-similarity", "feature-extraction", "dense"]
    var baseModel: String?
    var datasets: [String] = []
    var results: [(name: String, value: Double)] = []

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
        for metric in groups.flatMap(\.metrics).map(\.name) where !metrics.contains(metric) {
            metrics.append(metric)
        }
        lines += Self.list("metrics", metrics)
        if !groups.isEmpty {
            let title = base.map { "SentenceTransformer based on \($0)" } ?? "SentenceTransformer"
            lines += ["model-index:", "- name: \"\(title)\"", "  results:"]
            lines += groups.flatMap(\.lines)
        }
        return (lines + ["---", ""]).joined(separator: "\n")
    }

    /// The figures of one kind of task on one split.
    private struct Group {
        let split: String
        let task: String
        var metrics: [(name: String, value: Double)]

        var lines: [String] {
            [
                "  - task:", "      type: \(task)", "      name: \(Self.title(task, "-"))",
                "    dataset:", "      name: \"\(split)\"", "      type: \"\(split)\"",
                "    metrics:",
            ]
                + metrics.flatMap { metric in
                    [
                        "    - type: \"\(metric.name)\"",
                        "      value: \(String(format: "%.6f", metric.value))",
                        "      name: \"\(Self.title(metric.name, "_"))\"",
                    ]
                }
        }

        /// `spearman_cosine` as `Spearman Cosine`.
        private static func title(_ name: String, _ separator: Character) -> String {
            name.split(separator: separator).map { $0.prefix(1).uppercased() + $0.dropFirst() }
                .joined(separator: " ")
        }
    }

    /// Figures called `SPLIT_METRIC` by split and task; others are not for machines.
    private static func groups(_ results: [(name: String, value: Double)]) -> [Group] {
        var groups: [Group] = []
        for (name, value) in results where value.isFinite && isName(name) {
            let parts = name.split(separator: "_", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { continue }
            let (split, metric) = (parts[0], parts[1])
            let isCorrelation = ["spearman", "pearson"].contains(where: metric.hasPrefix)
            let task = isCorrelation ? "semantic-similarity" : "text-classification"
            if let index = groups.firstIndex(where: { $0.split == split && $0.task == task }) {
                groups[index].metrics.append((metric, value))
            } else {
                groups.append(Group(split: split, task: task, metrics: [(metric, value)]))
            }
        }
        return groups
    }

    private static func list(_ key: String, _ items: [String]) -> [String] {
        items.isEmpty ? [] : ["\(key):"] + items.map { "- \"\($0)\"" }
    }

    /// Letters, digits and the marks that hubs allow in names; nothing that YAML would read otherwise.
    private static func isName(_ name: String) -> Bool {
        name.first.map { $0.isLetter || $0.isNumber } == true
            && name.utf8.allSatisfy {
                switch Character(Unicode.Scalar($0)) {
                case "a"..."z", "A"..."Z", "0"..."9", "-", "_", ".", "/", ":": true
                default: false
                }
            }
    }
}
