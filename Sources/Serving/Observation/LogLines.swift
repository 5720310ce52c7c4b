import Foundation
import JSON
import Logging

/// How the log is written.
public enum LogFormat: String, CaseIterable, Sendable {
    /// A line of words for each event.
    case text
    /// A line of JSON for each event.
    case json
    /// Nothing but errors, as text.
    case errors
}

/// Writes events of a server as lines.
public struct LogLines: LogHandler {
    /// What every event of the logger says.
    public var metadata: Logger.Metadata = [:]
    /// Gives what events say besides.
    public var metadataProvider: Logger.MetadataProvider?
    /// The least level that is written.
    public var logLevel: Logger.Level
    private let format: LogFormat
    private let write: @Sendable (String) -> Void

    /// - Parameter write: Gets each line, without its end, from many threads.
    public init(_ format: LogFormat, write: @escaping @Sendable (String) -> Void) {
        self.format = format
        self.write = write
        logLevel = format == .errors ? .error : .info
    }

    /// One of `metadata`.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes an event.
    public func log(event: LogEvent) {
        var facts = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }
            .merging(event.metadata ?? [:]) { $1 }
        if let error = event.error { facts["error"] = "\(error)" }
        let time = Date.now.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        let sorted = facts.sorted { $0.key < $1.key }
        if format == .json {
            let members =
                [("time", time), ("level", event.level.rawValue), ("message", "\(event.message)")]
                + sorted.map { ($0.key, "\($0.value)") }
            write(JSONValue.object(members.map { .init($0.0, Self.value($0.1)) }).line)
        } else {
            let pairs = sorted.map { " \($0.key)=\(Self.word("\($0.value)"))" }.joined()
            write("\(time) \(event.level.rawValue) \(Self.oneLine("\(event.message)"))\(pairs)")
        }
    }

    /// A number where it is one.
    private static func value(_ text: String) -> JSONValue {
        Int(text).map(JSONValue.integer) ?? Double(text).map(JSONValue.number) ?? .string(text)
    }

    private static func word(_ text: String) -> String {
        text.contains { $0.isWhitespace || $0 == "\"" } ? JSONValue.string(text).line : text
    }

    private static func oneLine(_ text: String) -> String {
        text.replacing("\n", with: " ").replacing("\r", with: " ")
    }
}
