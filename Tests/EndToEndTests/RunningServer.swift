import Foundation
import Testing

/// A `simile serve` at a free port, which ends with its last reference.
final class RunningServer {
    let process: Process
    let port: UInt16
    private let files = TemporaryFolder()

    /// Starts it and waits until it listens.
    init(_ arguments: [String], environment: [String: String] = [:]) throws {
        process = try CommandRunner.start(
            ["serve"] + arguments + ["--port", "0"], environment: environment, files: files)
        var address = ""
        while !address.hasSuffix("\n") {
            guard process.isRunning else {
                throw CocoaError(.executableLoad, userInfo: ["log": try Self.text(files("err"))])
            }
            address = try Self.text(files("out"))
            Thread.sleep(forTimeInterval: 0.01)
        }
        port = try #require(address.split(separator: ":").last.flatMap { UInt16($0.dropLast()) })
    }

    deinit { process.terminate() }

    /// What it wrote on standard error.
    func log() throws -> String { try Self.text(files("err")) }

    func get(_ path: String) throws -> Connection.Answer { try ask("GET", path, "", "") }

    func post(
        _ path: String, _ body: String, headers: String = ""
    ) throws -> Connection.Answer {
        try ask("POST", path, headers + "Content-Type: application/json\r\n", body)
    }

    private func ask(
        _ method: String, _ path: String, _ headers: String, _ body: String
    ) throws -> Connection.Answer {
        let connection = try Connection(port: port)
        try connection.send(
            "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\(headers)"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        return try connection.readToEnd()
    }

    private static func text(_ file: URL) throws -> String {
        try String(contentsOf: file, encoding: .utf8)
    }
}

/// A connection on which a client may say what it likes.
final class Connection {
    struct Answer {
        let status: Int
        let body: String
    }

    private let descriptor: Int32

    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if result != 0 { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    }

    deinit { close(descriptor) }

    func send(_ text: String) throws {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0 { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
            rest = rest.dropFirst(count)
        }
    }

    /// What comes until the other side closes.
    func readToEnd() throws -> Answer {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(descriptor, &piece, piece.count, 0)
            if count <= 0 { break }
            bytes += piece[..<count]
        }
        let text = String(decoding: bytes, as: UTF8.self)
        let parts = text.components(separatedBy: "\r\n\r\n")
        let status = text.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        return Answer(
            status: try #require(status), body: parts.dropFirst().joined(separator: "\r\n\r\n"))
    }
}
