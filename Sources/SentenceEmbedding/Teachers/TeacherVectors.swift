import Foundation
import HDF5
import Serialization
import Tensors

/// A vector for each row, in memory or in a mapped file.
struct TeacherVectors: Sendable {
    /// The number of rows.
    let rows: Int
    /// The numbers in a row.
    let width: Int
    /// A row.
    let row: @Sendable (Int) -> [Float]

    init(rows: Int, width: Int, row: @escaping @Sendable (Int) -> [Float]) {
        (self.rows, self.width, self.row) = (rows, width, row)
    }

    /// The rows of a `.npy` file.
    init(npy url: URL) throws {
        let file = try NPYFile(url)
        self.init(rows: file.rows, width: file.columns) { file[$0] }
    }

    /// The dataset `embeddings` of an HDF5 file, in memory.
    init(hdf5 path: String) throws {
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
        self.init(rows: shape[0], width: width) { Array(values[$0 * width..<($0 + 1) * width]) }
    }
}

extension TeacherVectors {
    /// The first principal components of embeddings, of which each row has so many end to end.
    ///
    /// - Throws: `RunError.file` when there are not so many numbers in an embedding, or not so many embeddings.
    func components(
        _ dimension: Int, of embeddings: Int, path: String
    ) throws(RunError) -> PrincipalComponents {
        guard width.isMultiple(of: embeddings) else {
            throw .file(
                "\(path): has rows of \(width) numbers; expected \(embeddings) embeddings of the same length in each"
            )
        }
        let (length, count) = (width / embeddings, rows * embeddings)
        guard dimension <= min(length, count) else {
            throw .file(
                "\(path): teacher_dimension is \(dimension), but there are \(count) embeddings of \(length) numbers; expected 1...\(max(1, min(length, count)))"
            )
        }
        var broken: Int?
        let found = PrincipalComponents(count: dimension, ofRows: count, width: length) { index in
            let first = index % embeddings * length
            let embedding = Array(row(index / embeddings)[first..<first + length])
            if !embedding.allSatisfy(\.isFinite) { broken = index / embeddings }
            return embedding
        }
        if let broken {
            throw .file("\(path): row \(broken + 1) has a number that is not finite")
        }
        return found
    }

    /// The same rows with each embedding projected.
    func projected(_ components: PrincipalComponents) -> TeacherVectors {
        let (row, length) = (row, components.width)
        return TeacherVectors(rows: rows, width: width / length * components.count) { index in
            let whole = row(index)
            return stride(from: 0, to: whole.count, by: length).flatMap { first in
                components.project(Array(whole[first..<first + length]))
            }
        }
    }
}
