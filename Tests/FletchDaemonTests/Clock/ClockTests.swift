import Foundation
import Testing

/// The wall clock is set by an hour, either way, while `fletchd` runs.
@Suite(.timeLimit(.minutes(3)), .enabled(if: Preloaded.isAvailable, "there is no C compiler"))
struct ClockTests {
    private static let hour = 3_600

    @Test func hourAheadMakesJobsDue() async throws {
        try await withClock { daemon, origin, place in
            try await daemon.api.enqueue(Draft(body: "soon", delay: 1_800_000), at: origin.url("/"))
            try await daemon.api.enqueue(Draft(body: "later", delay: 7_200_000), at: origin.url("/"))
            try place.write("\(Self.hour)", to: "clock")
            try await origin.records.wait { $0.counts["soon"] == 1 }
            #expect(origin.records.value.counts == ["soon": 1])
        }
    }

    /// What is due by the clock that is set waits for it; what is due now does not.
    @Test func hourBackHoldsNothingUpThatIsDue() async throws {
        try await withClock { daemon, origin, place in
            try await daemon.api.enqueue(Draft(body: "later", delay: 1_800_000), at: origin.url("/"))
            try place.write("-\(Self.hour)", to: "clock")
            try await daemon.api.enqueue(Draft(body: "now"), at: origin.url("/"))
            try await origin.records.wait { $0.counts["now"] == 1 }
            try await daemon.api.enqueue(Draft(body: "soon", delay: 500), at: origin.url("/"))
            try await origin.records.wait { $0.counts["soon"] == 1 }
            #expect(origin.records.value.counts["later"] == nil)
            try place.write("\(Self.hour)", to: "clock")
            try await origin.records.wait { $0.counts["later"] == 1 }
        }
    }

    /// A lease is counted by the clock that nobody sets.
    @Test func jobUnderWayIsNotHandedOutAnew() async throws {
        try await withClock({ $0.body == "held" ? .held(200) : .ok }) { daemon, origin, place in
            try await daemon.api.enqueue(Draft(body: "held"), at: origin.url("/"))
            try await origin.wait(for: 1, at: "/")
            for off in ["\(Self.hour)", "-\(Self.hour)"] {
                try place.write(off, to: "clock")
                try await daemon.api.enqueue(Draft(body: off), at: origin.url("/"))
                try await origin.records.wait { $0.counts[off] == 1 }
            }
            origin.release()
            try await daemon.api.waitUntilEmpty()
            #expect(origin.records.value.counts["held"] == 1)
        }
    }

    private func withClock(
        _ reply: @escaping @Sendable (OriginRequest) -> Reply = { _ in .ok },
        _ body: (Daemon, Origin, Place) async throws -> Void
    ) async throws {
        try await withPlace { place in
            let shim = try await Preloaded("clock-shim", in: place)
            try await withOrigin(reply) { origin in
                let environment = shim.environment.merging(["SHIM_CLOCK": place.path("clock")]) { $1 }
                try await withDaemon(place, environment: environment) { try await body($0, origin, place) }
            }
        }
    }
}
