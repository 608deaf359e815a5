// swift-tools-version: 6.2
import PackageDescription

/// In CI a warning fails the build; at home it only shows, so that a new compiler does not stop anyone.
let strict: [SwiftSetting] = Context.environment["CI"] == nil ? [] : [.treatAllWarnings(as: .error)]

let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")

let package = Package(
    name: "fletch",
    products: [
        .library(name: "Fletch", targets: ["Fletch"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    ],
    targets: [
        .target(name: "CLinux"),
        .target(
            name: "Fletch",
            dependencies: ["CLinux", httpTypes, .product(name: "DequeModule", package: "swift-collections")],
            swiftSettings: strict
        ),
        .testTarget(name: "FletchTests", dependencies: ["Fletch", "CLinux"], swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
