import Foundation
import HDF5
import JSON

/// What a checkpoint says of its run besides what the run goes on with.
struct CheckpointRecord {
    /// The recipe as JSON.
    var recipe = ""
    /// Digests of the held-out data, by the name of the evaluation.
    var heldOut: [String: String] = [:]
    /// Digests of the logs' rows, by the name of the log.
    var logs: [String: String] = [:]

    func write(to training: Attributes) throws(HDF5Error) {
        try training.set("recipe", to: recipe)
        for (name, digests) in [("held_out", heldOut), ("logs", logs)] {
            try training.set(name, to: JSONValue.sorted(digests.mapValues(JSONValue.string)).line)
        }
    }
}

extension Checkpoint {
    /// What the run had; no digests in a checkpoint of before they were noted.
    func record() throws -> CheckpointRecord {
        let training = try file.root.group(named: "training").attributes
        func digests(_ name: String) throws -> [String: String] {
            guard try training.contains(name) else { return [:] }
            let members = (try? JSONValue(parsing: training.string(name).utf8))?.members ?? []
            let pairs = members.compactMap { member in
                member.value.string.map { (member.key, $0) }
            }
            return Dictionary(pairs, uniquingKeysWith: { $1 })
        }
        return CheckpointRecord(
            recipe: try recipe(), heldOut: try digests("held_out"), logs: try digests("logs"))
    }

    /// - Throws: What keeps a run from going on from the checkpoint, as far as the file alone tells.
    func requireResumable(step: Int) throws {
        guard try file.root.contains("optimizer") else {
            throw CheckpointError.noOptimizer(path: path)
        }
        let found = try state().step
        guard found == step else {
            throw CheckpointError.invalid(
                path: path, entry: "the name",
                reason: "the file is of step \(found); was it copied or renamed?")
        }
    }

    /// Reads every byte and every object of the file, and all that makes up the model and the run.
    ///
    /// - Parameter open: Opens the model that adapters belong to.
    /// - Throws: What is wrong.
    public func verify(
        base open: (String) throws -> SentenceTransformer = SentenceTransformer.plain
    ) throws {
        try file.verify()
        let model = try model(base: open)
        guard isOfRun else { return }
        _ = try (losses(for: model), state(), configuration(), record())
    }
}

extension CheckpointError {
    /// Whether a file is damaged, and not only of no use here.
    var isDamage: Bool {
        switch self {
        case .gitLFSPointer, .notACheckpoint: true
        case .file(let error):
            switch error {
            case .notHDF5, .truncated, .unfinished, .checksumMismatch, .damaged: true
            default: false
            }
        default: false
        }
    }
}
