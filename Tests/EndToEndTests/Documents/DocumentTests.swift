import ArgumentParser
import Foundation
import RecipeFiles
import Simile
import Testing

@testable import simile_cli

/// What the documents show is so: their Swift compiles, their commands parse, their recipes are read, their links lead
/// somewhere.
@Suite struct DocumentTests {
    private let repository = CommandRunner.repository
    private let documents: [Document]

    init() throws { documents = try Document.all(in: CommandRunner.repository) }

    @Test func theyAreFound() {
        let paths = documents.map(\.path)
        for path in [
            "README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/training.md", "docs/migration.md",
            "Sources/Simile/Simile.docc/Simile.md",
        ] {
            #expect(paths.contains(path))
        }
    }

    /// Against the modules that were built with the tests.
    @Test func swiftBlocksCompile() throws {
        let folder = TemporaryFolder()
        let files = documents.flatMap(SwiftFile.all)
        #expect(files.count > 10)
        let paths = try files.enumerated().map { index, file in
            try folder.write(file.text(function: "block\(index)").utf8, to: "block\(index).swift")
        }
        let arguments = ["-typecheck", "-wmo", "-suppress-warnings", "-swift-version", "6"]
        let output = try run("swiftc", arguments + moduleSearch() + paths)
        #expect(output.status == 0, "\(output.text)")
    }

    @Test func commandsParse() {
        var count = 0
        for document in documents {
            for block in document.blocks(of: "sh") {
                for (line, arguments) in ShellCommands.ofSimile(block.lines) {
                    count += 1
                    let place = "\(document.path):\(block.line + line)"
                    do { _ = try SimileCommand.parseAsRoot(arguments) } catch {
                        Issue.record("\(place): \(SimileCommand.fullMessage(for: error))")
                    }
                }
            }
        }
        #expect(count > 20)
    }

    @Test func recipesAreRead() throws {
        let folder = TemporaryFolder()
        var count = 0
        for document in documents {
            for block in document.blocks(of: "yaml") {
                count += 1
                let path = try folder.write(
                    block.lines.joined(separator: "\n").utf8, to: "recipe.yaml")
                do { _ = try Recipe(yamlFile: path) } catch {
                    Issue.record("\(document.path):\(block.line): \(error)")
                }
            }
        }
        #expect(count > 2)
    }

    /// Links to files of the repository, and to pages of the catalogue.
    @Test func linksLeadSomewhere() {
        let paths = Set(documents.map(\.path))
        for document in documents {
            let folder = repository.appending(path: document.path).deletingLastPathComponent()
            for (line, link) in document.links where !link.contains("://") && !link.hasPrefix("#") {
                let place = "\(document.path):\(line)"
                if let page = link.split(separator: ":").last, link.hasPrefix("doc:") {
                    let path = "Sources/Simile/Simile.docc/\(page).md"
                    #expect(paths.contains(path), "\(place): \(link)")
                } else {
                    let path = String(link.prefix { $0 != "#" })
                    let target = folder.appending(path: path).path
                    #expect(FileManager.default.fileExists(atPath: target), "\(place): \(link)")
                }
            }
        }
    }

    @Test func theMapHasEveryTarget() throws {
        let map = try #require(documents.first { $0.path == "CONTRIBUTING.md" }).lines
        let sources = repository.appending(path: "Sources").path
        for target in try FileManager.default.contentsOfDirectory(atPath: sources) {
            #expect(map.contains { $0.hasPrefix("|") && $0.contains("`\(target)`") }, "\(target)")
        }
    }

    @Test func everyLossAndCommandIsInItsTables() {
        func rows(_ path: String) -> [String] {
            documents.first { $0.path == path }?.lines.filter { $0.hasPrefix("|") } ?? []
        }
        for path in ["docs/training.md", "Sources/Simile/Simile.docc/WhichLoss.md"] {
            for loss in Losses.names {
                #expect(rows(path).contains { $0.contains("`\(loss)`") }, "\(path): \(loss)")
            }
        }
        for command in SimileCommand.configuration.subcommands
        where command.configuration.shouldDisplay {
            let name = command._commandName
            #expect(rows("README.md").contains { $0.hasPrefix("| `\(name)`") }, "\(name)")
        }
    }

    /// SECURITY.md names the test that holds each promise.
    @Test func promisesAreHeld() throws {
        let security = try #require(documents.first { $0.path == "SECURITY.md" })
        let tests = try sources(under: "Tests")
        let named = security.lines.flatMap { $0.matches(of: /`([A-Z]\w+Tests)\.(\w+)`/) }
        #expect(named.count > 20)
        for test in named {
            let (suite, function) = (test.1, test.2)
            let isThere = tests.contains {
                $0.contains("struct \(suite) ") && $0.contains("func \(function)(")
            }
            #expect(isThere, "\(suite).\(function)")
        }
    }

    private func sources(under folder: String) throws -> [String] {
        let url = repository.appending(path: folder)
        let names = FileManager.default.enumerator(atPath: url.path)?.compactMap { $0 as? String }
        return try (names ?? []).filter { $0.hasSuffix(".swift") }.map {
            try String(contentsOf: url.appending(path: $0), encoding: .utf8)
        }
    }

    /// Where the compiler finds our modules, those of the C libraries, and the package manager's for manifests.
    private func moduleSearch() throws -> [String] {
        let built = try #require(CommandRunner.program("Modules"))
        var arguments = ["-I", built.path]
        let manager = FileManager.default
        let sources = repository.appending(path: "Sources")
        for name in try manager.contentsOfDirectory(atPath: sources.path) {
            let folder = sources.appending(path: name)
            if manager.fileExists(atPath: folder.appending(path: "module.modulemap").path) {
                arguments += ["-I", folder.path]
            }
        }
        let products = built.deletingLastPathComponent()
        for name in try manager.contentsOfDirectory(atPath: products.path) {
            let map = products.appending(path: "\(name)/module.modulemap").path
            if name.hasSuffix(".build"), manager.fileExists(atPath: map) {
                arguments += ["-Xcc", "-fmodule-map-file=\(map)"]
            }
        }
        let flags = try run(
            "pkg-config", ["--cflags-only-I", "hdf5", "libcurl", "zlib", "libcrypto"])
        arguments += flags.text.split(whereSeparator: \.isWhitespace).flatMap {
            ["-Xcc", String($0)]
        }
        let target = try run("swiftc", ["-print-target-info"])
        let resources = try #require(
            target.text.firstMatch(of: /"runtimeResourcePath": "([^"]+)"/)?.1)
        return arguments
            + ["-I", "\(resources)/pm/ManifestAPI", "-package-description-version", "6.2.0"]
    }

    private func run(
        _ program: String, _ arguments: [String]
    ) throws -> (status: Int32, text: String) {
        let files = TemporaryFolder()
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments
        try files.write("".utf8, to: "out")
        let out = try FileHandle(forWritingTo: files("out"))
        process.standardOutput = out
        process.standardError = out
        try process.run()
        process.waitUntilExit()
        return (process.terminationStatus, try String(contentsOf: files("out"), encoding: .utf8))
    }
}
