import Foundation
import Simile

/// Reads the pair files of a command as one table, and says what was read.
enum PairFiles {
    /// Reads scored pairs; messages name the options of `Role`.
    static func readScored<Role: PairFileRole>(
        _ sources: [PairSource], _ role: Role.Type, training: TrainingFileOptions? = nil
    ) throws -> (pairs: PairDataset<Float>, options: TrainingFileOptions?) {
        let parts = try sources.map { source in
            try read(source, role) { () throws(PairFileError) in
                try PairFile.readScored(source.path, options: source.options, training: training)
            }
        }
        return (PairDataset(joining: parts.map(\.pairs)), parts.first?.options)
    }

    /// Reads labelled pairs; `first,second,labels` names three parallel files.
    static func readLabelled<Role: PairFileRole>(
        _ sources: [PairSource], _ role: Role.Type, training: TrainingFileOptions? = nil
    ) throws -> (pairs: PairDataset<Int32>, options: TrainingFileOptions?) {
        let parts = try sources.map { source in
            let files = paths(source.path)
            return try read(source, role) { () throws(PairFileError) in
                files.count == 3
                    ? try PairFile.readLabelled(
                        first: files[0], second: files[1], labels: files[2],
                        options: source.options, training: training)
                    : try PairFile.readLabelled(
                        source.path, options: source.options, training: training)
            }
        }
        return (PairDataset(joining: parts.map(\.pairs)), parts.first?.options)
    }

    /// The files that a path means: `first,second,labels` three, anything else itself.
    static func paths(_ path: String) -> [String] {
        let files = path.split(separator: ",").map(String.init)
        return files.count == 3 && !FileManager.default.fileExists(atPath: path) ? files : [path]
    }

    private static func read<Role: PairFileRole, Label>(
        _ source: PairSource, _ role: Role.Type,
        _ body: () throws(PairFileError) -> (dataset: PairDataset<Label>, report: ReadReport)
    ) throws -> (pairs: PairDataset<Label>, options: TrainingFileOptions) {
        do throws(PairFileError) {
            let (pairs, report) = try body()
            Console.note(report.description(naming: role.flag))
            return (pairs, TrainingFileOptions(source.options, report))
        } catch {
            throw CommandError.input(error.description(naming: role.flag))
        }
    }
}

extension PairFileRole {
    /// An option of the file as a flag, with a value for it.
    static func flag(_ key: PairFileOptions.Key, _ value: String?) -> String {
        let name = key == .filters ? "where" : key.rawValue.replacing("_", with: "-")
        switch value {
        case "true": return "--\(prefix)\(name)"
        case "false": return "--no-\(prefix)\(name)"
        case let value?: return "--\(prefix)\(name) \(value)"
        case nil: return "--\(prefix)\(name)"
        }
    }
}
