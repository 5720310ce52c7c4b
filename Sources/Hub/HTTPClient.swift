import CCurl
import Foundation

/// Scheme, host and port of an address, as libcurl itself understands them.
struct Origin: Equatable {
    let scheme: String
    let host: String
    let port: String

    /// `nil` when libcurl would not take the address.
    init?(url: String) {
        guard let parser = curl_url() else { return nil }
        defer { curl_url_cleanup(parser) }
        guard curl_url_set(parser, CURLUPART_URL, url, 0) == CURLUE_OK else { return nil }
        func part(_ which: CURLUPart) -> String? {
            var text: UnsafeMutablePointer<CChar>?
            let flags = UInt32(CURLU_DEFAULT_PORT)
            guard curl_url_get(parser, which, &text, flags) == CURLUE_OK, let text else {
                return nil
            }
            defer { curl_free(text) }
            return String(cString: text)
        }
        guard let scheme = part(CURLUPART_SCHEME), let host = part(CURLUPART_HOST),
            let port = part(CURLUPART_PORT)
        else { return nil }
        self.scheme = scheme.lowercased()
        self.host = host.lowercased()
        self.port = port
    }
}

/// The first part of an answer.
struct ResponseHead {
    let status: Int
    /// By their names in lower case.
    let headers: [String: String]
    /// Where a redirect leads, as a whole address; known when the transfer is complete.
    fileprivate(set) var location: String?

    /// The status and what the hub says of it.
    var summary: String {
        headers["x-error-message"].map { "\(status), \($0.prefix(200))" } ?? "\(status)"
    }
}

/// Why there is no whole answer.
struct TransferFailure: Error {
    enum Kind { case noConnection, lost, other }
    let kind: Kind
    let reason: String
}

/// One request after another over a connection that is kept; redirects are left to the caller.
///
/// Each call blocks. The body is handed on as it comes, so the memory needed does not depend on its size.
final class HTTPClient {
    private let handle: UnsafeMutableRawPointer
    private let settings: HubSettings
    private var errorText = [CChar](repeating: 0, count: Int(CURL_ERROR_SIZE))

    private static let isReady = curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK

    init(_ settings: HubSettings) throws(TransferFailure) {
        guard Self.isReady, let handle = curl_easy_init() else {
            throw TransferFailure(kind: .other, reason: "libcurl does not start")
        }
        self.handle = handle
        self.settings = settings
    }

    deinit { curl_easy_cleanup(handle) }

