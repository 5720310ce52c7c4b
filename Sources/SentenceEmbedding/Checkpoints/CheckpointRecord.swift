import Foundation
import HDF5
import JSON

/// What a checkpoint says of its run besides what the run goes on with.
struct CheckpointRecord {
    /// The recipe as JSON.
    var recipe = ""
    /// Digests of the held-out data, by the name of the evaluation.
    var heldOut: [String: String] = [:]
    /// The rows that the log of evaluations has.
    var evaluations = 0

    func write(to training: Attributes) throws(HDF5Error) {
        try training.set("recipe", to: recipe)
        try training.set("held_out", to: JSONValue.sorted(heldOut.mapValues(JSONValue.string)).line)
        try training.set("evaluations", to: evaluations)
    }
}

extension Checkpoint {
    /// What the run had; nothing of held-out data and evaluations for a checkpoint of before they were noted.
    func record() throws -> (recipe: String, heldOut: [String: String], evaluations: Int?) {
        let training = try file.root.group(named: "training").attributes
        guard try training.contains("held_out") else { return (try recipe(), [:], nil) }
        let members = (try? JSONValue(parsing: training.string("held_out").utf8))?.members ?? []
        let digests = members.compactMap { member in member.value.string.map { (member.key, $0) } }
        return (
            try recipe(), Dictionary(digests, uniquingKeysWith: { $1 }),
            try training.value("evaluations", as: Int.self)
        )
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
