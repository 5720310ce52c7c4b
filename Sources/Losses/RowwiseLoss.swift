import Tensors

/// A loss that is the mean of one term for each row, so that processes can share the terms out.
///
/// A term may need the embeddings of all rows, as those with in-batch negatives do: of a matrix of scores each process then
/// has its own rows alone.
public protocol RowwiseLoss: Loss {
    /// The terms of some rows, their sum divided by the number of all rows: a scalar.
    ///
    /// Over parts that make up the batch these add up to the loss. `embeddings` and `labels` are those of the whole batch,
    /// `rows` is not empty, and the first column has a text in every row.
    func callAsFunction(_ embeddings: [Tensor], labels: [Label], rows: Range<Int>) -> Tensor
}

extension RowwiseLoss {
    /// The loss of a batch, a scalar: all terms.
    public func callAsFunction(_ embeddings: [Tensor], labels: [Label]) -> Tensor {
        self(embeddings, labels: labels, rows: 0..<embeddings[0].shape[0])
    }
}

/// One of several parts of what a loss is computed of.
public struct LossShare: Sendable {
    /// All of it.
    public static let whole = LossShare(0, of: 1)
    private let number: Int
    private let count: Int

    /// The part of a number, counted from 0.
    public init(_ number: Int, of count: Int) {
        precondition((0..<count).contains(number), "LossShare: part \(number) of \(count)")
        (self.number, self.count) = (number, count)
    }

    /// Which of so many rows it has; all shares have about as many.
    public func rows(of total: Int) -> Range<Int> {
        total * number / count..<total * (number + 1) / count
    }
}

extension Tensor {
    /// Some rows. All of them are the tensor itself, so that nothing is copied.
    func rows(_ range: Range<Int>) -> Tensor {
        range == 0..<shape[0] ? self : slice(range)
    }

    /// A mean over some of `total` rows as the part that they are of the mean over all.
    func asPart(_ range: Range<Int>, of total: Int) -> Tensor {
        range.count == total ? self : self * (Float(range.count) / Float(total))
    }
}
