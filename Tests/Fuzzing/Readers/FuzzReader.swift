import Foundation

/// A reader of files that are not trusted, as something that takes any bytes: what `simile-fuzz` makes up, and what
/// `Tests/Fuzzing/Corpus` keeps.
///
/// Bytes give a value, or an error that the reader is known to throw. Everything else ends the process: a trap, an
/// error of another kind, and a value that contradicts itself.
package struct FuzzReader: Sendable {
    /// The name, also of the folder of its corpus.
    package let name: String
    /// The longest input that is made up.
    package let longest: Int
    /// How many times slower it is than most, of whose inputs it gets the less.
    package let cost: Int
    /// Whether an error is one that the reader may throw.
    private let expects: @Sendable (any Error) -> Bool
    private let read: @Sendable ([UInt8]) throws -> Void

    /// Describes a reader.
    init(
        _ name: String, longest: Int = 512, cost: Int = 1,
        expects: @escaping @Sendable (any Error) -> Bool,
        read: @escaping @Sendable ([UInt8]) throws -> Void
    ) {
        (self.name, self.longest, self.cost) = (name, longest, cost)
        (self.expects, self.read) = (expects, read)
    }

    /// Feeds bytes to the reader.
    ///
    /// - Returns: Whether they were what it reads.
    @discardableResult package func feed(_ bytes: [UInt8]) -> Bool {
        do {
            try read(bytes)
            return true
        } catch  where expects(error) {
            return false
        } catch { fatalError("\(name): unexpected error: \(error)") }
    }

    /// All of them.
    package static let all: [FuzzReader] =
        weights + folders + texts + data + runs + hdf5 + [kernels]
}

/// A folder that goes when the process ends as it should.
struct ScratchFolder: Sendable {
    private static let root = FileManager.default.temporaryDirectory
        .appending(path: "simile-fuzz-\(getpid())")
    private static let removal: Void = {
        atexit { try? FileManager.default.removeItem(at: ScratchFolder.root) }
    }()

    let url = ScratchFolder.root.appending(path: UUID().uuidString)

    init() {
        Self.removal
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch { fatalError("no temporary folder: \(error)") }
    }

    /// A place in the folder.
    func callAsFunction(_ name: String) -> URL { url.appending(path: name) }
}

/// A file that gets other bytes again and again.
struct ScratchFile: Sendable {
    let url: URL
    init(_ name: String, in folder: ScratchFolder) {
        url = folder(name)
    }

    func write(_ bytes: some Collection<UInt8>) {
        let file = open(url.path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        let written = Array(bytes).withUnsafeBytes {
            Foundation.write(file, $0.baseAddress, $0.count)
        }
        close(file)
        precondition(written == bytes.count, "\(url.path) cannot be written")
    }
}
