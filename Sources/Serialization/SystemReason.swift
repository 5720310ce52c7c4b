import Foundation

extension Error {
    /// What happened, in the system's words for an error of Foundation's, which itself has only a number.
    package var systemReason: String {
        guard let error = self as? CocoaError else { return "\(self)" }
        let underlying = error.userInfo[NSUnderlyingErrorKey] as? NSError
        guard let underlying, underlying.domain == NSPOSIXErrorDomain else {
            return localizedDescription
        }
        return String(cString: strerror(Int32(underlying.code)))
    }
}
