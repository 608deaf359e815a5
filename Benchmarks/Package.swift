// swift-tools-version: 6.2
import PackageDescription

/// Measures Fletch beside its peers, which nothing else is to build.
let package = Package(
    name: "benchmarks",
    dependencies: [
        .package(name: "fletch", path: ".."),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    ],
    targets: [
        .executableTarget(name: "FletchLoad", dependencies: [.product(name: "Fletch", package: "fletch")]),
        .executableTarget(name: "FireLoad", dependencies: [.product(name: "Fletch", package: "fletch")]),
        .executableTarget(
            name: "AsyncHTTPClientLoad",
            dependencies: [.product(name: "AsyncHTTPClient", package: "async-http-client")]),
        .executableTarget(name: "Bench"),
    ],
    swiftLanguageModes: [.v6]
)
