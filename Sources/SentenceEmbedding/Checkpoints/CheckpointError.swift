import Foundation
import HDF5
import ModelLayout

/// Why a checkpoint cannot be read or written.
public enum CheckpointError: Error, LocalizedError, CustomStringConvertible {
    /// The file is what Git leaves in place of a large one.
    case gitLFSPointer(path: String)
    /// The file is not a checkpoint of Simile's.
    case notACheckpoint(path: String)
    /// The checkpoint was written by a later version.
    case laterVersion(path: String, found: Int, supported: Int)
    /// An entry cannot be understood.
    case invalid(path: String, entry: String, reason: String)
    /// The checkpoint has no optimizer state, so a run cannot go on from it.
    case noOptimizer(path: String)
    /// The run had other tasks.
    case otherTasks(path: String, found: [String], expected: [String])
    /// The run had another optimizer.
    case otherOptimizer(path: String, found: String, expected: String)
    /// A weight is above the largest number of float16, 65504.
    case aboveFloat16(array: String, value: Float)
    /// No HDF5 file can be written to a folder.
    case unwritable(path: String, reason: String)
    /// The disk of a folder has no room for one checkpoint; sizes are in bytes.
    case noRoom(path: String, needed: Int, free: Int)
    /// The file itself cannot be read or written.
    case file(HDF5Error)

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .gitLFSPointer(let path): GitLFS.problem(path)
        case .notACheckpoint(let path):
            "\(path): an HDF5 file, but not a checkpoint of Simile's (no attribute 'format'); give a checkpoint, or a model's folder"
        case .laterVersion(let path, let found, let supported):
            "\(path): checkpoint version \(found), this program reads up to \(supported): update simile"
        case .invalid(let path, let entry, let reason):
            "\(path): \(entry) cannot be understood (\(reason)); use an earlier checkpoint"
        case .noOptimizer(let path):
            "\(path): holds a model without optimizer state, so training cannot go on from it; resume from the latest checkpoint instead, or start a new run with this one as the model"
        case .otherTasks(let path, let found, let expected):
            "\(path): its run has \(Self.tasks(found)), not \(Self.tasks(expected)): resume with the run's own recipe"
        case .otherOptimizer(let path, let found, let expected):
            "\(path): its run has the optimizer \(found), not \(expected): resume with the run's own recipe"
        case .aboveFloat16(let array, let value):
            "\(array): has the weight \(value), float16 goes up to 65504; store the weights as f32"
        case .unwritable(let path, let reason):
            "\(path): no checkpoint can be written there (\(reason)); give a folder on another disk, or free space and check the permissions"
        case .noRoom(let path, let needed, let free):
            "\(path): a checkpoint of this run takes \(Self.size(needed)), but only \(Self.size(free)) are free on the disk; free some, or give a folder on another disk"
        case .file(let error): "\(error)"
        }
    }

    /// `description`
    public var errorDescription: String? { description }

    private static func tasks(_ names: [String]) -> String {
        names.isEmpty ? "no task" : "the tasks \(names.joined(separator: ", "))"
    }

    /// A number of bytes for a reader: 424 kB, 1314 MB.
    private static func size(_ bytes: Int) -> String {
        bytes < 10_000_000 ? "\(bytes / 1000) kB" : "\(bytes / 1_000_000) MB"
    }
}
