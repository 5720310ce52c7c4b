/// A dot for each pair of numbers; of many, for some that are evenly spread.
func scatter(_ title: String, xLabel: String, _ all: [(x: Double, y: Double)]) -> Markup {
    let most = 3000
    let size = max(1, (all.count + most - 1) / most)
    let points = stride(from: 0, to: all.count, by: size).map { all[$0] }
        .filter { $0.x.isFinite && $0.y.isFinite }
    if points.isEmpty { return .all([]) }
    let chart = Chart(
        x: Axis(points.map { $0.x }), y: Axis(points.map { $0.y }), xLabel: xLabel)
    let dots = points.map { point in
        Markup.tag(
            "circle",
            [
                "class": "dot f0", "cx": Chart.number(chart.across(point.x)),
                "cy": Chart.number(chart.down(point.y)), "r": "2.2",
            ])
    }
    return chart.figure(title, dots)
}

/// How often numbers of several kinds lie in each of some equal ranges.
func histogram(
    _ title: String, xLabel: String, _ kinds: [(name: String, values: [Double])], bins: Int = 30
) -> Markup {
    let all = kinds.flatMap(\.values).filter(\.isFinite)
    guard let low = all.min(), let high = all.max() else { return .all([]) }
    let width = max((high - low) / Double(bins), 1e-9)
    let counts = kinds.map { kind in
        var counts = [Int](repeating: 0, count: bins)
        for value in kind.values where value.isFinite {
            // The distance of the largest numbers there are is infinite.
            let place = (value - low) / width
            counts[place.isFinite ? Int(min(place, Double(bins - 1))) : 0] += 1
        }
        return counts
    }
    return bars(
        title, xLabel: xLabel, from: low, width: width,
        zip(kinds, counts).map { ($0.name, $1) })
}

/// Bars of several kinds over equal ranges; `mark` is a place to point at.
func bars(
    _ title: String, xLabel: String, from low: Double, width: Double,
    _ kinds: [(name: String, counts: [Int])], mark: Double? = nil
) -> Markup {
    let count = kinds.map(\.counts.count).max() ?? 0
    if count == 0 { return .all([]) }
    let ends = [low, low + width * Double(count)] + (mark.map { [$0] } ?? [])
    let chart = Chart(
        x: Axis(ends), y: Axis(kinds.flatMap(\.counts).map(Double.init), from: 0), xLabel: xLabel)
    let drawn = kinds.enumerated().flatMap { color, kind in
        kind.counts.enumerated().filter { $1 > 0 }.map { index, count in
            let start = low + Double(index) * width
            return chart.bar(from: start, to: start + width, Double(count), color: color)
        }
    }
    return chart.figure(
        title, legend: kinds.count > 1 ? kinds.enumerated().map { ($1.name, $0) } : [],
        drawn + (mark.map { [chart.mark($0)] } ?? []))
}
