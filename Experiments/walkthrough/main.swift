// Sentence similarity twice: by parts, to see every shape on the way, and in one call.
//     swift run walkthrough MODEL [SENTENCE OTHERS...]
import Foundation
import Simile

let arguments = CommandLine.arguments.dropFirst()
guard let path = arguments.first else {
    print("usage: walkthrough MODEL [SENTENCE OTHERS...]")
    exit(64)
}
let given = Array(arguments.dropFirst())
let sentences =
    given.count > 1
    ? given
    : [
        "Three cats sleep on the warm roof.",
        "Some cats are resting on top of the house.",
        "He signed the contract without reading it.",
    ]
let model = try SentenceTransformer(path: path)

// By parts.
let ids = model.tokenize(sentences)
let batch = TokenBatch(ids)
let hidden = model.bert(batch)
let pooled = model.pooling(hidden, batch.layout)
print("token ids         \(ids.map(\.count)) of \(sentences.count) sentences, end to end")
print("last hidden state \(hidden.shape)")
print("pooled            \(pooled.shape)")
for i in 1..<sentences.count {
    let cosine = pooled.slice(0..<1).cosineSimilarity(pooled.slice(i..<i + 1)).item()
    print("\(i)  \(cosine)  \(sentences[i])")
}

// In one call.
let embeddings = model.encode(sentences)
for i in 1..<sentences.count {
    let cosine = embeddings.slice(0..<1).cosineSimilarity(embeddings.slice(i..<i + 1)).item()
    print("\(i)  \(cosine)  \(sentences[i])")
}
