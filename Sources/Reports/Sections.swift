import Foundation
import JSON

// The parts of a run's page.

/// What came of a run, in a line.
func status(_ run: RecordedRun) -> Markup {
    guard let results = run.results else {
        return .tag(
            "p", ["class": "verdict"], .text("Stopped after step \(run.stepCount), not finished."))
    }
    var sentences: [Markup] = []
    if let verdict = results["verdict"]?.string, let figure = results["verdict_by"]?.string {
        let comparison = verdict == "about the same" ? "as" : "than"
        sentences.append(
            .tag(
                "p", ["class": "verdict \(verdict == "about the same" ? "same" : verdict)"],
                .text(
                    "\(verdict.prefix(1).uppercased())\(verdict.dropFirst()) \(comparison) before training, by \(figure)."
                )))
    }
    var facts = ["\(run.stepCount) steps"]
    if let best = results["best_step"]?.int {
        facts.append(
            best == 0 ? "the model before training is the best" : "best after step \(best)")
    }
    if let seconds = results["seconds"]?.double { facts.append("\(duration(seconds)) in all") }
    if let peak = results["memory_peak_mib"]?.int { facts.append("\(peak) MiB at the most") }
    sentences.append(.tag("p", ["class": "note"], .text(facts.joined(separator: ", "))))
    return .all(sentences)
}

/// The figures, the main ones first.
func figures(_ run: RecordedRun) -> Markup {
    guard let results = run.results else { return .all([]) }
    let main = run.mainFigures
    let others = (results.members ?? []).map(\.key).filter {
        ($0.hasPrefix("dev_") || $0.hasPrefix("test_")) && !main.contains($0)
    }
    func row(_ name: String) -> [Markup] {
        let interval = results["change_interval"]?[name]?.elements?.compactMap(\.double)
        return [
            .text(name), .text(number(results["before"]?[name]?.double)),
            .text(number(results[name]?.double)), .text(signed(results["change"]?[name]?.double)),
            .text(
                interval.map { "\(signed($0.first)) to \(signed($0.last))" } ?? ""),
        ]
    }
    let head = ["figure", "before", "after", "change", "95 % interval of the change"]
    let numbers: Set = [1, 2, 3, 4]
    var parts = [Markup.tag("h2", [:], .text("Results"))]
    if !main.isEmpty { parts.append(.table(head, main.map(row), numbers: numbers)) }
    if !others.isEmpty {
        parts.append(
            .tag(
                "details", [:], .tag("summary", [:], .text("\(others.count) other figures")),
                .table(head, others.map(row), numbers: numbers)))
    }
    return .all(parts)
}

/// Loss, learning rate, gradient and evaluations over the steps.
func trainingCurves(_ run: RecordedRun) -> Markup {
    let best = run.results?["best_step"]?.int.map(Double.init)
    func curve(_ column: String, isNoisy: Bool = false) -> [Curve] {
        [Curve(name: column, points: run.points(column, of: \.steps), isNoisy: isNoisy)]
    }
    var charts = [
        curves("Loss", curve("loss", isNoisy: true)),
        curves("Learning rate", curve("learning_rate"), from: 0),
        curves("Gradient norm", curve("gradient_norm", isNoisy: true), from: 0),
    ]
    let dev = run.mainFigures.filter { $0.hasPrefix("dev_") }.map { String($0.dropFirst(4)) }
    let shown = dev.isEmpty ? Array(run.evaluations.names.dropFirst().prefix(1)) : dev
    for name in shown {
        charts.append(
            curves(
                name, [Curve(name: name, points: run.points(name, of: \.evaluations))], mark: best))
    }
    var parts = [
        Markup.tag("h2", [:], .text("Curves")), .tag("div", ["class": "charts"], all: charts),
    ]
    if best != nil {
        parts.append(
            .tag("p", ["class": "note"], .text("The dashed line is the step of the best model.")))
    }
    return .all(parts)
}

