import Communication
import Digest
import ExampleFiles
import Foundation
import Losses
import Support

/// Reads the tables of a recipe.
final class RunData {
    private let recipe: Recipe
    private let open: (String) throws -> SentenceTransformer
    private let note: (TrainingNote) -> Void
    /// How the training files were read, for held-out files that leave something open.
    private var trainingOptions: TrainingFileOptions?
    private var training: [String: ExampleTable] = [:]
    /// What each evaluation measures on, by its name.
    private(set) var heldOut: [String: (paths: [String], digest: String)] = [:]

    init(
        _ recipe: Recipe, open: @escaping (String) throws -> SentenceTransformer,
        note: @escaping (TrainingNote) -> Void
    ) {
        self.recipe = recipe
        self.open = open
        self.note = note
    }

    /// The training table of a task, without the labels that a teacher is to give it.
    func table(of task: TaskRecipe) throws -> ExampleTable {
        let loss = try loss(of: task)
        let role = recipe.key("data", of: task)
        var sources = task.data.map {
            ExampleSource($0.path, recipe.data.overlaid(with: $0.options))
        }
        if !task.settings.classes.isEmpty {
            guard let classes = LabelSet(names: task.settings.classes) else {
                throw RunError.recipe(
                    .invalid(
                        key: recipe.key("classes", of: task),
                        found: task.settings.classes.joined(separator: ", "),
                        expected: "two or more different names"))
            }
            for index in sources.indices { sources[index].options.labels = classes }
        }
        let isTaught = task.settings.teacher != nil
        let (table, options) = try readRepeating(
            sources, as: loss.request(withoutLabels: isTaught), role: role,
            scoredBy: isTaught && loss.teacherLabels?.areScores == true
                ? recipe.key("teacher", of: task) : nil)
        trainingOptions = trainingOptions ?? options
        training[task.name] = table
        return table
    }

    /// The table of a task with its teacher's labels, which the processes of the run compute together; as it is, if it has no
    /// teacher.
    func labelled(
        _ table: ExampleTable, for task: TaskRecipe, cache: RunFolder,
        among processes: (any Communicator)? = nil
    ) throws -> ExampleTable {
        guard let teacher = task.settings.teacher, let labels = try loss(of: task).teacherLabels
        else { return table }
        return try Teacher(teacher, among: processes, open: open, note: note).label(
            table, with: labels, dimension: task.settings.teacherDimension,
            cache: TeacherCache(cache, task: task.name))
    }

    private func loss(of task: TaskRecipe) throws -> any TaskLoss.Type {
        do { return try Losses.named(task.loss.name) } catch {
            throw RunError.loss(error, task: task.name)
        }
    }

    /// Reads files whose options may name a column more than once: `columns: [text, text]` is SimCSE's data, each text
    /// with itself.
    private func readRepeating(
        _ sources: [ExampleSource], as request: ExampleRequest, role: String, scoredBy key: String?
    ) throws -> (table: ExampleTable, options: TrainingFileOptions?) {
        guard let columns = sources.first?.options.columns,
            sources.allSatisfy({ $0.options.columns == columns }),
            Set(columns).count < columns.count, request.columns.contains(columns.count)
        else { return try read(sources, as: request, role: role, scoredBy: key) }
        var different: [ExampleColumn] = []
        for column in columns where !different.contains(column) { different.append(column) }
        var (sources, request) = (sources, request)
        for index in sources.indices { sources[index].options.columns = different }
        request.columns = different.count...different.count
        let (table, options) = try read(
            sources, as: request, role: role, scoredBy: key)
        return (
            table.using(columns.map { different.firstIndex(of: $0) ?? 0 }), options
        )
    }

    /// What measures a split; the evaluator that chooses the best model comes first.
    func evaluators(
        _ split: EvaluationRecipe.Split, for model: SentenceTransformer
    ) throws -> [RunEvaluation] {
        let items = recipe.evaluations.filter { $0.split == split }
        let ordered = items.filter(\.choosesBest) + items.filter { !$0.choosesBest }
        return try ordered.map {
            RunEvaluation(recipe: $0, evaluator: try evaluator($0, for: model))
        }
    }

