import Digest
import Foundation
import Hummingbird
import NIOCore

/// The page for a person with a browser. Nothing of a request is in it, and it may load and run only what it brings.
struct Page: Sendable {
    private let text: ByteBuffer
    private let policy: String

    init() {
        let page = String(decoding: PackageResources.page_html, as: UTF8.self)
        text = ByteBuffer(string: page)
        policy =
            "default-src 'none'; connect-src 'self'; img-src data:; base-uri 'none'; "
            + "form-action 'none'; frame-ancestors 'none'; "
            + "script-src '\(Self.digest(of: "script", in: page))'; "
            + "style-src '\(Self.digest(of: "style", in: page))'"
    }

    var response: Response {
        var headers: HTTPFields = [.contentType: "text/html; charset=utf-8"]
        headers[.contentSecurityPolicy] = policy
        headers[.xContentTypeOptions] = "nosniff"
        headers[.cacheControl] = "no-cache"
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: text))
    }

    /// What a policy calls the only element of a name.
    private static func digest(of element: String, in page: String) -> String {
        guard let start = page.range(of: "<\(element)>"), let end = page.range(of: "</\(element)>")
        else { preconditionFailure("the page has no \(element)") }
        var stream = DigestStream(.sha256)
        Array(page[start.upperBound..<end.lowerBound].utf8).withUnsafeBytes { stream.add($0) }
        return "sha256-" + Data(stream.finished()).base64EncodedString()
    }
}
