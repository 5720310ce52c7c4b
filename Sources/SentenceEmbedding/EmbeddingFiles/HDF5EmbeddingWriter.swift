import HDF5

/// `.h5`: a dataset `embeddings` [sentences, width] with attributes that describe it, and with `int8`
/// and `uint8` a dataset `ranges` [2, dimension], the least and the greatest value of each column.
final class HDF5EmbeddingWriter: EmbeddingWriter {
    /// Nil once it is closed.
    private var file: HDF5File?
    private var dataset: Dataset

    /// Creates the file; errors call it `name`.
    init(
        _ path: String, named name: String, _ description: EmbeddingDescription
    ) throws(HDF5Error) {
        let file = try HDF5File(creating: path, named: name)
        let root = file.root
        let row = [description.width]
        dataset =
            switch description.precision {
            case .float32:
                try root.createGrowingDataset("embeddings", rowShape: row, of: Float.self)
            case .int8, .binary:
                try root.createGrowingDataset("embeddings", rowShape: row, of: Int8.self)
            case .uint8, .ubinary:
                try root.createGrowingDataset("embeddings", rowShape: row, of: UInt8.self)
            }
        try dataset.attributes.set("model", to: description.model)
        try dataset.attributes.set("dimension", to: description.dimension)
        try dataset.attributes.set("precision", to: description.precision.rawValue)
        try dataset.attributes.set("normalized", to: description.isNormalized)
        if let ranges = description.ranges {
            try root.write(
                ranges.minima + ranges.maxima, shape: [2, description.dimension], as: "ranges")
        }
        self.file = consume file
    }

    func append(_ embeddings: QuantizedEmbeddings, rows: Int) throws {
        switch embeddings {
        case .float32(let values): try dataset.append(values)
        case .int8(let values): try dataset.append(values)
        case .uint8(let values): try dataset.append(values)
        }
    }

    func finish() throws {
        let open = file.take()
        try open?.close()
    }
}