    private func evaluator(
        _ item: EvaluationRecipe, for model: SentenceTransformer
    ) throws -> any Evaluator {
        func make<K: EvaluationKind>(_ kind: K.Type) throws -> any Evaluator {
            let settings = try K(json: item.kind.settings)
            guard let request = K.request else {
                let paths = K.paths.compactMap { settings[keyPath: $0] }
                heldOut[item.name] = (paths, Self.digest(ofFiles: paths))
                return try settings.evaluator(nil, name: item.figurePrefix)
            }
            let role = item.isShort ? item.name : "evaluate.\(item.name).data"
            if item.data.isEmpty { throw RunError.recipe(.missing(key: role)) }
            var sources = item.data
            if request.labels == .classes {
                // A class has the number that it has in training.
                let classes = self.classes(of: settings.classifier)
                for index in sources.indices { sources[index].options.labels = classes }
            }
            let table = try read(sources, as: request, role: role, training: trainingOptions).table
            try table.requireTokens(
                of: model.tokenizer, allowingMissing: request.allowsMissingTexts)
            noteLeakage(of: table, role)
            heldOut[item.name] = (sources.map(\.path), String(table.digest, radix: 16))
            return try settings.evaluator(table, name: item.figurePrefix)
        }
        let evaluator = try make(try Evaluations.named(item.kind.name))
        guard let dimension = item.truncateDimension else { return evaluator }
        guard try Evaluations.named(item.kind.name).measuresEmbeddings else {
            throw RunError.recipe(
                .useless(
                    key: "evaluate.\(item.name).truncate_dim",
                    reason: "\(item.kind.name) takes whole embeddings, or none"))
        }
        guard dimension <= model.wholeDimension else {
            throw RunError.recipe(
                .invalid(
                    key: "evaluate.\(item.name).truncate_dim", found: "\(dimension)",
                    expected: "at most \(model.wholeDimension), the numbers in an embedding"))
        }
        return TruncatedEvaluator(evaluator, to: dimension)
    }

    /// SHA-256 of the bytes of some files, one after the other; those that cannot be read are for their reader to refuse.
    private static func digest(ofFiles paths: [String]) -> String {
        var stream = DigestStream(.sha256)
        for path in paths {
            guard let descriptor = try? RegularFile.open(path) else { continue }
            defer { close(descriptor) }
            let digest = Digest.sha256.computed { buffer in
                uninterrupted { Foundation.read(descriptor, buffer.baseAddress, buffer.count) }
            }
            digest?.withUnsafeBytes { stream.add($0) }
        }
        return String(hexadecimal: stream.finished())
    }

    /// The classes of a task's data, or of the first task whose loss has a classifier.
    private func classes(of name: String?) -> LabelSet? {
        let task = recipe.tasks.first { task in
            name.map { $0 == task.name }
                ?? ((try? Losses.named(task.loss.name)) is any ClassifyingLoss.Type)
        }
        let names = task.flatMap { training[$0.name]?.classNames } ?? []
        return names == LabelSet.inference.names
            ? .inference : LabelSet(names: names) ?? recipe.data.labels
    }

    /// Says how many of the held-out texts and rows are trained on.
    private func noteLeakage(of table: ExampleTable, _ role: String) {
        for (_, data) in training.sorted(by: { $0.key < $1.key }) {
            // The training file itself: that is said already.
            if data.digest == table.digest { continue }
            let leakage = Leakage(of: table, in: data)
            if !leakage.isEmpty { note(.other("\(role): \(leakage.description)")) }
        }
    }

    /// Reads files as one table.
    ///
    /// - Parameter key: The key of the recipe that names who gives the scores, where the files must have none.
    private func read(
        _ sources: [ExampleSource], as request: ExampleRequest, role: String,
        training: TrainingFileOptions? = nil, scoredBy key: String? = nil
    ) throws -> (table: ExampleTable, options: TrainingFileOptions?) {
        var tables: [ExampleTable] = []
        var options: TrainingFileOptions?
        var unused: (path: String, column: String)?
        for source in sources {
            note(.doing("reading \(source.path)"))
            do throws(ExampleFileError) {
                let (table, report) = try ExampleFile.read(
                    source.path, options: source.options, as: request, training: training)
                note(.read(report, role: role))
                if let column = report.unusedLabels { unused = (source.path, column) }
                tables.append(table)
                options = options ?? TrainingFileOptions(source.options, report)
            } catch {
                throw RunError.data(error, role: role)
            }
        }
        if let key, let unused {
            throw RunError.recipe(
                .useless(
                    key: key,
                    reason:
                        "\(unused.path) has scores or labels of its own in \(unused.column); leave the teacher out, or that column"
                ))
        }
        do throws(ExampleFileError) {
            let table = try ExampleTable(
                joining: tables, allowsMissingTexts: request.allowsMissingTexts)
            return (table, options)
        } catch {
            throw RunError.data(error, role: role)
        }
    }
}

extension TaskLoss {
    /// The data that the loss needs.
    static func request(withoutLabels: Bool) -> ExampleRequest {
        ExampleRequest(
            columns: columns, labels: withoutLabels ? .none : Label.kind,
            allowsMissingTexts: allowsMissingTexts)
    }
}

extension EvaluationRecipe {
    /// What its figures' names begin with: those of the short form have their split's name alone.
    var figurePrefix: String { isShort ? "" : name }
}

extension Recipe {
    /// By how much the figures of what is watched may fall, by the name of the evaluator.
    var allowedFalls: [String: Double] {
        let watched = evaluations.compactMap { item in item.watch.map { (item.figurePrefix, $0) } }
        return Dictionary(watched, uniquingKeysWith: { $1 })
    }
}

extension TeacherLabels {
    /// Whether they are what a file's scores would be.
    var areScores: Bool { self == .similarity || self == .similarities }
}