/// How long the training texts are, and which part is cut.
func textLengths(_ run: RecordedRun) -> Markup {
    let charts = (run.record["texts"]?.members ?? []).compactMap { task -> Markup? in
        guard let counts = task.value["counts"]?.integers, let width = task.value["width"]?.int,
            let limit = task.value["max_seq_length"]?.int
        else { return nil }
        let share = task.value["cut_share"]?.double ?? 0
        let cut =
            share > 0
            ? "\(String(format: "%.1f", 100 * share)) % longer than \(limit) tokens and cut"
            : "none longer than \(limit) tokens"
        let title = "\(task.key): \(task.value["texts"]?.int ?? 0) texts, \(cut)"
        let isNear = Double(limit) <= 1.2 * Double(width * counts.count)
        return bars(
            title, xLabel: "tokens", from: 0.5, width: Double(width), [("texts", counts)],
            mark: isNear ? Double(limit) + 0.5 : nil)
    }
    if charts.isEmpty { return .all([]) }
    return .all([
        .tag("h2", [:], .text("Lengths of the training texts")),
        .tag("div", ["class": "charts"], all: charts),
        .tag(
            "p", ["class": "note"],
            .text("Both special tokens included; of a large data set some rows, evenly spread.")),
    ])
}

/// Speed and memory over the steps.
func throughput(_ run: RecordedRun) -> Markup {
    let rates = run.points("pairs_per_second", of: \.steps)
    guard rates.contains(where: { $0.y.isFinite }) else { return .all([]) }
    let (pairs, speeds) = (run.steps["pairs"], run.steps["pairs_per_second"])
    let known = zip(pairs, speeds).filter { $1.isFinite && $1 > 0 }
    let seconds = known.reduce(0) { $0 + $1.0 / $1.1 }
    let all = known.reduce(0) { $0 + $1.0 }
    return .all([
        .tag("h2", [:], .text("Throughput")),
        .tag(
            "p", [:],
            .text(
                "\(String(format: "%.0f", all)) pairs in \(duration(seconds)) of steps: \(String(format: "%.0f", all / max(seconds, 1e-9))) a second, without evaluations and checkpoints."
            )),
        .tag(
            "div", ["class": "charts"],
            curves(
                "Pairs a second",
                [Curve(name: "pairs", points: rates, isNoisy: true)], from: 0),
            curves(
                "Memory, MiB",
                [Curve(name: "memory", points: run.points("memory_mib", of: \.steps))], from: 0)),
    ])
}

/// Every setting, and where the run was.
func settings(_ run: RecordedRun) -> Markup {
    func table(_ title: String, _ key: String) -> Markup {
        let rows = flattened(run.record[key] ?? .null)
        if rows.isEmpty { return .all([]) }
        return .all([
            .tag("h2", [:], .text(title)),
            .table(["key", "value"], rows.map { [.text($0.key), .text($0.value)] }),
        ])
    }
    return .all([table("Settings", "settings"), table("Environment", "environment")])
}

/// The values of a JSON object by the path to each.
func flattened(_ value: JSONValue, path: String = "") -> [(key: String, value: String)] {
    if let members = value.members {
        return members.flatMap {
            flattened($0.value, path: path.isEmpty ? $0.key : "\(path).\($0.key)")
        }
    }
    if let elements = value.elements, elements.contains(where: { $0.members != nil }) {
        return elements.enumerated().flatMap { flattened($1, path: "\(path)[\($0)]") }
    }
    if case .null = value { return [] }
    return [(path, value.string ?? value.line)]
}

func number(_ value: Double?) -> String {
    value.map { $0.isFinite ? String(format: "%.4f", $0) : "undefined" } ?? ""
}

func signed(_ value: Double?) -> String {
    value.map { $0.isFinite ? String(format: "%+.4f", $0) : "undefined" } ?? ""
}

/// Seconds in words.
func duration(_ seconds: Double) -> String {
    guard let minutes = Int(exactly: (seconds / 60).rounded()), seconds >= 60 else {
        return String(format: "%.1f s", seconds)
    }
    return minutes < 60 ? "\(minutes) min" : "\(minutes / 60) h \(minutes % 60) min"
}
