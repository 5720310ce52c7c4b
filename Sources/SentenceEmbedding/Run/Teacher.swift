import ExampleFiles
import Foundation
import HDF5
import Serialization
import Support

/// Labels rows with vectors: a file that has one for each row, or a model's embeddings of the texts.
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

    /// The table with the teacher's vectors as labels.
    ///
    /// A model embeds the first column, or every one, end to end, once: its embeddings are kept in a file of the run's
    /// folder, from which a run that goes on reads them again.
    func label(
        _ table: ExampleTable, allColumns: Bool, cache folder: RunFolder
    ) throws -> ExampleTable {
        let key = FNV1a.hash("\(path) \(allColumns) \(table.digest)")
        let cache = folder.file(Self.cachePrefix + String(key, radix: 16) + ".npy")
        // A model that has taught is not needed any more.
        let isOfVectors = !FileManager.default.fileExists(atPath: cache.path) && !isCheckpoint
        let vectors: (rows: Int, width: Int, row: @Sendable (Int) -> [Float])
        switch URL(filePath: path).pathExtension.lowercased() {
        case "npy": vectors = try Self.npy(URL(filePath: path))
        case "h5" where isOfVectors, "hdf5" where isOfVectors: vectors = try hdf5()
        default:
            if FileManager.default.fileExists(atPath: cache.path) {
                note(.other("\(cache.path): the teacher's embeddings, from before"))
            } else {
                try embed(table, allColumns ? Array(table.columnNames.indices) : [0], cache)
            }
            vectors = try Self.npy(cache)
        }
        guard vectors.rows == table.count else {
            throw RunError.file(
                "\(path): has \(vectors.rows) vectors for the \(table.count) rows of \(table.name); there must be one for each row"
            )
        }
        return table.labelled(
            by: .vectors(vectors.row, count: vectors.rows, width: vectors.width))
    }

    private static let cachePrefix = "teacher-"

    /// Whether a file of a run's folder holds a teacher's embeddings.
    static func isCache(_ name: some StringProtocol) -> Bool {
        name.hasPrefix(cachePrefix) && name.contains(".npy")
    }

    private static func npy(
        _ url: URL
    ) throws -> (rows: Int, width: Int, row: @Sendable (Int) -> [Float]) {
        let file = try NPYFile(url)
        return (file.rows, file.columns, { file[$0] })
    }

    /// Whether the file is a model, and not vectors.
    private var isCheckpoint: Bool { (try? Checkpoint(URL(filePath: path))) != nil }

    /// The dataset `embeddings` of an HDF5 file, in memory.
    private func hdf5() throws -> (rows: Int, width: Int, row: @Sendable (Int) -> [Float]) {
        let file = try HDF5File(opening: path)
        let dataset = try file.root.dataset(named: "embeddings")
        let shape = dataset.shape
        guard shape.count == 2, shape[1] > 0 else {
            throw RunError.file(
                "\(path): its dataset 'embeddings' has the shape \(shape); expected [rows, numbers]"
            )
        }
        let width = shape[1]
        let values = try dataset.read(as: Float.self)
        return (shape[0], width, { Array(values[$0 * width..<($0 + 1) * width]) })
    }

    private func embed(_ table: ExampleTable, _ columns: [Int], _ cache: URL) throws {
        let model = try open(path)
        note(.other("\(path): embedding \(table.count) rows as the teacher"))
        let width = model.embeddingDimension
        try FileManager.default.createDirectory(
            at: cache.deletingLastPathComponent(), withIntermediateDirectories: true)
        try AtomicFile.write(to: cache) { temporary in
            let writer = try NPYWriter(
                creating: temporary, element: .float32, columns: width * columns.count,
                path: cache.path)
            for first in stride(from: 0, to: table.count, by: 1024) {
                let rows = first..<min(first + 1024, table.count)
                let texts = rows.flatMap { row in columns.map { table.text(row, $0) ?? "" } }
                try writer.append(model.encode(texts).values, rows: rows.count)
            }
            try writer.finish()
        }
    }
}
