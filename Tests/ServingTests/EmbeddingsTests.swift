import Foundation
import JSON
import Kernels
import Testing

@testable import Serving

/// Embeddings over the API are the model's.
@Suite struct EmbeddingsTests {
    private static let texts = ["the dog runs", "a cat", "the big red dog sleeps ."]

    @Test func everyKindOfInput() async throws {
        let tiny = try TinyServer()
        let expected = tiny.model.encode(Self.texts)
        let ids = tiny.model.tokenize(Self.texts)
        let list = try await tiny.embeddings(
            #"{"model": "tiny", "input": ["the dog runs", "a cat", "the big red dog sleeps ."], "user": "u", "encoding_format": null}"#
        )
        #expect(list.status == 200)
        #expect(list.headers[.contentType] == "application/json")
        #expect(list.embeddings.joined().elementsEqual(expected.values))
        #expect(list.json["object"] == "list")
        #expect(list.json["model"] == "tiny")
        let data = list.json["data"]?.elements ?? []
        #expect(data.map { $0["index"] } == [0, 1, 2])
        #expect(data.allSatisfy { $0["object"] == "embedding" })
        let tokens = JSONValue.integer(ids.joined().count)
        #expect(list.json["usage"] == ["prompt_tokens": tokens, "total_tokens": tokens])

        let one = try await tiny.embeddings(#"{"input": "a cat"}"#)
        #expect(one.embeddings.count == 1)
        #expect(near(one.embeddings[0], expected.slice(1..<2).values))
        let sequences = try await tiny.embeddings(#"{"input": \#(ids)}"#)
        #expect(sequences.embeddings.joined().elementsEqual(expected.values))
        let sequence = try await tiny.embeddings(#"{"input": \#(ids[1])}"#)
        #expect(near(sequence.embeddings[0], expected.slice(1..<2).values))
    }

    /// Alone, or beside whatever else comes at the same time.
    @Test func whatIsComputedBesideChangesNothing() async throws {
        let tiny = try TinyServer()
        let alone = try await tiny.embeddings(#"{"input": "the dog runs"}"#).embeddings[0]
        let others = try await tiny.embeddings(
            #"{"input": ["a", "the dog runs", "the big red dog sleeps . the cat sleeps"]}"#
        ).embeddings
        if GEMM.Engine.preferred == .own {
            #expect(others[1] == alone)
        } else {
            #expect(near(others[1], alone))
        }
    }

    @Test func base64HasTheBytesOfTheFloats() async throws {
        let tiny = try TinyServer()
        let answer = try await tiny.embeddings(
            #"{"input": "a cat", "encoding_format": "base64"}"#)
        let text = answer.json["data"]?.elements?.first?["embedding"]?.string ?? ""
        let bytes = [UInt8](Data(base64Encoded: text) ?? Data())
        let floats = stride(from: 0, to: bytes.count, by: 4).map { start in
            Float(
                bitPattern: (0..<4).reduce(0) {
                    $0 | UInt32(bytes[start + $1]) << (8 * UInt32($1))
                })
        }
        let expected = try await tiny.embeddings(#"{"input": "a cat"}"#).embeddings[0]
        #expect(floats == expected)
        #expect(floats.count == 32)
    }

    /// Matryoshka: the first numbers, at length 1.
    @Test func dimensions() async throws {
        let tiny = try TinyServer()
        let whole = try await tiny.embeddings(#"{"input": "a cat"}"#).embeddings[0]
        let cut = try await tiny.embeddings(#"{"input": "a cat", "dimensions": 5}"#).embeddings[0]
        let length = whole.prefix(5).reduce(0) { $0 + $1 * $1 }.squareRoot()
        #expect(near(cut, whole.prefix(5).map { $0 / length }))
        #expect(cut.count == 5)
    }

    @Test(arguments: [true, false]) func prompts(arePooled: Bool) async throws {
        let tiny = try TinyServer(poolsPrompt: arePooled)
        try tiny.model.setPrompt("the big ")
        let expected = tiny.model.encode(["dog runs"]).values
        let answer = try await tiny.embeddings(
            #"{"input": "dog runs", "prompt_name": "query"}"#)
        #expect(near(answer.embeddings[0], expected))
        let plain = try await tiny.embeddings(#"{"input": "dog runs"}"#)
        #expect(!near(plain.embeddings[0], expected))
        let unknown = try await tiny.embeddings(#"{"input": "a", "prompt_name": "x"}"#)
        #expect(unknown.status == 400)
        #expect(
            unknown.message.contains("there is no prompt 'x'; the model has 'query', 'document'"))
        let ids = try await tiny.embeddings(#"{"input": [2, 5, 3], "prompt_name": "query"}"#)
        #expect(ids.message.contains("prompt_name is for texts"))
    }

    @Test func longTextsAreCutOrRefused() async throws {
        let tiny = try TinyServer()
        let long = String(repeating: "dog ", count: 40)
        let answer = try await tiny.embeddings(#"{"input": "\#(long)"}"#)
        #expect(near(answer.embeddings[0], tiny.model.encode([long]).values))
        #expect(answer.json["usage"]?["prompt_tokens"] == 16)
        let ids = [2] + [Int](repeating: 9, count: 40) + [3]
        let same = try await tiny.embeddings(#"{"input": [\#(ids)]}"#)
        #expect(near(same.embeddings[0], answer.embeddings[0]))
        for input in ["\"\(long)\"", "\(ids)"] {
            let refused = try await tiny.embeddings(#"{"input": \#(input), "truncate": false}"#)
            #expect(refused.status == 400)
            #expect(refused.message.contains("input has more than the 16 tokens"))
        }
    }

    private func near(_ u: [Float], _ v: [Float]) -> Bool {
        u.count == v.count && zip(u, v).allSatisfy { abs($0 - $1) < 1e-5 }
    }
}
