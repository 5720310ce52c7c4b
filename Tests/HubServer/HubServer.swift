import Foundation
import Synchronization

/// A server that behaves like the hub, for tests: one connection after another, on a port of its own.
package final class HubServer: Sendable {
    /// What a request looked like.
    package struct Request: Sendable {
        package let method: String
        package let path: String
        /// By their names in lower case.
        package let headers: [String: String]
    }

    /// What is sent back.
    package struct Answer: Sendable {
        package var status: Int
        package var headers: [(name: String, value: String)]
        package var body: [UInt8]
        /// Closes the connection after so many bytes of the body.
        package var cutAfter: Int?
        /// Sends nothing and keeps the connection open until the server ends.
        package var isSilent = false

        package init(
            _ status: Int, _ headers: [(name: String, value: String)] = [], body: [UInt8] = [],
            cutAfter: Int? = nil
        ) {
            self.status = status
            self.headers = headers
            self.body = body
            self.cutAfter = cutAfter
        }
    }

    package let port: UInt16
    /// The address to give as `HF_ENDPOINT`.
    package var endpoint: String { "http://127.0.0.1:\(port)" }
    /// All requests so far, in order.
    package var requests: [Request] { log.withLock { $0 } }

    private let socket: Int32
    private let log = Mutex<[Request]>([])
    private let silent = Mutex<[Int32]>([])
    private let answer: @Sendable (Request) -> Answer

    /// Starts a server.
    package init(_ answer: @escaping @Sendable (Request) -> Answer) throws {
        self.answer = answer
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = socket
        let isListening = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 16) == 0
                    && getsockname(listener, $0, &length) == 0
            }
        }
        guard isListening else {
            let code = POSIXErrorCode(rawValue: errno) ?? .EIO
            close(listener)
            throw POSIXError(code)
        }
        port = UInt16(bigEndian: address.sin_port)
        let thread = Thread { [weak self] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { return _ = close(listener) }
                guard let self else {
                    close(connection)
                    continue
                }
                self.serve(connection)
            }
        }
        thread.start()
    }

    deinit {
        silent.withLock { $0.forEach { close($0) } }
        // The thread's `accept` fails then, and it closes the socket.
        shutdown(socket, Int32(SHUT_RDWR))
    }

    /// One request for each connection.
    private func serve(_ connection: Int32) {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while !bytes.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            let count = read(connection, &piece, piece.count)
            guard count > 0 else { return _ = close(connection) }
            bytes += piece[..<count]
        }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n")
        let first = lines[0].split(separator: " ")
        let fields = lines.dropFirst().map { $0.split(separator: ":", maxSplits: 1) }
        let request = Request(
            method: String(first[0]), path: String(first[1]),
            headers: Dictionary(
                fields.map {
                    ($0[0].lowercased(), $0[1].trimmingCharacters(in: .whitespaces))
                }, uniquingKeysWith: { $1 }))
        log.withLock { $0.append(request) }
        let answer = answer(request)
        if answer.isSilent { return silent.withLock { $0.append(connection) } }
        var text = "HTTP/1.1 \(answer.status) x\r\nConnection: close\r\n"
        if !answer.headers.contains(where: { $0.name.lowercased() == "content-length" }) {
            text += "Content-Length: \(answer.body.count)\r\n"
        }
        for (name, value) in answer.headers { text += "\(name): \(value)\r\n" }
        var out = Array((text + "\r\n").utf8)
        if request.method != "HEAD" {
            out += answer.body.prefix(answer.cutAfter ?? answer.body.count)
        }
        var sent = 0
        while sent < out.count {
            let count = out[sent...].withUnsafeBytes {
                send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { break }
            sent += count
        }
        close(connection)
    }
}
