/// Figures in Prometheus' text format.
struct PrometheusText {
    private(set) var text = ""

    /// Begins a figure; its samples come after.
    mutating func begin(_ name: String, _ type: String, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    mutating func add(_ name: String, _ value: Double, _ labels: [(String, String)] = []) {
        let pairs = labels.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }.joined(separator: ",")
        let number = Int(exactly: value).map(String.init) ?? "\(value)"
        text += "\(name)\(pairs.isEmpty ? "" : "{\(pairs)}") \(number)\n"
    }

    mutating func add(_ name: String, _ histogram: Histogram, _ labels: [(String, String)] = []) {
        for (bound, count) in zip(histogram.bounds, histogram.counts) {
            let bound = Int(exactly: bound).map(String.init) ?? "\(bound)"
            add("\(name)_bucket", Double(count), labels + [("le", bound)])
        }
        add("\(name)_bucket", Double(histogram.count), labels + [("le", "+Inf")])
        add("\(name)_sum", histogram.sum, labels)
        add("\(name)_count", Double(histogram.count), labels)
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            .replacing("\n", with: "\\n")
    }
}
