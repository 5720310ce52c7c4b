/// Why training cannot start or go on.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
    /// A setting is out of range.
    case invalid(key: String, found: String, expected: String)
    /// There is nothing to train on.
    case noPairs(path: String)
    /// The loss or a gradient is infinite or not a number; the parameters were not changed by it.
    case nonFinite(what: String, step: Int, path: String, lines: [Int])
    /// A checkpoint belongs to a run on other data.
    case otherData(path: String, found: String, expected: String)

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .invalid(let key, let found, let expected):
            return "\(key) is \(found); expected \(expected)"
        case .noPairs(let path):
            return "\(path): no pairs to train on"
        case .nonFinite(let what, let step, let path, let lines):
            let shown = lines.prefix(20).map(String.init).joined(separator: ", ")
            let more = lines.count > 20 ? " and \(lines.count - 20) more" : ""
            return
                "the \(what) is not finite at step \(step), for the pairs of \(path) on lines \(shown)\(more); the parameters are those of the step before. Lower the learning rate, or look at these lines"
        case .otherData(let path, let found, let expected):
            return
                "\(path) is not the data this run was started with (digest \(found), expected \(expected)): resume with the original file, or start a new run"
        }
    }
}
