// swift-tools-version: 6.2
import PackageDescription

/// An origin for `make origins`, which nothing else is to build.
let package = Package(
    name: "hummingbird-origin",
    dependencies: [.package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.0.0")],
    targets: [
        .executableTarget(
            name: "HummingbirdOrigin",
            dependencies: [.product(name: "Hummingbird", package: "hummingbird")],
            path: "Sources")
    ],
    swiftLanguageModes: [.v6]
)
