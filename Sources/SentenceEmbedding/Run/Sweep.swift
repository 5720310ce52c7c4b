import Foundation
import JSON
import NeuralNetwork
import Settings
import Support

/// A grid of runs: a recipe with each combination of some values of its keys.
public struct Sweep: Sendable {
    /// The values of a key, in the order of their runs.
    public struct Axis: Sendable, Equatable {
        /// The key, as a path from the top of the recipe: `learning_rate`, `loss.scale`.
        public let key: String
        /// The values, as a recipe has them.
        public let values: [String]

        /// Creates an axis.
        public init(_ key: String, _ values: [String]) {
            self.key = key
            self.values = values
        }
    }

    /// One run.
    public struct Member: Sendable {
        /// The name of its folder: `learning_rate=2e-5_seed=1`.
        public let name: String
        /// Its value on each axis.
        public let values: [String]
        /// Its recipe.
        public let recipe: Recipe
    }

    /// The axes of the grid.
    public let axes: [Axis]
    /// The runs, the last axis changing first.
    public let members: [Member]

    /// Makes the grid of a recipe, and checks every recipe in it.
    ///
    /// - Throws: `SweepError`, and what `Recipe.checked()` throws.
    public init(_ recipe: Recipe, over axes: [Axis]) throws {
        guard recipe.evaluations.contains(where: { $0.split == .dev }) else {
            throw SweepError.nothingToCompare
        }
        for (index, axis) in axes.enumerated() {
            if axis.values.isEmpty || axis.values.contains("") {
                throw SweepError.noValue(key: axis.key)
            }
            let isRepeated =
                Set(axis.values).count < axis.values.count
                || axes[..<index].contains { $0.key == axis.key }
            if isRepeated { throw SweepError.repeated(key: axis.key) }
        }
        var grid: [[String]] = [[]]
        for axis in axes { grid = grid.flatMap { row in axis.values.map { row + [$0] } } }
        self.axes = axes
        members = try grid.map { values in
            var value = recipe.value
            for (axis, text) in zip(axes, values) {
                value = Self.setting(
                    axis.key.split(separator: ".").map(String.init), text, in: value)
            }
            let changed: Recipe
            do throws(RecipeError) { changed = try Recipe(value).withAbsolutePaths() } catch {
                throw RunError.recipe(error)
            }
            _ = try changed.checked()
            return Member(name: Self.name(axes, values), values: values, recipe: changed)
        }
        if Set(members.map(\.name)).count < members.count { throw SweepError.sameNames }
    }

    /// The value with the one at the end of a path replaced; names of losses and optimizers become objects with settings
    /// where they must.
    private static func setting(
        _ path: [String], _ text: String, in value: JSONValue
    ) -> JSONValue {
        guard let key = path.first else {
            // What is no JSON is a text.
            return (try? JSONValue(parsing: text.utf8)) ?? .string(text)
        }
        var members =
            value.members ?? value.string.map { [JSONValue.Member("name", .string($0))] } ?? []
        let absent: JSONValue = key == "optimizer" ? .string(AdamW.name) : .object([])
        let changed = setting(Array(path.dropFirst()), text, in: value[key] ?? absent)
        if let index = members.firstIndex(where: { $0.key == key }) {
            members[index] = JSONValue.Member(key, changed)
        } else {
            members.append(JSONValue.Member(key, changed))
        }
        return .object(members)
    }

    /// A name that every file system takes.
    private static func name(_ axes: [Axis], _ values: [String]) -> String {
        let name = zip(axes, values).map { "\($0.key)=\($1)" }.joined(separator: "_")
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._=+-")
        return String(name.map { allowed.contains($0) ? $0 : "-" })
    }
}

// MARK: - Results

extension Sweep {
    /// Where a run of the sweep stands.
    public enum Progress: Sendable {
        /// Its folder is not there, or empty.
        case new
        /// It can be resumed.
        case begun
        /// It has a result.
        case finished(Score)
    }

    /// What a run came to.
    public struct Score: Sendable, Equatable {
        /// The name of the figure that chose the run's best model.
        public let figure: String
        /// Its value; NaN when it is undefined.
        public let value: Double
        /// Whether less is better.
        public let isLowerBetter: Bool
        /// The step of the model that is delivered; nil for the last one.
        public let bestStep: Int?

        /// Whether it beats another; any number beats an undefined one.
        public func beats(_ other: Score) -> Bool {
            guard value.isFinite, other.value.isFinite else { return value.isFinite }
            return isLowerBetter ? value < other.value : value > other.value
        }
    }

    /// Looks at the folder of a run.
    ///
    /// - Throws: `SweepError.otherRun` when what is there has other settings, and what reading it throws.
    public static func progress(
        of member: Member, in path: String, format: RecipeFormat = .json
    ) throws -> Progress {
        let folder = RunFolder(path, format: format)
        guard FileManager.default.mayExist(atPath: folder.file(format.name).path) else {
            return .new
        }
        let changed = try folder.recipe().keys(changedIn: member.recipe)
        if !changed.isEmpty { throw SweepError.otherRun(path: path, keys: changed) }
        let results = folder.file("results.json")
        guard FileManager.default.mayExist(atPath: results.path) else { return .begun }
        return .finished(try score(results, of: member.recipe))
    }

    /// A run all of whose models fell on what it watches has no figure: the last one is delivered, but not compared.
    private static func score(_ file: URL, of recipe: Recipe) throws -> Score {
        let value = try? JSONValue(parsing: Data(RegularFile.bytes(file.path)))
        guard let value, let figure = value["chosen_by"]?.string else {
            throw RunError.file("\(file.path): not the results of a run; remove its folder")
        }
        let bestStep = value["best_step"]?.int
        let hasFallen = bestStep == nil && recipe.evaluations.contains { $0.watch != nil }
        return Score(
            figure: figure, value: hasFallen ? .nan : value[figure]?.double ?? .nan,
            isLowerBetter: value["lower_is_better"]?.bool ?? false, bestStep: bestStep)
    }
}

/// Why there can be no such sweep.
public enum SweepError: Error, Equatable, LocalizedError, CustomStringConvertible {
    /// Nothing is evaluated, so that no run is better than another.
    case nothingToCompare
    /// A key has no value, or an empty one.
    case noValue(key: String)
    /// A key is there twice, or has a value twice.
    case repeated(key: String)
    /// Two runs would have the same folder.
    case sameNames
    /// A folder holds a run with other settings.
    case otherRun(path: String, keys: [String])

    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .nothingToCompare:
            "runs can only be compared by an evaluation: add dev"
        case .noValue(let key): "\(key): a sweep needs values, separated by commas"
        case .repeated(let key): "\(key) is swept twice, or over the same value twice"
        case .sameNames: "two runs would have the same folder: the values differ in marks only"
        case .otherRun(let path, let keys):
            "\(path): holds a run with another \(keys.joined(separator: ", ")); give another folder for this sweep"
        }
    }

    /// `description`
    public var errorDescription: String? { description }
}
