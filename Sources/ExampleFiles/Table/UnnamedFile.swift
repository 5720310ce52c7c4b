import Foundation
import Support

/// A new file without a name, which the system removes with the process, however that ends.
struct UnnamedFile: Sendable {
    typealias Failure = @Sendable (_ folder: String, _ reason: String) -> ExampleFileError

    let file: OpenFile
    /// The folder that it takes room in.
    let folder: String
    private let failure: Failure

    /// Makes it in the folder of `path`, or else in the temporary one.
    ///
    /// - Throws: `failure`, as do all that write.
    init(beside path: String, failure: @escaping Failure) throws(ExampleFileError) {
        let own = URL(filePath: expandingHome(path)).deletingLastPathComponent().path
        let temporary = FileManager.default.temporaryDirectory.path
        for folder in [own, temporary] {
            var template = Array("\(folder)/.simile-XXXXXX".utf8CString)
            let descriptor = mkstemp(&template)
            guard descriptor >= 0 else { continue }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            unlink(template)
            (file, self.folder, self.failure) = (OpenFile(descriptor), folder, failure)
            return
        }
        throw failure(temporary, String(cString: strerror(errno)))
    }

    /// Writes bytes at the end.
    func append(_ bytes: UnsafeRawBufferPointer) throws(ExampleFileError) {
        let number = writeAll(bytes, to: file.descriptor)
        if number != 0 { throw failure(folder, systemReason(number)) }
    }
}
