import Foundation
import JSON

/// What the model predicted for the rows of a test: a picture of all, and the rows it is most wrong about.
func predictions(_ test: RecordedPredictions) -> Markup {
    if test.rows.isEmpty { return .all([]) }
    let picture =
        switch test.kind {
        case .scores: scoredPairs(test)
        case .binary: similarityBars(test)
        case .margins: marginBars(test)
        case .classes: confusionMatrix(test)
        }
    let worst = worstRows(test)
    let columns = worst.first.map { max(1, $0.texts.count) } ?? 1
    let rows = worst.map { row -> [Markup] in
        let file = URL(fileURLWithPath: row.file).lastPathComponent
        let place = Markup.tag(
            "span", ["class": "place", "title": row.file], .text("\(file):\(row.line)"))
        let texts = (0..<columns).map { index in
            Markup.text(index < row.texts.count ? String(row.texts[index].prefix(300)) : "")
        }
        let values = [row.gold, row.before, row.after].map {
            Markup.tag("span", ["class": "class"], .text(value($0)))
        }
        return [place] + values + texts
    }
    let head = ["line", "truth", "before", "after"] + (1...columns).map { "text \($0)" }
    return .all([
        .tag("h2", [:], .text("Predictions on \(test.name)")), picture,
        .tag(
            "p", [:],
            .text(
                test.kind == .classes
                    ? "Rows that the model has in another class:"
                    : "The rows that the model is most wrong about:")),
        .table(head, rows, numbers: test.kind == .classes ? [] : [1, 2, 3]),
    ])
}

private func value(_ value: JSONValue) -> String {
    value.string ?? value.double.map { String(format: "%.3f", $0) } ?? ""
}

/// The truth and the similarity of each pair, before training or after it.
private func points(_ test: RecordedPredictions, before: Bool) -> [(x: Double, y: Double)] {
    test.rows.compactMap { row in
        guard let x = row.gold.double, let y = (before ? row.before : row.after).double else {
            return nil
        }
        return (x, y)
    }
}

private func scoredPairs(_ test: RecordedPredictions) -> Markup {
    let charts = [true, false].map { before in
        scatter(
            "Similarity \(before ? "before" : "after") training", xLabel: "truth, 0 to 1",
            points(test, before: before))
    }
    return .tag("div", ["class": "charts"], all: charts)
}

private func similarityBars(_ test: RecordedPredictions) -> Markup {
    let charts = [true, false].map { before in
        let all = points(test, before: before)
        return histogram(
            "Similarity \(before ? "before" : "after") training", xLabel: "similarity",
            [
                ("do not belong together", all.filter { $0.x == 0 }.map(\.y)),
                ("belong together", all.filter { $0.x == 1 }.map(\.y)),
            ])
    }
    return .tag("div", ["class": "charts"], all: charts)
}

private func marginBars(_ test: RecordedPredictions) -> Markup {
    let bars = histogram(
        "By how much the positive is closer than the negative", xLabel: "margin",
        [
            ("before", test.rows.compactMap(\.before.double)),
            ("after training", test.rows.compactMap(\.after.double)),
        ])
    return .tag("div", ["class": "charts"], bars)
}

private func confusionMatrix(_ test: RecordedPredictions) -> Markup {
    let names = Set(
        test.rows.flatMap { [$0.gold.string, $0.after.string] }.compactMap(\.self)
    ).sorted()
    var counts: [String: [String: Int]] = [:]
    for row in test.rows {
        if let gold = row.gold.string, let own = row.after.string {
            counts[gold, default: [:]][own, default: 0] += 1
        }
    }
    func title(_ name: String) -> Markup { .tag("th", [:], .text(name.isEmpty ? "none" : name)) }
    let rows = names.map { gold -> Markup in
        let own = counts[gold] ?? [:]
        let all = max(1, own.values.reduce(0, +))
        let cells = names.map { name -> Markup in
            let share = Int((100 * Double(own[name] ?? 0) / Double(all)).rounded())
            let color = "color-mix(in srgb, var(--c0) \(share * 6 / 10)%, transparent)"
            return .tag(
                "td", ["style": "background: \(color)"], .text("\(own[name] ?? 0) (\(share) %)"))
        }
        return .tag("tr", all: [title(gold)] + cells)
    }
    let corner = Markup.tag("th", [:], .text("truth \u{2193}  predicted \u{2192}"))
    let head = Markup.tag("tr", all: [corner] + names.map(title))
    return .tag(
        "div", ["class": "wide"],
        .tag("table", ["class": "matrix"], .tag("thead", [:], head), .tag("tbody", all: rows)))
}

/// The rows whose prediction is farthest from the truth.
private func worstRows(_ test: RecordedPredictions, count: Int = 10) -> [RecordedPredictions.Row] {
    let errors: [Double]
    switch test.kind {
    case .classes: return Array(test.rows.filter { $0.gold != $0.after }.prefix(count))
    case .margins: errors = test.rows.map { -($0.after.double ?? .infinity) }
    // Similarities and scores have no common unit, but each has an order.
    case .scores, .binary:
        let predicted = ranks(test.rows.map { $0.after.double ?? .nan })
        let gold = ranks(test.rows.map { $0.gold.double ?? .nan })
        errors = zip(predicted, gold).map { abs($0 - $1) }
    }
    return errors.indices.sorted { errors[$0] > errors[$1] }.prefix(count).map { test.rows[$0] }
}

/// The rank of each value, the mean of equal ones' ranks.
private func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var (ranks, start) = ([Double](repeating: 0, count: values.count), 0)
    while start < order.count {
        var end = start + 1
        while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
        for place in start..<end { ranks[order[place]] = Double(start + end) / 2 }
        start = end
    }
    return ranks
}
