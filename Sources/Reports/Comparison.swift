import JSON

/// The parts of a page that compares runs: their results, in what they differ, and their curves in one chart.
func comparison(_ runs: [RecordedRun], paths: [String]) -> [Markup] {
    let names = labels(runs, paths)
    var parts = [Markup.tag("h1", [:], .text("\(runs.count) runs"))]
    parts.append(.tag("h2", [:], .text("Results")))
    parts.append(results(runs, names))
    parts.append(.tag("h2", [:], .text("Settings that differ")))
    parts.append(differences(runs, names))
    parts.append(.tag("h2", [:], .text("Curves")))
    func chart(
        _ title: String, _ column: String, of columns: KeyPath<RecordedRun, Columns>,
        isNoisy: Bool = false
    ) -> Markup {
        curves(
            title,
            zip(names, runs).map { name, run in
                // Raw lines of several runs would hide each other.
                let curve = Curve(name: name, points: run.points(column, of: columns))
                return isNoisy
                    ? Curve(name: name, points: Curve.smoothed(curve.thinned())) : curve
            })
    }
    let evaluations = ordered(runs.map { Array($0.evaluations.names.dropFirst()) })
    let main = ordered(runs.map(\.mainFigures)).filter { $0.hasPrefix("dev_") }
        .map { String($0.dropFirst(4)) }.filter(evaluations.contains)
    var charts = [
        chart("Loss, running mean", "loss", of: \.steps, isNoisy: true),
        chart("Learning rate", "learning_rate", of: \.steps),
        chart("Gradient norm, running mean", "gradient_norm", of: \.steps, isNoisy: true),
    ]
    for name in main.isEmpty ? Array(evaluations.prefix(1)) : main {
        charts.append(chart(name, name, of: \.evaluations))
    }
    charts.append(
        chart("Pairs a second, running mean", "pairs_per_second", of: \.steps, isNoisy: true))
    parts.append(.tag("div", ["class": "charts"], all: charts))
    return parts
}

/// The folders' names, or their paths where two have one name.
private func labels(_ runs: [RecordedRun], _ paths: [String]) -> [String] {
    Set(runs.map(\.name)).count == runs.count ? runs.map(\.name) : paths
}

private func results(_ runs: [RecordedRun], _ names: [String]) -> Markup {
    let columns = ordered(runs.map(\.mainFigures))
    let rows = zip(names, runs).map { name, run -> [Markup] in
        let results = run.results
        let cells = columns.map { column -> Markup in
            let change = signed(results?["change"]?[column]?.double)
            return .text(
                number(results?[column]?.double) + (change.isEmpty ? "" : " (\(change))"))
        }
        let best = results?["best_step"]?.int.map { "\($0)" } ?? ""
        return [Markup.text(name)] + cells
            + [
                .text(best),
                .text(results == nil ? "stopped at \(run.stepCount)" : "\(run.stepCount)"),
                .text(results?["seconds"]?.double.map(duration) ?? ""),
                .text(results?["memory_peak_mib"]?.int.map { "\($0)" } ?? ""),
            ]
    }
    return .table(
        ["run"] + columns + ["best step", "steps", "time", "peak MiB"], rows,
        numbers: Set(1...columns.count + 4))
}

private func differences(_ runs: [RecordedRun], _ names: [String]) -> Markup {
    let all = runs.map { run in
        Dictionary(
            (flattened(run.record["settings"] ?? .null)
                + flattened(run.record["environment"] ?? .null, path: "environment")).map {
                    ($0.key, $0.value)
                }, uniquingKeysWith: { $1 })
    }
    let keys = ordered(
        runs.map {
            (flattened($0.record["settings"] ?? .null)
                + flattened($0.record["environment"] ?? .null, path: "environment")).map(\.key)
        })
    let rows = keys.filter { key in Set(all.map { $0[key] }).count > 1 }.map { key in
        [Markup.text(key)] + all.map { Markup.text($0[key] ?? "") }
    }
    if rows.isEmpty { return .tag("p", [:], .text("None.")) }
    return .table(["key"] + names, rows)
}

/// Everything in some lists once, in the order in which it first comes.
private func ordered(_ lists: [[String]]) -> [String] {
    var seen: Set<String> = []
    return lists.flatMap(\.self).filter { seen.insert($0).inserted }
}
