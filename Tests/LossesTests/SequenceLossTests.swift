import NeuralNetwork
import Support
import Tensors
import Testing

@testable import Losses

/// What losses of sequences make of texts.
@Suite struct SequenceLossTests {
    /// 5 special tokens, then words, of which every third goes on with the one before.
    static let tokens = TokenKinds(
        maskID: 4, isSpecial: (0..<50).map { $0 < 5 },
        continuesWord: (0..<50).map { $0 >= 5 && $0 % 3 == 0 })
    static let (cls, sep, unknown): (Int32, Int32, Int32) = (2, 3, 1)

    private func text(_ length: Int, seed: UInt64) -> [Int32] {
        var random = SplitMix64(state: seed)
        return [Self.cls]
            + (0..<length).map { _ in
                random.below(20) == 0 ? Self.unknown : Int32(5 + random.below(45))
            } + [Self.sep]
    }

    @Test(arguments: [false, true]) func tokensAreHiddenAsBERTHidesThem(_ wholeWord: Bool) {
        var masking = TokenMasking()
        masking.wholeWord = wholeWord
        var (ordinary, hidden, masked, same) = (0, 0, 0, 0)
        for number in 0..<400 {
            let ids = text(100, seed: UInt64(number))
            let one = masking(ids, Self.tokens, maskID: 4, seed: 7, number: number)
            #expect(one == masking(ids, Self.tokens, maskID: 4, seed: 7, number: number))
            #expect(one.places == one.places.sorted() && Set(one.places).count == one.places.count)
            #expect(one.labels == one.places.map { ids[$0] })
            let places = Set(one.places)
            for place in ids.indices {
                let isSpecial = Self.tokens.isSpecial[Int(ids[place])]
                ordinary += isSpecial ? 0 : 1
                guard places.contains(place) else {
                    #expect(one.ids[place] == ids[place])
                    continue
                }
                #expect(!isSpecial)
                hidden += 1
                masked += one.ids[place] == 4 ? 1 : 0
                same += one.ids[place] == ids[place] ? 1 : 0
                #expect(one.ids[place] == 4 || !Self.tokens.isSpecial[Int(one.ids[place])])
            }
            if wholeWord {
                for word in Self.tokens.words(of: ids) {
                    #expect(Set(word.map(places.contains)).count == 1)
                }
            }
        }
        func share(_ part: Int, _ whole: Int) -> Double { Double(part) / Double(whole) }
        #expect(abs(share(hidden, ordinary) - 0.15) < 0.01)
        #expect(abs(share(masked, hidden) - 0.8) < 0.02)
        // Another token is the same one now and then.
        #expect(abs(share(same, hidden) - 0.1 - 0.1 / 45) < 0.02)
    }

    @Test func othersAreHiddenInAnotherStepAndInAnotherText() {
        let ids = text(100, seed: 1)
        let masking = TokenMasking()
        let one = masking(ids, Self.tokens, maskID: 4, seed: 7, number: 0)
        #expect(one.places != masking(ids, Self.tokens, maskID: 4, seed: 8, number: 0).places)
        #expect(one.places != masking(ids, Self.tokens, maskID: 4, seed: 7, number: 1).places)
    }

    @Test func oneTokenOfAShortTextIsHidden() {
        for number in 0..<100 {
            let one = TokenMasking()(
                [2, 7, 8, 3], Self.tokens, maskID: 4, seed: 3, number: number)
            #expect(!one.places.isEmpty)
            let none = TokenMasking()([2, 1, 3], Self.tokens, maskID: 4, seed: 3, number: number)
            #expect(none == MaskedSequence(ids: [2, 1, 3]))
        }
    }

    @Test func wordsAreDeletedWhole() throws {
        let bert = Bert(
            BertConfiguration(
                vocabularySize: 50, hiddenSize: 8, layerCount: 1, headCount: 2, intermediateSize: 8),
            in: ParameterStore(source: .random(seed: 1)).root)
        let loss = try DenoisingAutoEncoderLoss(
            .init(),
            LossContext(
                dimension: 8, columns: 1,
                encoder: EncoderContext(bert: bert, head: nil, tokens: Self.tokens)),
            in: ParameterStore(source: .random(seed: 2)).root)
        var (before, after) = (0, 0)
        // Each word once, in ascending order.
        let ids = [Self.cls] + Array(5..<50) + [Self.sep]
        let words = Self.tokens.words(of: ids).map { Array(ids[$0]) }
        for number in 0..<300 {
            let left = loss.prepare([ids], seed: UInt64(number)).sequences[0]
            #expect(left == loss.prepare([ids], seed: UInt64(number)).sequences[0])
            #expect(left.first == Self.cls && left.last == Self.sep && left.count > 2)
            let kept = Self.tokens.words(of: left).map { Array(left[$0]) }
            #expect(kept == words.filter(kept.contains))
            before += words.count - 2
            after += kept.count - 2
        }
        #expect(abs(Double(after) / Double(before) - 0.4) < 0.02)
        #expect(loss.prepare([[2, 7, 3]], seed: 1).sequences == [[2, 7, 3]])
        #expect(loss.prepare([[2, 3]], seed: 1).sequences == [[2, 3]])
    }

    @Test func whatAModelMustHaveIsSaid() throws {
        #expect {
            try LossModule(named: "mlm", context: LossContext(dimension: 4, columns: 1))
        } throws: {
            "\($0)" == "the loss mlm needs a model's tokens, but there are embeddings alone"
        }
        let bert = Bert(
            BertConfiguration(
                vocabularySize: 50, hiddenSize: 8, layerCount: 1, headCount: 2, intermediateSize: 8),
            in: ParameterStore(source: .random(seed: 1)).root)
        func context(_ maskID: Int32?, dimension: Int) -> LossContext {
            let tokens = TokenKinds(
                maskID: maskID, isSpecial: Self.tokens.isSpecial,
                continuesWord: Self.tokens.continuesWord)
            return LossContext(
                dimension: dimension, columns: 1,
                encoder: EncoderContext(bert: bert, head: nil, tokens: tokens))
        }
        #expect {
            try LossModule(named: "mlm", context: context(nil, dimension: 8))
        } throws: {
            "\($0)".hasSuffix("but the model's vocabulary has no [MASK]; add it with add_tokens")
        }
        #expect {
            try LossModule(named: "denoising_auto_encoder", context: context(4, dimension: 6))
        } throws: {
            "\($0)"
                == "the loss denoising_auto_encoder needs embeddings as long as the encoder's hidden states, 8, but the model's have 6 numbers"
        }
    }
}
