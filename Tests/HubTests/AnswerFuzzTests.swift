import Foundation
import Fuzzing
import Testing

@testable import Hub

/// What a server sends gives file names below the model's folder, or nothing.
@Suite struct AnswerFuzzTests {
    private struct Refused: Error {}

    @Test func damagedAnswers() async {
        await #expect(processExitsWith: .success) {
            let seeds = [
                #"{"sha":"0123456789abcdef0123456789abcdef01234567","siblings":[{"rfilename":"config.json"},{"rfilename":"1_Pooling/config.json"}]}"#,
                #"[{"idx":0,"name":"0","path":"","type":"T"},{"idx":1,"name":"1","path":"1_Pooling","type":"P"}]"#,
                #"{"metadata":{"total_size":8},"weight_map":{"a":"one.safetensors","b":"two.safetensors"}}"#,
            ]
            Fuzz.run(seeds.map { Array($0.utf8) }, expects: { $0 is Refused }) {
                bytes, index in
                let names =
                    switch index {
                    case 0: Listing(answer: Data(bytes)).map { Array($0.files) }
                    case 1: HubFiles.modules(Data(bytes))?.map(\.path).filter { !$0.isEmpty }
                    default: HubFiles.shards(Data(bytes))
                    }
                guard let names else { throw Refused() }
                if index > 0 { #expect(names.allSatisfy(RelativePath.isSafe)) }
            }
        }
    }
}
