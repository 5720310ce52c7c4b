import Communication
import Digest
import ExampleFiles
import Foundation
import Losses
import ModelFolders
import Serialization
import Support
import Tensors

/// Labels rows: with the vectors of a file, one for each row, or with what a model says of their texts.
struct Teacher {
    private let path: String
    private let processes: (any Communicator)?
    private let open: (String) throws -> SentenceTransformer
    private let note: (TrainingNote) -> Void

    /// - Parameter processes: Those that label the same rows, and share what a model computes; nil for one.
    init(
        _ path: String, among processes: (any Communicator)? = nil,
        open: @escaping (String) throws -> SentenceTransformer,
        note: @escaping (TrainingNote) -> Void
    ) {
        self.path = path
        self.processes = processes
        self.open = open
        self.note = note
    }

    /// The table with the teacher's labels, of which embeddings are projected to `dimension` numbers if that is given.
    ///
    /// A model reads the texts once: what it says is kept in the run's folder, from which a run that goes on has it. Of
    /// several processes each computes a part, and the first one writes it down.
    ///
    /// - Throws: `RunError.file` when there is not one vector for each row, `RunError.processesDiffer` when processes have other
    ///   teachers or texts, and what reading and writing throw.
    func label(
        _ table: ExampleTable, with labels: TeacherLabels, dimension: Int?, cache: TeacherCache
    ) throws -> ExampleTable {
        // Of a folder that all write to as one the first process alone looks for what is there: over a network file system
        // another that did not find a file may go on not finding it when it has been written.
        let paths = processes?.gather(cache.url.path) ?? [cache.url.path]
        let keepsCache = rank == 0 || paths[rank] != paths[0]
        let known = try vectors(for: table, labels, keepsCache ? cache : nil)
        return try processes.together {
            let vectors =
                try known.vectors
                ?? {
                    do { return try TeacherVectors(npy: cache.url) } catch {
                        throw known.lost ?? error
                    }
                }()
            return try labelled(table, by: vectors, labels, dimension)
        }
    }

    /// The teacher's vectors, if they are a file of its own; else the cache has them afterwards. With it, why this process
    /// could not open the teacher, if it could not.
    private func vectors(
        for table: ExampleTable, _ labels: TeacherLabels, _ cache: TeacherCache?
    ) throws -> (vectors: TeacherVectors?, lost: (any Error)?) {
        let source = try processes.together { try look(table, labels, cache) }
        var isMissing = false
        if case .model(_, _, isKept: false) = source { isMissing = true }
        if processes?.any(isMissing) ?? isMissing { try ask(source, table, labels, cache) }
        switch source {
        case .file(let vectors): return (vectors, nil)
        case .lost(let error): return (nil, error)
        case .model: return (nil, nil)
        }
    }

    private func labelled(
        _ table: ExampleTable, by vectors: TeacherVectors, _ labels: TeacherLabels,
        _ dimension: Int?
    ) throws -> ExampleTable {
        var vectors = vectors
        guard vectors.rows == table.count else {
            throw RunError.file(
                "\(path): has \(vectors.rows) vectors for the \(table.count) rows of \(table.name); there must be one for each row"
            )
        }
        if let dimension {
            let embeddings = labels == .embeddings ? table.columnNames.count : 1
            let components = try vectors.components(dimension, of: embeddings, path: path)
            note(
                .other(
                    "\(path): \(components.width) numbers as \(dimension), which have \(String(format: "%.1f", 100 * components.varianceShare)) % of the variance"
                ))
            vectors = vectors.projected(components)
        }
        guard labels == .similarity else {
            return table.labelled(
                by: .vectors(vectors.row, count: vectors.rows, width: vectors.width))
        }
        guard vectors.width == 1 else {
            throw RunError.file(
                "\(path): has \(vectors.width) numbers for each row; expected one, the score of the pair"
            )
        }
        return table.labelled(by: .scores((0..<vectors.rows).map { vectors.row($0)[0] }))
    }

    private var rank: Int { processes?.rank ?? 0 }

    /// Where labels are from.
    private enum Source {
        case file(TeacherVectors)
        /// A model, and what is to be kept of it.
        case model(SentenceTransformer, TeacherCache.Record, isKept: Bool)
        /// A model that cannot be opened.
        case lost(any Error)
    }

    /// Opens the teacher, and looks for its labels in a cache, if this process keeps one.
    private func look(
        _ table: ExampleTable, _ labels: TeacherLabels, _ cache: TeacherCache?
    ) throws -> Source {
        switch URL(filePath: path).pathExtension.lowercased() {
        case "npy": return .file(try TeacherVectors(npy: URL(filePath: path)))
        case "h5", "hdf5":
            // A checkpoint is a model.
            if FileManager.default.mayExist(atPath: path) {
                do { _ = try Checkpoint(URL(filePath: path)) } catch CheckpointError
                    .notACheckpoint
                {
                    return .file(try TeacherVectors(hdf5: path))
                }
            }
        default: break
        }
        let contents = cache?.contents()
        let texts = try digest(of: table, labels)
        let model: SentenceTransformer
        do { model = try open(path) } catch {
            guard let cache else { return .lost(error) }
            // A model that has taught may be gone when the run goes on.
            guard case .labels(let record) = contents, record.texts == texts else { throw error }
            note(
                .other(
                    "\(cache.url.path): the teacher's labels of the same texts, from before; that the teacher is the same cannot be told: \(error)"
                ))
            return .lost(error)
        }
        let wanted = TeacherCache.Record(teacher: try model.contentDigest(), texts: texts)
        guard let cache else { return .model(model, wanted, isKept: true) }
        switch contents {
        case .nothing, nil: break
        case .damaged:
            note(.other("\(cache.url.path): damaged, or not by this program; made again"))
        case .labels(let record):
            if record.teacher == wanted.teacher, record.texts == wanted.texts {
                note(.other("\(cache.url.path): the teacher's labels, from before"))
                return .model(model, wanted, isKept: true)
            }
            let other = record.teacher == wanted.teacher ? "other texts" : "another teacher"
            note(.other("\(cache.url.path): of \(other); made again"))
        }
        return .model(model, wanted, isKept: false)
    }

