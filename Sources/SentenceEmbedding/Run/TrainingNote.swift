import ExampleFiles

/// What a person should know about a run, besides its events.
public enum TrainingNote: CustomStringConvertible {
    /// A file was read; `role` is the key of the recipe that names it.
    case read(ReadReport, role: String)
    /// The run goes on with another number of threads than it had, and its last bits depend on that.
    case otherThreads(before: Int, now: Int)
    /// The run goes on with the matrix products of another engine than it had.
    case otherProducts(before: String, now: String)
    /// Something that takes a while has begun.
    case doing(String)
    /// Anything else, in a sentence.
    case other(String)

    /// The note in words.
    public var description: String {
        switch self {
        case .read(let report, _): report.description
        case .otherThreads(let before, let now):
            "the run had \(before) threads and goes on with \(now): its last bits may differ"
        case .otherProducts(let before, let now):
            "the run multiplied with \(before) kernels and goes on with \(now) ones: its last bits may differ"
        case .doing(let text), .other(let text): text
        }
    }
}
