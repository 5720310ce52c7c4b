import Foundation

/// The frame of a chart: two axes with their marks, and places in it.
struct Chart {
    private static let width = 480.0
    private static let height = 260.0
    // What the marks take at each side.
    private static let left = 54.0
    private static let right = 12.0
    private static let top = 10.0
    private static let bottom = 38.0

    let x: Axis
    let y: Axis
    let xLabel: String

    /// A coordinate with a digit after the point, which is enough for any screen.
    static func number(_ value: Double) -> String { String(format: "%.1f", value) }

    /// The horizontal place of a value.
    func across(_ value: Double) -> Double {
        Self.left + x.place(value) * (Self.width - Self.left - Self.right)
    }

    /// The vertical place of a value.
    func down(_ value: Double) -> Double {
        Self.height - Self.bottom - y.place(value) * (Self.height - Self.top - Self.bottom)
    }

    /// The chart as a figure, with its marks behind what is drawn in it.
    func figure(_ title: String, legend: [(name: String, color: Int)] = [], _ drawn: [Markup])
        -> Markup
    {
        let (end, floor) = (Self.width - Self.right, Self.height - Self.bottom)
        var marks: [Markup] = []
        for tick in y.ticks {
            let place = Self.number(down(tick))
            marks.append(
                .tag(
                    "line",
                    [
                        "class": "grid", "x1": Self.number(Self.left), "x2": Self.number(end),
                        "y1": place, "y2": place,
                    ]))
            marks.append(
                label(y.label(tick), Self.left - 6, down(tick) + 4, anchor: "end"))
        }
        for tick in x.ticks {
            marks.append(label(x.label(tick), across(tick), floor + 15, anchor: "middle"))
        }
        marks.append(label(xLabel, (Self.left + end) / 2, Self.height - 5, anchor: "middle"))
        let svg = Markup.tag(
            "svg",
            [
                "viewBox": "0 0 \(Int(Self.width)) \(Int(Self.height))", "role": "img",
                "aria-label": title,
            ], all: marks + drawn)
        let keys = legend.map { name, color in
            Markup.tag(
                "span", [:],
                .tag(
                    "svg", ["viewBox": "0 0 10 10", "aria-hidden": "true"],
                    .tag(
                        "circle",
                        ["cx": "5", "cy": "5", "r": "5", "class": "f\(color % 6)"])),
                .text(name))
        }
        return .tag(
            "figure", [:], .tag("h3", [:], .text(title)), svg,
            keys.isEmpty ? .all([]) : .tag("div", ["class": "legend"], all: keys))
    }

    private func label(_ text: String, _ px: Double, _ py: Double, anchor: String) -> Markup {
        .tag(
            "text", ["x": Self.number(px), "y": Self.number(py), "text-anchor": anchor],
            .text(text))
    }

    /// A line at a value, from bottom to top.
    func mark(_ value: Double) -> Markup {
        let place = Self.number(across(value))
        return .tag(
            "line",
            [
                "class": "mark", "x1": place, "x2": place, "y1": Self.number(Self.top),
                "y2": Self.number(Self.height - Self.bottom),
            ])
    }

    /// A bar from the bottom up to a value.
    func bar(from low: Double, to high: Double, _ value: Double, color: Int) -> Markup {
        .tag(
            "rect",
            [
                "class": "bar f\(color % 6)", "x": Self.number(across(low)),
                "y": Self.number(down(value)),
                "width": Self.number(max(0.5, across(high) - across(low) - 1)),
                "height": Self.number(Self.height - Self.bottom - down(value)),
            ])
    }
}
