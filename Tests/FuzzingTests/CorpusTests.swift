import Foundation
import FuzzReaders
import Fuzzing
import Testing

/// `Tests/Fuzzing/Corpus`, what `simile-fuzz` starts from and what once failed, and damaged copies of it give a value or
/// an error: no crash, no hang, no memory beyond a bound.
@Suite struct CorpusTests {
    private struct Refused: Error {}

    private static let corpus = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fuzzing/Corpus")

    private static func inputs(of reader: FuzzReader) throws -> [(name: String, bytes: [UInt8])] {
        let folder = corpus.appending(path: reader.name)
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map {
            ($0, Array(try Data(contentsOf: folder.appending(path: $0))))
        }
    }

    /// In a process of its own: a trap fails one test, and the last line says at which input.
    @Test(arguments: FuzzReader.all.map(\.name))
    func everyInput(_ name: String) async {
        await #expect(processExitsWith: .success) { [name] in
            let reader = try #require(FuzzReader.all.first { $0.name == name })
            let proper = try CorpusTests.inputs(of: reader).filter { input in
                print("\(name)/\(input.name)")
                let isRead = reader.feed(input.bytes)
                #expect(isRead || !input.name.hasPrefix("proper-"), "\(input.name) is refused")
                return isRead
            }
            // A reader that refused everything would be tested on nothing.
            try #require(!proper.isEmpty)
            // HDF5 asks for what it does not use.
            let memory: Peak = FuzzReader.hdf5.contains { $0.name == name } ? .used : .asked
            print("\(name): damaged copies; SIMILE_FUZZ_INPUT names a file that will have the last")
            Fuzz.run(
                proper.map(\.bytes), rounds: max(50, 500 / reader.cost), memory: memory,
                readShare: 0...1, expects: { $0 is Refused }
            ) { bytes, _ in
                guard reader.feed(bytes) else { throw Refused() }
            }
        }
    }

    @Test func everyFolderHasItsReader() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.corpus.path)
        #expect(names.sorted() == FuzzReader.all.map(\.name).sorted())
    }
}
