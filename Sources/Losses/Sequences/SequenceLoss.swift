import ExampleFiles
import NeuralNetwork
import Tensors

/// A loss that decides itself what the encoder reads of the texts, as those do that learn from texts without labels.
///
/// A new one is a file of its own and its name in `Losses.ofSequences`.
public protocol SequenceLoss: TaskLoss where Label == NoLabel {
    /// Whether every token the encoder reads stands where it stands in the text.
    static var keepsPlaces: Bool { get }
    /// Says what a step on some texts computes.
    ///
    /// - Parameters:
    ///   - texts: The token ids of each text, the special ones at its ends included.
    ///   - seed: Decides what is random.
    func prepare(_ texts: [[Int32]], seed: UInt64) -> PreparedSequences
}

extension SequenceLoss {
    /// True.
    public static var keepsPlaces: Bool { true }
}

/// What the encoder reads in a step, and the loss of what it makes of that.
public struct PreparedSequences {
    /// What of the model a loss is a function of.
    public enum Output: Sendable {
        /// The last hidden state of every token: [tokens, hidden].
        case hiddenStates
        /// The sequences' embeddings: [sequences, dimension].
        case embeddings
    }

    /// The token ids that the encoder reads, a sequence for each text.
    public let sequences: [[Int32]]
    /// What the loss is a function of.
    public let output: Output
    /// The loss of the output, a scalar.
    public let loss: (_ output: Tensor) -> Tensor

    /// Describes a step.
    public init(
        _ sequences: [[Int32]], output: Output, loss: @escaping (_ output: Tensor) -> Tensor
    ) {
        self.sequences = sequences
        self.output = output
        self.loss = loss
    }
}

/// What a loss of sequences may ask of the model.
public struct EncoderContext {
    /// The encoder.
    public let bert: Bert
    /// The head that predicts tokens, where the model has one.
    public let head: MaskedLanguageModelHead?
    /// What each token is.
    public let tokens: TokenKinds

    /// Describes a model.
    public init(bert: Bert, head: MaskedLanguageModelHead?, tokens: TokenKinds) {
        self.bert = bert
        self.head = head
        self.tokens = tokens
    }
}

/// What each token of a vocabulary is.
public struct TokenKinds: Sendable {
    /// The token that stands in the place of one to be predicted; nil when the vocabulary has none.
    public let maskID: Int32?
    /// The tokens that are no part of a text, such as `[CLS]` and `[UNK]`, by id.
    public let isSpecial: [Bool]
    /// The tokens that go on with a word, such as `##ing`, by id.
    public let continuesWord: [Bool]
    /// The ids of the tokens that are part of texts.
    public let ordinary: [Int32]

    /// Describes a vocabulary; both lists have an entry for each token.
    public init(maskID: Int32?, isSpecial: [Bool], continuesWord: [Bool]) {
        precondition(isSpecial.count == continuesWord.count, "the lists are of one vocabulary")
        self.maskID = maskID
        self.isSpecial = isSpecial
        self.continuesWord = continuesWord
        ordinary = isSpecial.indices.filter { !isSpecial[$0] }.map(Int32.init)
    }

    /// The places of each word's tokens in a sequence; a special token is a word.
    func words(of ids: [Int32]) -> [Range<Int>] {
        var words: [Range<Int>] = []
        for (place, id) in ids.enumerated() {
            if continuesWord[Int(id)], let last = words.last, !isSpecial[Int(ids[place - 1])] {
                words[words.count - 1] = last.lowerBound..<place + 1
            } else {
                words.append(place..<place + 1)
            }
        }
        return words
    }
}