    /// Has the model say something of the table's rows, and brings the cache, if this process keeps one, to hold it.
    private func ask(
        _ source: Source, _ table: ExampleTable, _ labels: TeacherLabels, _ cache: TeacherCache?
    ) throws {
        if case .lost(let error) = source { throw error }
        var said = "vectors of a file"
        if case .model(_, let record, _) = source { said = "\(record.teacher), \(record.texts)" }
        if let other = processes?.difference(said) {
            throw RunError.processesDiffer(
                what: "teacher and texts", process: other.process, first: other.first,
                found: other.found)
        }
        guard case .model(let model, let wanted, _) = source else { return }
        note(.other("\(path): embedding \(table.count) rows as the teacher"))
        if labels == .embedding, table.columnNames.count > 1 {
            note(
                .other(
                    "\(path): embeds the first of \(table.columnNames.count) texts, \(table.columnNames[0]), and all are to have its embedding"
                ))
        }
        model.processes = processes
        if let cache {
            let columns = width(labels, of: model, columns(table, labels).count)
            try cache.replace(wanted) { temporary in
                let writer = try NPYWriter(
                    creating: temporary, element: .float32, columns: columns, path: cache.url.path)
                try compute(model, table, labels) { try writer.append($0, rows: $1) }
                try writer.finish()
            }
        } else {
            try compute(model, table, labels) { _, _ in }
        }
        // A large file takes its time to reach the disk.
        processes?.wait()
    }

    /// The columns that the labels are of.
    private func columns(_ table: ExampleTable, _ labels: TeacherLabels) -> [Int] {
        switch labels {
        case .embedding: [0]
        case .similarity: [0, 1]
        case .embeddings, .similarities: Array(table.columnNames.indices)
        }
    }

    private func digest(of table: ExampleTable, _ labels: TeacherLabels) throws -> String {
        var stream = DigestStream(.sha256)
        let columns = columns(table, labels)
        stream.add("\(labels.rawValue) of \(columns.count) texts")
        for row in 0..<table.count {
            for column in columns { stream.add(table.text(row, column) ?? "") }
        }
        try table.requireUnchangedFiles()
        return String(hexadecimal: stream.finished())
    }

    /// The numbers in what a model says of a row.
    private func width(_ labels: TeacherLabels, of model: SentenceTransformer, _ texts: Int) -> Int
    {
        switch labels {
        case .embedding, .embeddings: model.embeddingDimension * texts
        case .similarity, .similarities: texts - 1
        }
    }

    /// What a model says of all rows, some at a time and in order; processes share what it takes, and each has all.
    private func compute(
        _ model: SentenceTransformer, _ table: ExampleTable, _ labels: TeacherLabels,
        _ append: (_ values: [Float], _ rows: Int) throws -> Void
    ) throws {
        let columns = columns(table, labels)
        // About as much for each of several processes as for one, as far as memory does not grow too much with them.
        let count = 1024 * min(processes?.size ?? 1, 16)
        for first in stride(from: 0, to: table.count, by: count) {
            let rows = first..<min(first + count, table.count)
            let texts = rows.flatMap { row in columns.map { table.text(row, $0) ?? "" } }
            let embeddings = model.encode(texts)
            let values =
                switch labels {
                case .embedding, .embeddings: embeddings.values
                case .similarity, .similarities:
                    similarities(embeddings, of: columns.count, by: model.settings.similarity)
                }
            guard values.allSatisfy(\.isFinite) else {
                throw RunError.file(
                    "\(path): what the teacher says of rows \(first + 1)...\(rows.upperBound) is not finite; its weights are damaged, or its training diverged"
                )
            }
            try append(values, rows.count)
        }
    }

    /// How alike the first of so many texts and each of the others are, row by row.
    private func similarities(
        _ embeddings: Tensor, of texts: Int, by similarity: SimilarityFunction
    ) -> [Float] {
        let width = embeddings.shape[1]
        return embeddings.withSpan { values in
            var scores: [Float] = []
            for first in stride(from: 0, to: embeddings.shape[0], by: texts) {
                let anchor = first * width..<(first + 1) * width
                for other in first + 1..<first + texts {
                    let text = other * width..<(other + 1) * width
                    scores.append(
                        Float(similarity(values.extracting(anchor), values.extracting(text))))
                }
            }
            return scores
        }
    }
}
