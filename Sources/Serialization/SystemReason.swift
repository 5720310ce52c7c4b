import Foundation
import Support

extension Error {
    /// What happened, in the system's words for an error of Foundation's, which itself has only a number.
    package var systemReason: String {
        guard let error = self as? CocoaError else { return "\(self)" }
        switch error.userInfo[NSUnderlyingErrorKey] {
        case let number as POSIXError: return Support.systemReason(number.code.rawValue)
        case let other as NSError where other.domain == NSPOSIXErrorDomain:
            return Support.systemReason(Int32(other.code))
        default: return "the system does not say why"
        }
    }
}
