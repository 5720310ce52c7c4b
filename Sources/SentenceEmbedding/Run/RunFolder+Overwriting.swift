import Foundation
import ModelFolders
import Support

/// Removing an earlier run to make room for another.
extension RunFolder {
    /// The files that runs leave beside their folders; what was left of writing them ends in `.part`.
    private var files: Set<String> {
        [format.name, "run.json", "steps.csv", "evaluations.csv", "results.json", "report.html"]
    }

    /// Refuses a folder that holds anything but a run, or what the run of a recipe begins with.
    ///
    /// - Throws: `RunError.file` that names what else is in it, or what the recipe reads from there.
    func requireReplaceable(by recipe: Recipe) throws {
        let inside = URL(fileURLWithPath: path).standardizedFileURL.path + "/"
        let read =
            [recipe.model, recipe.setup.addTokens].compactMap(\.self)
            + (recipe.tasks.flatMap(\.data) + recipe.evaluations.flatMap(\.data)).map(\.path)
            + recipe.tasks.compactMap(\.settings.teacher)
        if let own = read.first(where: {
            let path = URL(fileURLWithPath: $0).standardizedFileURL.path + "/"
            return path.hasPrefix(inside) && path != inside + Self.startName + "/"
        }) {
            throw RunError.file(
                "\(own): is in \(path), which would be removed before the run; give another output folder"
            )
        }
        if let foreign = try entries().first(where: { !isOfRun($0) }) {
            throw RunError.file(
                "\(path): is left as it is, as \(foreign) in it is not, or not only, of a run; give another output folder"
            )
        }
    }

    /// Removes the run in the folder, file by file; a teacher's labels and the model made for the next run stay.
    func removeRun() throws {
        for name in try entries() where isOfRun(name) && !isKept(name) {
            do { try FileManager.default.removeItem(at: file(name)) } catch {
                throw RunError.outputUnwritable(path: path, reason: error.systemReason)
            }
        }
    }

    private func entries() throws -> [String] {
        if !FileManager.default.mayExist(atPath: path) { return [] }
        do { return try FileManager.default.contentsOfDirectory(atPath: path) } catch {
            throw RunError.outputUnwritable(path: path, reason: error.systemReason)
        }
    }

    private func isKept(_ name: String) -> Bool {
        name == Self.startName || name == RunClaim.fileName || TeacherCache.isPart(name)
    }

    private func isOfRun(_ name: String) -> Bool {
        switch name {
        case "model": holdsOnly(name, ModelFolder.isWritten)
        case "adapter": holdsOnly(name, AdapterFolder.isWritten)
        case "checkpoints":
            holdsOnly(name) {
                $0 == "best.h5" || Self.step($0) >= 0 || Self.isSetAside($0) || isPart($0)
            }
        case "predictions": holdsOnly(name) { $0.hasSuffix(".jsonl") || isPart($0) }
        case "tensorboard": holdsOnly(name) { $0.hasPrefix("events.out.tfevents.") }
        default: isKept(name) || files.contains(name) || isPart(name)
        }
    }

    /// Whether it was left of writing a file of ours.
    private func isPart(_ name: String) -> Bool {
        name.hasPrefix(".") && name.hasSuffix(".part")
    }

    private func holdsOnly(_ name: String, _ owns: (String) -> Bool) -> Bool {
        guard let entries = try? FolderEntry.all(in: file(name).path) else { return false }
        return entries.allSatisfy { $0.isFolder || owns($0.path) }
    }
}
