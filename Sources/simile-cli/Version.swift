import CSystemCalls
import Support

extension Version {
    /// The commit that was built, where whoever built it said so.
    static var commit: String? {
        let commit = String(cString: simile_commit())
        return commit.isEmpty ? nil : commit
    }

    /// The system and the processor's architecture: `Linux x86_64`.
    static var platform: String {
        "\(Machine.kernel.system) \(Machine.kernel.architecture)"
    }

    static var line: String {
        "simile \(simile)\(commit.map { " (\($0))" } ?? ""), Swift \(swift), \(platform)"
    }
}
