import Foundation

/// Horizontal bars with their values.
func barChart(_ title: String, _ bars: [(String, Double)]) -> String {
    let (left, width, row) = (360.0, 380.0, 26.0)
    let most = bars.map(\.1).max() ?? 1
    var body = text(left, 18, title, anchor: "start")
    for (i, bar) in bars.enumerated() {
        let y = 30 + row * Double(i)
        let length = width * bar.1 / most
        body += text(left - 8, y + 14, bar.0, anchor: "end")
        body +=
            "<rect x=\"\(left)\" y=\"\(y)\" width=\"\(length.fixed(1))\" height=\"18\" fill=\"#3b6ea5\"/>"
        body += text(left + length + 6, y + 14, bar.1.fixed(1) + "×", anchor: "start")
    }
    return svg(width: left + width + 70, height: 40 + row * Double(bars.count), body)
}

/// Lines over a logarithmic x axis, y from zero.
func lineChart(_ title: String, _ series: [(String, [(Double, Double)])]) -> String {
    let (left, top, width, height) = (60.0, 30.0, 460.0, 260.0)
    let points = series.flatMap(\.1)
    let (least, most) = (points.map(\.0).min() ?? 1, points.map(\.0).max() ?? 2)
    let highest = points.map(\.1).max() ?? 1
    func x(_ value: Double) -> Double { left + width * log(value / least) / log(most / least) }
    func y(_ value: Double) -> Double { top + height * (1 - value / highest) }
    var body = text(left, 18, title, anchor: "start")
    body +=
        "<path d=\"M\(left) \(top)V\(top + height)H\(left + width)\" fill=\"none\" stroke=\"#888\"/>"
    body += text(left - 6, top + 4, highest.fixed(0), anchor: "end")
    body += text(left - 6, top + height, "0", anchor: "end")
    for value in Set(points.map(\.0)) {
        body += text(x(value), top + height + 16, value.fixed(0), anchor: "middle")
    }
    let colours = ["#3b6ea5", "#c2571a", "#3a8a4d", "#8a4d9e"]
    for (i, line) in series.enumerated() {
        let path = line.1.map { "\(x($0.0).fixed(1)) \(y($0.1).fixed(1))" }.joined(separator: "L")
        let colour = colours[i % colours.count]
        body += "<path d=\"M\(path)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"2\"/>"
        body += text(left + width + 12, top + 14 + 18 * Double(i), line.0, anchor: "start", colour)
    }
    return svg(width: left + width + 130, height: top + height + 30, body)
}

private func text(
    _ x: Double, _ y: Double, _ text: String, anchor: String, _ colour: String = "#222"
) -> String {
    "<text x=\"\(x.fixed(1))\" y=\"\(y.fixed(1))\" text-anchor=\"\(anchor)\" fill=\"\(colour)\">\(text)</text>\n"
}

private func svg(width: Double, height: Double, _ body: String) -> String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" width="\(width.fixed(0))" height="\(height.fixed(0))" \
    font-family="sans-serif" font-size="13">
    <rect width="100%" height="100%" fill="white"/>
    \(body)</svg>

    """
}
