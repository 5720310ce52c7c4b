/// How often numbers came that are no larger than each of some bounds.
struct Histogram: Sendable {
    let bounds: [Double]
    private(set) var counts: [Int]
    private(set) var count = 0
    private(set) var sum = 0.0

    init(_ bounds: [Double]) {
        self.bounds = bounds
        counts = [Int](repeating: 0, count: bounds.count)
    }

    mutating func record(_ value: Double) {
        count += 1
        sum += value
        // As Prometheus counts: every bound that is not below the number.
        for (index, bound) in bounds.enumerated() where value <= bound { counts[index] += 1 }
    }
}
