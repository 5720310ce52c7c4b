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
    private let open: (String) throws -> SentenceTransformer
    private let note: (TrainingNote) -> Void

    init(
        _ path: String, open: @escaping (String) throws -> SentenceTransformer,
        note: @escaping (TrainingNote) -> Void
    ) {
        self.path = path
        self.open = open
        self.note = note
    }

    /// The table with the teacher's labels, of which embeddings are projected to `dimension` numbers if that is given.
    ///
    /// A model reads the texts once: what it says is kept in the run's folder, from which a run that goes on has it.
    ///
    /// - Throws: `RunError.file` when there is not one vector for each row, and what reading and writing throw.
    func label(
        _ table: ExampleTable, with labels: TeacherLabels, dimension: Int?, cache: TeacherCache
    ) throws -> ExampleTable {
        var vectors = try vectors(table, labels, cache)
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

    private func vectors(
        _ table: ExampleTable, _ labels: TeacherLabels, _ cache: TeacherCache
    ) throws -> TeacherVectors {
        switch URL(filePath: path).pathExtension.lowercased() {
        case "npy": return try TeacherVectors(npy: URL(filePath: path))
        case "h5", "hdf5":
            // A checkpoint is a model.
            if FileManager.default.mayExist(atPath: path) {
                do { _ = try Checkpoint(URL(filePath: path)) } catch CheckpointError
                    .notACheckpoint
                {
                    return try TeacherVectors(hdf5: path)
                }
            }
        default: break
        }
        try ask(table, labels, cache)
        return try TeacherVectors(npy: cache.url)
    }

    /// Brings the cache to hold what the model says of the table.
    private func ask(
        _ table: ExampleTable, _ labels: TeacherLabels, _ cache: TeacherCache
    ) throws {
        let contents = cache.contents()
        let texts = try digest(of: table, labels)
        let model: SentenceTransformer
        do { model = try open(path) } catch {
            // A model that has taught may be gone when the run goes on.
            guard case .labels(let record) = contents, record.texts == texts else { throw error }
            return note(
                .other(
                    "\(cache.url.path): the teacher's labels of the same texts, from before; that the teacher is the same cannot be told: \(error)"
                ))
        }
        let wanted = TeacherCache.Record(teacher: try model.contentDigest(), texts: texts)
        switch contents {
        case .nothing: break
        case .damaged:
            note(.other("\(cache.url.path): damaged, or not by this program; made again"))
        case .labels(let record):
            if record.teacher == wanted.teacher, record.texts == wanted.texts {
                return note(.other("\(cache.url.path): the teacher's labels, from before"))
            }
            let other = record.teacher == wanted.teacher ? "other texts" : "another teacher"
            note(.other("\(cache.url.path): of \(other); made again"))
        }
        note(.other("\(path): embedding \(table.count) rows as the teacher"))
        if labels == .embedding, table.columnNames.count > 1 {
            note(
                .other(
                    "\(path): embeds the first of \(table.columnNames.count) texts, \(table.columnNames[0]), and all are to have its embedding"
                ))
        }
        try cache.replace(wanted) { temporary in
            try write(model, table, labels, to: temporary, path: cache.url.path)
        }
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

    private func write(
        _ model: SentenceTransformer, _ table: ExampleTable, _ labels: TeacherLabels, to url: URL,
        path: String
    ) throws {
        let columns = columns(table, labels)
        let width =
            switch labels {
            case .embedding, .embeddings: model.embeddingDimension * columns.count
            case .similarity, .similarities: columns.count - 1
            }
        let writer = try NPYWriter(creating: url, element: .float32, columns: width, path: path)
        for first in stride(from: 0, to: table.count, by: 1024) {
            let rows = first..<min(first + 1024, table.count)
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
                    "\(self.path): what the teacher says of rows \(first + 1)...\(rows.upperBound) is not finite; its weights are damaged, or its training diverged"
                )
            }
            try writer.append(values, rows: rows.count)
        }
        try writer.finish()
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
