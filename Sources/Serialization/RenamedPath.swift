/// An error that names a file, which may have a temporary name that nobody but us knows.
package protocol FileNamingError: Error {
    /// The error with `path` in place of `temporary` where the file's name begins with that.
    func renaming(_ temporary: String, to path: String) -> Self
}

extension String {
    /// The path with another beginning, if it has that one.
    package func renaming(_ temporary: String, to path: String) -> String {
        hasPrefix(temporary) ? path + dropFirst(temporary.count) : self
    }
}

extension SerializationError: FileNamingError {
    package func renaming(_ temporary: String, to path: String) -> SerializationError {
        switch self {
        case .unwritable(let file, let reason):
            .unwritable(
                path: file.renaming(temporary, to: path),
                reason: reason.replacing(temporary, with: path))
        case .unreadable(let file, let reason):
            .unreadable(
                path: file.renaming(temporary, to: path),
                reason: reason.replacing(temporary, with: path))
        default: self
        }
    }
}
