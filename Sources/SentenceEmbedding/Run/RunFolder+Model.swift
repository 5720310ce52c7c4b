import Foundation
import Support

extension RunFolder {
    /// What stands for a run where a model is wanted.
    public struct RunModel: Sendable, Equatable {
        /// `model/`, or a checkpoint.
        public let path: String
        /// Which it is and why, in a phrase.
        public let reason: String
    }

    /// What stands for the run in a folder, or whose checkpoints are in it: `model/`, or of a run that did not get so far
    /// the best checkpoint, else the latest; nil for a folder that is no run, and for one with nothing to open.
    ///
    /// - Parameter hasLosses: Whether it is to have the run's losses, which only checkpoints have.
    public static func model(inFolder path: String, withLosses hasLosses: Bool = false) -> RunModel?
    {
        let folder = URL(filePath: path)
        let files = FileManager.default
        guard files.folderExists(atPath: path),
            !files.mayExist(atPath: folder.appending(path: "config.json").path),
            !files.mayExist(atPath: folder.appending(path: "modules.json").path)
        else { return nil }
        let model = folder.appending(path: "model")
        let isWhole = files.mayExist(atPath: model.appending(path: "config.json").path)
        if isWhole, !hasLosses { return RunModel(path: model.path, reason: "the run's model") }
        let why = isWhole ? "" : ", as there is no model/ yet"
        for inside in [folder.appending(path: "checkpoints"), folder] {
            let best = inside.appending(path: "best.h5")
            if (try? Checkpoint(best)) != nil {
                return RunModel(path: best.path, reason: "the run's best checkpoint" + why)
            }
            let latest = steps(in: inside).reversed().map { inside.appending(path: $0) }
                .first { (try? Checkpoint($0)) != nil }
            if let latest {
                return RunModel(path: latest.path, reason: "the run's latest checkpoint" + why)
            }
        }
        return nil
    }
}
