/// Numbers over steps.
struct Curve {
    let name: String
    let points: [(x: Double, y: Double)]
    /// Whether the points are noisy: then their running mean is drawn over them.
    var isNoisy = false

    /// The points a line is drawn through at the most: more have no room on a screen.
    private static let mostPoints = 400

    /// Fewer points, each the mean of some that follow each other.
    func thinned() -> [(x: Double, y: Double)] {
        let size = (points.count + Self.mostPoints - 1) / Self.mostPoints
        if size <= 1 { return points }
        return stride(from: 0, to: points.count, by: size).map { first in
            let part = points[first..<min(first + size, points.count)]
            let count = Double(part.count)
            return (
                part.reduce(0) { $0 + $1.x } / count, part.reduce(0) { $0 + $1.y } / count
            )
        }
    }

    /// The mean of each point and those around it.
    static func smoothed(_ points: [(x: Double, y: Double)]) -> [(x: Double, y: Double)] {
        let reach = max(1, points.count / 25)
        return points.indices.map { i in
            let part = points[max(0, i - reach)...min(points.count - 1, i + reach)]
            return (points[i].x, part.reduce(0) { $0 + $1.y } / Double(part.count))
        }
    }
}

/// Curves over steps in one chart; nothing when none has a point.
func curves(_ title: String, _ all: [Curve], mark: Double? = nil, from: Double? = nil) -> Markup {
    let lines = all.map { curve in
        Curve(
            name: curve.name, points: curve.points.filter { $0.y.isFinite }, isNoisy: curve.isNoisy)
    }
    let thinned = lines.map { $0.thinned() }
    let points = thinned.flatMap(\.self)
    if points.isEmpty { return .all([]) }
    let chart = Chart(
        x: Axis(points.map(\.x) + (mark.map { [$0] } ?? [])), y: Axis(points.map(\.y), from: from),
        xLabel: "step")
    var drawn: [Markup] = []
    func draw(_ points: [(x: Double, y: Double)], _ kind: String, _ color: Int) {
        if points.count == 1 {
            drawn.append(dot(chart, points[0], color, radius: 3))
            return
        }
        let text = points.map {
            "\(Chart.number(chart.across($0.x))),\(Chart.number(chart.down($0.y)))"
        }.joined(separator: " ")
        drawn.append(.tag("polyline", ["class": "\(kind) s\(color % 6)", "points": text]))
    }
    for (color, (line, points)) in zip(lines, thinned).enumerated() where !points.isEmpty {
        if line.isNoisy {
            draw(points, "curve raw", color)
            draw(Curve.smoothed(points), "curve", color)
        } else {
            draw(points, "curve", color)
            if points.count <= 30 {
                drawn += points.map { dot(chart, $0, color, radius: 2.5) }
            }
        }
    }
    if let mark { drawn.append(chart.mark(mark)) }
    return chart.figure(
        title, legend: all.count > 1 ? all.enumerated().map { ($1.name, $0) } : [], drawn)
}

private func dot(
    _ chart: Chart, _ point: (x: Double, y: Double), _ color: Int, radius: Double
) -> Markup {
    .tag(
        "circle",
        [
            "class": "f\(color % 6)", "cx": Chart.number(chart.across(point.x)),
            "cy": Chart.number(chart.down(point.y)), "r": "\(radius)",
        ])
}
