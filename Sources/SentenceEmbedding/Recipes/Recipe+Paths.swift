import ExampleFiles
import Foundation
import Support

/// The files that a recipe names.
extension Recipe {
    /// The recipe with absolute paths, so that a run can be resumed from any folder.
    ///
    /// Relative ones are of the working directory or, where `folder` is given, of that folder: whichever has the file.
    ///
    /// - Throws: `RecipeError.ambiguousPath` when both have it, and it is not the same.
    public func withAbsolutePaths(orIn folder: URL? = nil) throws(RecipeError) -> Recipe {
        func absolute(_ path: String) throws(RecipeError) -> String {
            let path = expandingHome(path)
            let own = URL(fileURLWithPath: path).standardizedFileURL.path
            guard let folder, !path.hasPrefix("/") else { return own }
            let other = folder.appending(path: path).standardizedFileURL.path
            guard own != other, let there = FileIdentity(other) else { return own }
            guard let here = FileIdentity(own) else { return other }
            if here != there { throw .ambiguousPath(path, own, other) }
            return own
        }
        func absoluteFiles(_ path: String) throws(RecipeError) -> String {
            // Standard input.
            if path == "-" { return path }
            // `first,second,labels` are three parallel files, unless one has this name.
            let whole = try absolute(path)
            if FileManager.default.mayExist(atPath: whole) { return whole }
            var paths: [String] = []
            for part in path.split(separator: ",") { paths.append(try absolute(String(part))) }
            return paths.joined(separator: ",")
        }
        func allAbsolute(_ sources: [ExampleSource]) throws(RecipeError) -> [ExampleSource] {
            var result: [ExampleSource] = []
            for source in sources {
                result.append(ExampleSource(try absoluteFiles(source.path), source.options))
            }
            return result
        }
        func ifPresent(_ path: String?) throws(RecipeError) -> String? {
            guard let path else { return nil }
            // A name of the hub is not a path.
            let whole = try absolute(path)
            return FileManager.default.mayExist(atPath: whole) ? whole : path
        }
        var copy = self
        copy.model = try ifPresent(model)
        for index in tasks.indices {
            copy.tasks[index].data = try allAbsolute(tasks[index].data)
            copy.tasks[index].settings.teacher = try ifPresent(tasks[index].settings.teacher)
        }
        for index in evaluations.indices {
            copy.evaluations[index].data = try allAbsolute(evaluations[index].data)
            if let kind = try? Evaluations.named(evaluations[index].kind.name) {
                copy.evaluations[index].kind.settings = try kind.withPaths(
                    evaluations[index].kind.settings, absolute)
            }
        }
        if let tokens = setup.addTokens { copy.setup.addTokens = try absolute(tokens) }
        return copy
    }
}

/// Which file a path leads to, whatever it is called.
private struct FileIdentity: Equatable {
    let device: dev_t
    let number: ino_t

    /// Nil when there is nothing.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        (device, number) = (status.st_dev, status.st_ino)
    }
}

extension EvaluationKind {
    /// The settings, as JSON, with every path changed; those that cannot be read stay as they are.
    fileprivate static func withPaths(
        _ json: String, _ change: (String) throws(RecipeError) -> String
    ) throws(RecipeError) -> String {
        guard !paths.isEmpty, var settings = try? Self(json: json) else { return json }
        for path in paths {
            if let old = settings[keyPath: path] { settings[keyPath: path] = try change(old) }
        }
        return settings.json
    }
}