    /// Sends a request and receives the answer.
    ///
    /// - Parameters:
    ///   - head: Whether only the header is asked for.
    ///   - onHead: Called when the header is complete and before the body.
    ///   - onBody: Called for each part of the body; `false` ends the transfer.
    /// - Throws: `TransferFailure`, also when a callback ended the transfer.
    func send(
        _ url: String, headers: [String], head: Bool = false,
        onHead: @escaping (ResponseHead) -> Void = { _ in },
        onBody: @escaping (UnsafeRawBufferPointer) -> Bool
    ) throws(TransferFailure) -> ResponseHead {
        // Keeps the connection, forgets the options of the last request.
        curl_easy_reset(handle)
        let list = headers.reduce(nil as UnsafeMutablePointer<curl_slist>?) {
            curl_slist_append($0, $1)
        }
        defer { curl_slist_free_all(list) }
        let exchange = Exchange(handle: handle, onHead: onHead, onBody: onBody)
        let context = Unmanaged.passUnretained(exchange).toOpaque()

        let code = errorText.withUnsafeMutableBufferPointer { errorText in
            errorText[0] = 0
            var options = [
                ccurl_set_text(handle, CURLOPT_URL, url),
                ccurl_set_text(handle, CURLOPT_USERAGENT, "simile"),
                ccurl_set_number(handle, CURLOPT_FOLLOWLOCATION, 0),
                ccurl_set_number(handle, CURLOPT_NOBODY, head ? 1 : 0),
                ccurl_set_number(handle, CURLOPT_CONNECTTIMEOUT, settings.timeout),
                ccurl_set_number(handle, CURLOPT_LOW_SPEED_LIMIT, 1),
                ccurl_set_number(handle, CURLOPT_LOW_SPEED_TIME, settings.timeout),
                ccurl_set_headers(handle, list),
                ccurl_set_error_text(handle, errorText.baseAddress),
                ccurl_set_receivers(handle, receiveHeader, receiveBody, context),
            ]
            if let file = settings.certificates {
                options.append(ccurl_set_text(handle, CURLOPT_CAINFO, file))
            }
            if let failed = options.first(where: { $0 != CURLE_OK }) { return failed }
            return curl_easy_perform(handle)
        }
        ccurl_set_error_text(handle, nil)
        exchange.finishHead()
        guard code == CURLE_OK, var answer = exchange.head else {
            let text = String(
                decoding: errorText.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw TransferFailure(
                kind: Self.kind(code),
                reason: text.isEmpty ? String(cString: curl_easy_strerror(code)) : text)
        }
        var location: UnsafeMutablePointer<CChar>?
        if ccurl_get_text(handle, CURLINFO_REDIRECT_URL, &location) == CURLE_OK {
            answer.location = location.map { String(cString: $0) }
        }
        return answer
    }

    private static func kind(_ code: CURLcode) -> TransferFailure.Kind {
        switch code {
        case CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT,
            CURLE_SSL_CONNECT_ERROR:
            .noConnection
        case CURLE_PARTIAL_FILE, CURLE_OPERATION_TIMEDOUT, CURLE_GOT_NOTHING, CURLE_SEND_ERROR,
            CURLE_RECV_ERROR, CURLE_HTTP2, CURLE_HTTP2_STREAM:
            .lost
        default: .other
        }
    }
}

/// What libcurl's callbacks work on, for the time of one request.
private final class Exchange {
    let handle: UnsafeMutableRawPointer
    let onHead: (ResponseHead) -> Void
    let onBody: (UnsafeRawBufferPointer) -> Bool
    var headers: [String: String] = [:]
    var headerBytes = 0
    var head: ResponseHead?

    init(
        handle: UnsafeMutableRawPointer, onHead: @escaping (ResponseHead) -> Void,
        onBody: @escaping (UnsafeRawBufferPointer) -> Bool
    ) {
        self.handle = handle
        self.onHead = onHead
        self.onBody = onBody
    }

    func addHeader(_ bytes: UnsafeRawBufferPointer) -> Bool {
        headerBytes += bytes.count
        guard headerBytes <= 256 << 10 else { return false }
        let line = String(decoding: bytes, as: UTF8.self)
        // A proxy's answer and `100 Continue` come before the one that counts.
        if line.hasPrefix("HTTP/") { headers = [:] }
        if let colon = line.firstIndex(of: ":") {
            let name = line[..<colon].lowercased()
            // Parts of it may end up in a message, so it must not steer a terminal.
            let value = line[line.index(after: colon)...].unicodeScalars.filter {
                $0.properties.generalCategory != .control
            }
            headers[name] = String(String.UnicodeScalarView(value))
                .trimmingCharacters(in: .whitespaces)
        }
        return true
    }

    /// The header is complete when the body begins, or at the end.
    func finishHead() {
        guard head == nil else { return }
        var status = 0
        guard ccurl_get_number(handle, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK, status > 0
        else { return }
        let head = ResponseHead(status: status, headers: headers)
        self.head = head
        onHead(head)
    }
}

private let receiveHeader: ccurl_receiver = { bytes, size, count, context in
    guard let context else { return 0 }
    let exchange = Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
    return exchange.addHeader(UnsafeRawBufferPointer(start: bytes, count: size * count))
        ? size * count : 0
}

private let receiveBody: ccurl_receiver = { bytes, size, count, context in
    guard let context else { return 0 }
    let exchange = Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
    exchange.finishHead()
    return exchange.onBody(UnsafeRawBufferPointer(start: bytes, count: size * count))
        ? size * count : 0
}
