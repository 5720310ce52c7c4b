import Foundation

/// A line that says how far something is; on a narrow terminal it says less.
struct ProgressLine {
    private var parts: [(text: String, rank: Int)] = []

    /// Adds a part after the others; of all, the one with the highest rank is the first to be left out.
    mutating func add(_ text: String, rank: Int) { parts.append((text, rank)) }

    /// The parts that have room in so many characters: at least those of the lowest rank.
    func text(width: Int = .max) -> String {
        var parts = parts
        func line() -> String { parts.map(\.text).joined(separator: "  ") }
        while line().count > width, let last = parts.map(\.rank).max(),
            parts.contains(where: { $0.rank < last })
        {
            parts.removeAll { $0.rank == last }
        }
        return line()
    }

    /// A time as `0:42`, or `1:02:03` from an hour on.
    static func time(_ seconds: Double) -> String {
        let seconds = Int(min(max(seconds, 0), 1e9).rounded())
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
        return hours > 0
            ? String(format: "%d:%02d:%02d", hours, minutes, seconds % 60)
            : String(format: "%d:%02d", minutes, seconds % 60)
    }
}

/// How fast a run goes, apart from what it does between steps, and how long it has to go.
struct Pace {
    private(set) var steps = 0
    private(set) var stepSeconds = 0.0
    private(set) var evaluations = 0
    private(set) var evaluationSeconds = 0.0

    mutating func step(took seconds: Double) {
        steps += 1
        stepSeconds += seconds
    }

    mutating func evaluation(took seconds: Double) {
        evaluations += 1
        evaluationSeconds += seconds
    }

    /// So many things in a second of training.
    func rate(_ count: Int) -> Double { Double(count) / max(stepSeconds, 1e-9) }

    /// The seconds that so many steps and evaluations will take, as those before them did.
    func left(steps: Int, evaluations: Int) -> Double {
        stepSeconds / Double(max(self.steps, 1)) * Double(steps)
            + evaluationSeconds / Double(max(self.evaluations, 1)) * Double(evaluations)
    }
}
