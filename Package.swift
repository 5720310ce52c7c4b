// swift-tools-version: 6.2
import PackageDescription

// `make install` and `make dist` say which commit they build.
let builtCommit: [CSetting] =
    Context.environment["SIMILE_COMMIT"].map { [.define("SIMILE_COMMIT", to: "\"\($0)\"")] } ?? []

let package = Package(
    name: "Simile",
    products: [
        .library(name: "Simile", targets: ["Simile"]),
        .library(name: "HDF5", targets: ["HDF5"]),
        .library(name: "Hub", targets: ["Hub"]),
        .library(name: "Serving", targets: ["Serving"]),
        .executable(name: "simile", targets: ["simile-cli"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/apple/swift-crypto", "3.12.3"..<"5.0.0"),
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    ],
    targets: [
        // C: vector loops, system calls that Swift does not see, and the headers of the C libraries.
        .target(name: "CKernels", linkerSettings: [.linkedLibrary("m")]),
        .target(name: "CSystemCalls", cSettings: builtCommit),
        .target(name: "CMPI", dependencies: ["CKernels"], linkerSettings: [.linkedLibrary("dl")]),
        .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(
            name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),

        .target(name: "CHDF5Driver", dependencies: ["CHDF5"]),

        // Each may import those above it, none below.
        .target(name: "Support"),
        .target(name: "JSON", dependencies: ["Support"]),
        .target(name: "Settings", dependencies: ["JSON", "Support"]),
        .target(name: "ModelLayout", dependencies: ["JSON", "Support"]),
        .target(name: "Kernels", dependencies: ["CKernels", "CSystemCalls"]),
        .target(name: "Communication", dependencies: ["CMPI"]),
        .target(name: "Digest", dependencies: [.product(name: "Crypto", package: "swift-crypto")]),
        .target(name: "HDF5", dependencies: ["CHDF5", "CHDF5Driver", "Digest", "Support"]),
        .target(name: "EvaluationMetrics", dependencies: ["Kernels", "Support"]),
        .target(name: "Tensors", dependencies: ["Kernels"]),
        .target(
            name: "NeuralNetwork",
            dependencies: ["Tensors", "Kernels", "ModelLayout", "Settings", "JSON", "Support"]),
        .target(name: "ExampleFiles", dependencies: ["JSON", "Settings", "Support", "CZlib"]),
        .target(
            name: "Losses",
            dependencies: ["NeuralNetwork", "Tensors", "ExampleFiles", "Settings", "Support"]),
        .target(
            name: "Hub",
            dependencies: [
                "CCurl", "Digest", "JSON", "ModelLayout", "Serialization", "Support",
            ]),
        .target(
            name: "Serialization", dependencies: ["CSystemCalls", "JSON", "ModelLayout", "Support"]),
        .target(
            name: "Tokenization", dependencies: ["Serialization", "JSON", "ModelLayout", "Support"]),
        .target(
            name: "ModelFolders",
            dependencies: ["NeuralNetwork", "Serialization", "JSON", "ModelLayout", "Support"]),
        .target(
            name: "ONNX",
            dependencies: [
                "Serialization", .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            exclude: ["onnx.proto"]),
        .target(name: "Reports", dependencies: ["JSON", "Serialization", "Support"]),
        .target(
            name: "SentenceEmbedding",
            dependencies: [
                "NeuralNetwork", "Tensors", "Kernels", "Tokenization", "Serialization",
                "ModelFolders", "HDF5", "CZlib", "ONNX", "Digest", "JSON", "ModelLayout",
                "Support", "Settings", "ExampleFiles", "Losses", "EvaluationMetrics", "Reports",
                "Communication",
            ]),
        .target(
            name: "Simile",
            dependencies: [
                "SentenceEmbedding", "NeuralNetwork", "Tensors", "Kernels", "Tokenization",
                "Serialization", "ModelFolders", "ModelLayout", "Settings", "ExampleFiles",
                "Losses", "EvaluationMetrics", "Reports", "Communication",
            ]),
        .target(
            name: "Serving",
            dependencies: [
                "SentenceEmbedding", "ModelFolders", "Tokenization", "Digest", "Settings", "JSON",
                "Support",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            resources: [.embedInCode("Page/page.html")]),
        .target(
            name: "RecipeFiles", dependencies: ["SentenceEmbedding", "JSON", "Support", "Yams"]),
        .executableTarget(
            name: "simile-cli",
            dependencies: [
                "Simile", "Serving", "Hub", "HDF5", "Kernels", "JSON", "Settings", "Support",
                "Reports", "Communication", "RecipeFiles", "CSystemCalls", "CHDF5", "CZlib",
                "CCurl",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ]),
        .executableTarget(
            name: "walkthrough", dependencies: ["Simile"], path: "Experiments/walkthrough",
            exclude: ["README.md"]),
        .executableTarget(
            name: "torture-library", dependencies: ["Simile"], path: "Tests/Torture/Library"),
        .executableTarget(
            name: "simile-benchmark",
            dependencies: [
                "Simile", "Kernels", "SentenceEmbedding",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Experiments/Benchmarks", exclude: ["README.md", "peer.py", "results"]),

        .target(name: "Fuzzing", path: "Tests/Fuzzing/Damage"),
        .target(
            name: "FuzzReaders",
            dependencies: [
                "ExampleFiles", "HDF5", "JSON", "Kernels", "Losses", "ModelFolders", "ModelLayout",
                "NeuralNetwork", "RecipeFiles", "Reports", "SentenceEmbedding", "Serialization",
                "Support", "TestSupport", "TileInstructions", "Tokenization",
            ], path: "Tests/Fuzzing/Readers"),
        .testTarget(
            name: "FuzzingTests", dependencies: ["FuzzReaders", "Fuzzing", "TestSupport"]),
        .target(
            name: "TrialSupport", dependencies: ["HDF5", "simile-cli"], path: "Tests/TrialSupport"),
        .target(name: "TestSupport", path: "Tests/TestSupport"),
        .testTarget(
            name: "ExampleFilesTests",
            dependencies: ["ExampleFiles", "CZlib", "Fuzzing", "TestSupport"]),
        .testTarget(name: "SupportTests", dependencies: ["Support", "TestSupport"]),
        .testTarget(name: "JSONTests", dependencies: ["JSON", "TestSupport"]),
        .testTarget(name: "CommunicationTests", dependencies: ["Communication"]),
        .target(
            name: "TileInstructions", dependencies: ["CKernels"], path: "Tests/TileInstructions"),
        .testTarget(name: "KernelsTests", dependencies: ["Kernels", "TileInstructions"]),
        .testTarget(name: "HDF5Tests", dependencies: ["HDF5", "TestSupport", "TrialSupport"]),
        .testTarget(
            name: "EvaluationMetricsTests",
            dependencies: ["EvaluationMetrics", "JSON", "TestSupport"]),
        .testTarget(name: "TensorsTests", dependencies: ["Tensors", "Support"]),
        .testTarget(
            name: "NeuralNetworkTests",
            dependencies: ["NeuralNetwork", "Settings", "JSON", "TestSupport"]),
        .testTarget(
            name: "LossesTests",
            dependencies: [
                "Losses", "ExampleFiles", "JSON", "ModelLayout", "NeuralNetwork", "Settings",
                "Support", "Tensors", "TestSupport",
            ]),
        .testTarget(name: "ReportsTests", dependencies: ["Reports", "TestSupport"]),
        .testTarget(
            name: "TokenizationTests",
            dependencies: ["Tokenization", "JSON", "Fuzzing", "TestSupport"]),
        .testTarget(
            name: "SerializationTests",
            dependencies: ["Serialization", "ModelFolders", "Fuzzing", "TestSupport"]),
        .target(name: "HubServer", dependencies: ["Digest", "Support"], path: "Tests/HubServer"),
        .testTarget(
            name: "HubTests", dependencies: ["Hub", "HubServer", "Fuzzing", "TestSupport"]),
        .testTarget(
            name: "ONNXTests",
            dependencies: [
                "ONNX", "SentenceEmbedding", "TestSupport",
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ]),
        .testTarget(
            name: "SentenceEmbeddingTests",
            dependencies: [
                "SentenceEmbedding", "NeuralNetwork", "Tensors", "Kernels", "Tokenization",
                "Serialization", "HDF5", "JSON", "Settings", "ExampleFiles", "Losses",
                "EvaluationMetrics", "Communication",
                "Fuzzing", "FuzzReaders", "TestSupport", "TrialSupport",
            ]),
        .testTarget(
            name: "ServingTests",
            dependencies: [
                "Serving", "SentenceEmbedding", "ModelFolders", "NeuralNetwork", "Tokenization",
                "Kernels", "JSON", "Fuzzing",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ]),
        .testTarget(
            name: "GoldenTests",
            dependencies: [
                "Simile", "Tensors", "NeuralNetwork", "Losses", "ModelFolders", "Serialization",
                "SentenceEmbedding", "TestSupport",
            ]),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "Simile", "HDF5", "Kernels", "JSON", "RecipeFiles", "simile-cli", "walkthrough",
                "HubServer", "TestSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            exclude: ["Interop/requirements.txt"]),
    ],
    swiftLanguageModes: [.v6]
)

// `make test` builds so that a warning of ours is an error; who builds with another compiler is not stopped.
if Context.environment["SIMILE_STRICT"] != nil {
    for target in package.targets where target.type != .system {
        target.swiftSettings = (target.swiftSettings ?? []) + [.treatAllWarnings(as: .error)]
        target.cSettings = (target.cSettings ?? []) + [.treatAllWarnings(as: .error)]
    }
}

// `make fuzz` builds this with a library that only it links.
if Context.environment["SIMILE_SUITES"] == "simile-fuzz" {
    package.targets.append(
        .executableTarget(
            name: "simile-fuzz", dependencies: ["FuzzReaders"], path: "Tests/Fuzzing/Command"))
}

// `make test` runs some of the suites under sanitizers: these, and the targets they need.
if var needed = Context.environment["SIMILE_SUITES"].map({
    Set($0.split(separator: ",").map(String.init))
}) {
    var found = -1
    while found < needed.count {
        found = needed.count
        for target in package.targets where needed.contains(target.name) {
            for case .byNameItem(let name, _) in target.dependencies { needed.insert(name) }
        }
    }
    package.products.removeAll { product in
        let targets =
            (product as? Product.Executable)?.targets ?? (product as? Product.Library)?.targets
        return targets?.allSatisfy(needed.contains) != true
    }
    package.targets.removeAll { !needed.contains($0.name) }
    // An unused dependency is a warning; a product without its package is an error.
    let usesProducts = package.targets.flatMap(\.dependencies).contains {
        if case .productItem = $0 { true } else { false }
    }
    if !usesProducts { package.dependencies = [] }
}
