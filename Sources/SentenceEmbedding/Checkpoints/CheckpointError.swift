import HDF5

/// Why a checkpoint cannot be read or written.
public enum CheckpointError: Error, CustomStringConvertible {
    /// The file is not a checkpoint of Simile's.
    case notACheckpoint(path: String)
    /// The checkpoint was written by a later version.
    case laterVersion(path: String, found: Int, supported: Int)
    /// An entry cannot be understood.
    case invalid(path: String, entry: String, reason: String)
    /// The checkpoint has no optimizer state, so a run cannot go on from it.
    case noOptimizer(path: String)
    /// The checkpoint was trained with another loss.
    case otherLoss(path: String, found: String, expected: String)
    /// The file itself cannot be read or written.
    case file(HDF5Error)

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .notACheckpoint(let path):
            "\(path): an HDF5 file, but not a checkpoint of Simile's (no attribute 'format'); give a checkpoint, or a model's folder"
        case .laterVersion(let path, let found, let supported):
            "\(path): checkpoint version \(found), this program reads up to \(supported): update simile"
        case .invalid(let path, let entry, let reason):
            "\(path): \(entry) cannot be understood (\(reason)); use an earlier checkpoint"
        case .noOptimizer(let path):
            "\(path): holds a model without optimizer state, so training cannot go on from it; resume from the latest checkpoint instead, or start a new run with this one as the model"
        case .otherLoss(let path, let found, let expected):
            "\(path): trained with the loss \(found), not \(expected)"
        case .file(let error): "\(error)"
        }
    }
}
