// swift-tools-version: 6.2
import PackageDescription

/// In CI a warning fails the build; at home it only shows, so that a new compiler does not stop anyone.
let strict: [SwiftSetting] = Context.environment["CI"] == nil ? [] : [.treatAllWarnings(as: .error)]

let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "fletch",
    products: [
        .library(name: "Fletch", targets: ["Fletch"]),
        .library(name: "FletchService", targets: ["FletchService"]),
        .library(name: "FletchTarget", targets: ["FletchTarget"]),
        .executable(name: "fletch", targets: ["FletchCommand"]),
        .executable(name: "fletchd", targets: ["FletchDaemon"]),
        .executable(name: "fletch-target", targets: ["FletchTargetCommand"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
    ],
    targets: [
        .target(name: "CLinux"),
        .target(name: "COpenSSL"),
        .target(
            name: "Fletch",
            dependencies: [
                "CLinux", "COpenSSL", httpTypes, .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "FletchService",
            dependencies: ["Fletch", .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")],
            swiftSettings: strict
        ),
        .target(
            name: "FletchTarget",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "FletchQueue",
            dependencies: ["Fletch", .product(name: "Logging", package: "swift-log")],
            swiftSettings: strict
        ),
        .target(
            name: "FletchQueueSQLite",
            dependencies: [
                "Fletch", "FletchQueue", .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
                .product(name: "HeapModule", package: "swift-collections"),
            ],
            resources: [
                .embedInCode("Migrations/v1-jobs.sql"), .embedInCode("Migrations/v2-tenants.sql"),
                .embedInCode("Migrations/v3-queues.sql"), .embedInCode("Migrations/v4-lanes.sql"),
                .embedInCode("Migrations/v5-options.sql"), .embedInCode("Migrations/v6-topics.sql"),
                .embedInCode("Migrations/v7-once.sql"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "FletchServer",
            dependencies: [
                "Fletch", "FletchQueue", httpTypes, .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"), .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "Logging", package: "swift-log"), .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            resources: [.embedInCode("Documentation/openapi.json")],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "FletchCommand",
            dependencies: [
                "Fletch", "CLinux", argumentParser, httpTypes,
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "FletchDaemon",
            dependencies: [
                "Fletch", "FletchQueue", "FletchQueueSQLite", "FletchServer", argumentParser,
                .product(name: "Logging", package: "swift-log"), .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "FletchTargetCommand", dependencies: ["FletchTarget", argumentParser], swiftSettings: strict),
        .executableTarget(
            name: "ExampleWebhook", dependencies: ["Fletch"], path: "Examples/Webhook", swiftSettings: strict),
        .executableTarget(
            name: "ExampleCareful", dependencies: ["Fletch", httpTypes], path: "Examples/Careful",
            swiftSettings: strict),
        .executableTarget(
            name: "ExampleAnalytics",
            dependencies: [
                "Fletch", "FletchService", httpTypes, .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Examples/Analytics", swiftSettings: strict),
        .testTarget(
            name: "FletchTests",
            dependencies: [
                "Fletch", "FletchService", "FletchTarget", "CLinux",
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "FletchTargetTests",
            dependencies: ["FletchTarget", .product(name: "NIOPosix", package: "swift-nio")], swiftSettings: strict),
        .testTarget(
            name: "FletchQueueTests", dependencies: ["Fletch", "FletchQueue", "FletchQueueSQLite"],
            resources: [.copy("Cron/cron-cases.tsv")], swiftSettings: strict),
        .testTarget(
            name: "FletchQueueSQLiteTests",
            dependencies: [
                "Fletch", "FletchQueue", "FletchQueueSQLite", .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "StoreConformance", dependencies: ["FletchQueue", "FletchQueueSQLite"], swiftSettings: strict),
        .testTarget(
            name: "FletchServerTests",
            dependencies: [
                "FletchQueue", "FletchQueueSQLite", "FletchServer", httpTypes,
                .product(name: "Crypto", package: "swift-crypto"), .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "Logging", package: "swift-log"), .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "FletchDaemonTests",
            dependencies: [
                "CLinux", "Fletch", "FletchDaemon", .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            ],
            resources: [
                .copy("Clock/clock-shim.c"), .copy("Disk/disk-shim.c"), .copy("Starting/Fixtures/v4.sqlite.gz"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "FletchCommandTests",
            dependencies: [
                "CLinux", "Fletch", "FletchCommand", "FletchTarget", httpTypes,
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
