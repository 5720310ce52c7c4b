import Foundation

/// A range of numbers on a side of a chart, with round ones to mark.
struct Axis {
    let range: ClosedRange<Double>
    let ticks: [Double]

    /// Holds all values; `from` is in it too.
    init(_ values: [Double], from: Double? = nil) {
        let finite = (values + (from.map { [$0] } ?? [])).filter(\.isFinite)
        var (low, high) = (finite.min() ?? 0, finite.max() ?? 1)
        if low == high {
            let half = max(abs(low) * 0.1, 1e-9)
            (low, high) = (low - half, high + half)
        }
        let step = Self.roundStep((high - low) / 5)
        range = low...high
        var ticks: [Double] = []
        var tick = (low / step).rounded(.up) * step
        while tick <= high + step * 1e-6, ticks.count < 12 {
            ticks.append(tick)
            tick += step
        }
        self.ticks = ticks
    }

    /// The next of 1, 2, 2.5, 5, 10, 20 ... that is not smaller.
    private static func roundStep(_ step: Double) -> Double {
        let power = pow(10, log10(step).rounded(.down))
        return ([1, 2, 2.5, 5].first { $0 * power >= step * 0.999 } ?? 10) * power
    }

    /// Where a value is, from 0 at the beginning to 1 at the end.
    func place(_ value: Double) -> Double {
        (value - range.lowerBound) / (range.upperBound - range.lowerBound)
    }

    /// A mark's number in few digits.
    func label(_ tick: Double) -> String {
        let step = ticks.count > 1 ? ticks[1] - ticks[0] : range.upperBound - range.lowerBound
        return abs(tick) < step * 1e-6 ? "0" : String(format: "%.4g", tick)
    }
}
